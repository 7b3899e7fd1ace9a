"""What the kinds of the document's unions and its choices are called, and how its pieces are named in lists."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from loyalty.admin.forms.shapes import Field, tag_of

# Name of the struct → what choosing it means.
KINDS: dict[str, Any] = {
    "After": _("expire after a time"),
    "All": _("all of these"),
    "AllOf": _("all of several things"),
    "Advance": _("bring a challenge, card or streak forward"),
    "AchievementScore": _("a challenge, card or streak"),
    "Anniversary": _("a year from the member's own day"),
    "AnniversaryTest": _("the member's birthday or other day"),
    "AnyOf": _("one of these"),
    "AttributeTest": _("something of the event"),
    "BalanceHeld": _("points that are held"),
    "BenefitTest": _("whether a benefit was used"),
    "BudgetLimit": _("for all members together"),
    "CalendarYear": _("a year"),
    "Cooldown": _("a time in between"),
    "CounterReached": _("a counter"),
    "CounterScore": _("a counter"),
    "CounterTest": _("a counter"),
    "DistinctDays": _("on how many days"),
    "EnterSweepstake": _("enter a sweepstake"),
    "EventLimit": _("for one event"),
    "Fixed": _("expire on fixed days"),
    "Release": _("until an event"),
    "FixedDates": _("expire on fixed days"),
    "For": _("for a time"),
    "Forever": _("for ever"),
    "GrantBadge": _("give a badge"),
    "Inactivity": _("expire without activity"),
    "IssueReward": _("give a reward"),
    "Lifetime": _("all time"),
    "LineTest": _("articles of the order"),
    "Lost": _("the points stay expired"),
    "MemberLimit": _("for a member"),
    "MemberTest": _("something of the member"),
    "MoneySpent": _("money spent"),
    "Month": _("a month"),
    "MonthlyDayTest": _("the member's own day of the month"),
    "Multiply": _("multiply points"),
    "Never": _("never expire"),
    "NoneOf": _("none of these"),
    "PlanTest": _("the member's plan"),
    "PointsBrackets": _("points in steps by amount"),
    "PointsByTender": _("points by way of paying"),
    "PointsEarned": _("points earned"),
    "PointsFixed": _("a fixed number of points"),
    "PointsPerMoney": _("points for money spent"),
    "PointsPerUnit": _("points for pieces"),
    "PointsScore": _("points earned"),
    "Quarter": _("a quarter"),
    "Regrant": _("give them again for some days"),
    "Rolling": _("the last months"),
    "SeasonTest": _("days of the year"),
    "SegmentTest": _("the member's segment"),
    "SendMessage": _("send a message"),
    "SetAttribute": _("keep something of the member"),
    "Sum": _("the sum of a number"),
    "TierTest": _("the member's tier"),
    "TimeTest": _("weekday and hour"),
    "Times": _("how often"),
    "UntilEnd": _("until the end of a period"),
    "ValueLimit": _("for a member, per value of something"),
    "DateTest": _("days between dates"),
    "DateWindowTest": _("days between dates"),
    "TextField": _("text"),
    "WholeField": _("whole number"),
    "NumberField": _("number"),
    "FlagField": _("yes or no"),
    "DateField": _("day"),
    "TimeField": _("day and time"),
    "ChoiceField": _("choice"),
    "ListField": _("list"),
    "GroupField": _("group of fields"),
}
# Kinds of one name in different unions.
OWN_KINDS: dict[tuple[str, str], Any] = {("loyalty.definition.qualifying", "AnyOf"): _("one of several things")}

# Text of the value, or field and value → what it is called.
CHOICES: dict[Any, Any] = {
    "none": _("nothing, to the day"),
    ("zone", "program"): _("the program's"),
    ("zone", "member"): _("the member's own"),
    ("judged_by", "occurred_at"): _("the version of when it happened"),
    ("judged_by", "received_at"): _("the version of when it came in"),
    ("kind", "spendable"): _("spending only"),
    ("kind", "qualifying"): _("tiers only, can't be spent"),
    ("kind", "both"): _("spending and tiers"),
    ("refund_policy", "only_pending"): _("take back only what is still pending"),
    ("refund_policy", "within_balance"): _("take back as far as the balance goes"),
    ("refund_policy", "into_debt"): _("take back all; what is spent becomes a debt"),
    ("valid", "end_of_window"): _("the end of that period"),
    ("valid", "end_of_next_window"): _("the end of the next period"),
    ("valid", "after_months"): _("some months later"),
    ("valid", "while_qualifying"): _("it isn't earned any longer"),
    ("downgrade", "none"): _("it is kept for ever"),
    ("downgrade", "one_step"): _("one tier down"),
    ("downgrade", "full"): _("down to what was earned"),
    ("upgrade", "at_once"): _("at once"),
    ("upgrade", "next_window"): _("with the next period"),
    ("rounding", "floor"): _("down"),
    ("rounding", "half_up"): _("to the nearest"),
    ("scope", "order"): _("order"),
    ("scope", "line"): _("article"),
    ("discount", "after"): _("reckon after it"),
    ("discount", "before"): _("reckon before it"),
    "include": _("earns too"),
    "exclude": _("earns nothing"),
    ("mode", "marginal"): _("each step for its own part of the amount"),
    ("mode", "whole"): _("the step that is reached for the whole amount"),
    ("mode", "all"): _("all rules that match give"),
    ("mode", "first_match"): _("only the first rule that matches gives"),
    ("mode", "best_for_member"): _("only the rule that is best for the member gives"),
    ("mode", "best_for_brand"): _("only the rule that costs the brand least gives"),
    ("measure", "points"): _("points"),
    ("measure", "times"): _("times"),
    ("measure", "lines"): _("articles"),
    ("measure", "quantity"): _("pieces"),
    ("measure", "net_minor"): _("their amount without tax"),
    ("on_excess", "truncate"): _("is cut off"),
    ("on_excess", "reject"): _("makes the whole count for nothing"),
    ("operator", "eq"): _("is"),
    ("operator", "ne"): _("is not"),
    ("operator", "gt"): _("is more than"),
    ("operator", "ge"): _("is at least"),
    ("operator", "lt"): _("is less than"),
    ("operator", "le"): _("is at most"),
    ("operator", "in"): _("is one of"),
    ("operator", "not_in"): _("is none of"),
    ("operator", "contains"): _("contains"),
    ("operator", "exists"): _("is given"),
    ("operator", "every"): _("is a multiple of"),
    ("of", "joining"): _("joining"),
    ("of", "enrollment"): _("joining this program"),
    ("of", "birth_date"): _("birthday"),
    ("of", "joined_at"): _("joining"),
    ("of", "joined"): _("joining"),
    ("then", "release"): _("they can be used all the same"),
    ("then", "drop"): _("they are gone"),
    ("spent_refund", "all"): _("their share goes back"),
    ("spent_refund", "none"): _("stay spent"),
    ("spent_refund", "by_item"): _("go back by article"),
    ("upgrade_rate", "before"): _("the tier before it"),
    ("upgrade_rate", "after"): _("the tier that it leads to"),
    ("counts_from", "submitted"): _("when it was sent"),
    ("counts_from", "approved"): _("when it was approved"),
    ("too_fast", "hold"): _("waits for your team"),
    ("too_fast", "refuse"): _("is refused"),
    ("since", "ever"): _("ever"),
    ("since", "last_charge"): _("since the last charge"),
    ("since", "days"): _("in the last days"),
    "member": _("the member"),
    "staff": _("your team"),
    "minutes": _("minutes"),
    "hours": _("hours"),
    "days": _("days"),
    "weeks": _("weeks"),
    "months": _("months"),
    "years": _("years"),
    "day": _("day"),
    "week": _("week"),
    "month": _("month"),
    "quarter": _("quarter"),
    "half_year": _("half-year"),
    "year": _("year"),
    "lifetime": _("all time"),
    "ever": _("ever"),
    "all_time": _("all time"),
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
    "text": _("text"),
    "link": _("link"),
    "photo": _("photo"),
    "receipt": _("receipt"),
    "file": _("file"),
    "number": _("number"),
    "amount": _("amount"),
    "date": _("day"),
    "money": _("amount"),
    "choice": _("choice"),
    "position": _("where the phone is"),
    "code": _("code"),
}

# A list of the document → (what one is called, what they are called).
LISTS: dict[str, tuple[Any, Any]] = {
    "currencies": (_("point currency"), _("point currencies")),
    "counters": (_("counter"), _("counters")),
    "ladders": (_("tier ladder"), _("tier ladders")),
    "cap_groups": (_("shared limit"), _("shared limits")),
    "rules": (_("earning rule"), _("earning rules")),
    "event_types": (_("type of event"), _("types of event")),
    "challenges": (_("challenge"), _("challenges")),
    "stamp_cards": (_("stamp card"), _("stamp cards")),
    "streaks": (_("streak"), _("streaks")),
    "badges": (_("badge"), _("badges")),
    "leaderboards": (_("leaderboard"), _("leaderboards")),
    "claim_types": (_("kind of claim"), _("kinds of claim")),
}
# Field of a list → what the button says that adds to it.
ADDS: dict[str, Any] = {
    "effects": _("Give something else too"),
    "limits": _("Add a limit"),
    "tiers": _("Add a tier"),
    "of": _("Add a condition"),
    "when": _("Add a condition"),
    "audience": _("Add a condition"),
    "where": _("Add a condition"),
    "without": _("Add a condition"),
    "brackets": _("Add a step"),
    "steps": _("Add a step"),
    "milestones": _("Add a milestone"),
    "rates": _("Add a rate"),
    "benefits": _("Add a benefit"),
    "fields": _("Add a field"),
    "entry_effects": _("Give something"),
    "proofs": _("Ask for something"),
    "choices": _("Add a choice"),
    "reasons": _("Add a reason"),
}


def kind_label(cls: type[Struct]) -> str:
    own = OWN_KINDS.get((cls.__module__, cls.__name__), KINDS.get(cls.__name__))
    return str(own) if own is not None else tag_of(cls).replace("_", " ")


def choice_label(field: Field | None, value: Any) -> str:
    if field is not None and (field.name, value) in CHOICES:
        return str(CHOICES[field.name, value])
    found = CHOICES.get(value)
    return str(found) if found is not None else str(value).replace("_", " ")


def has_choice(field: Field, value: Any) -> bool:
    return not isinstance(value, str) or (field.name, value) in CHOICES or value in CHOICES


def list_one(name: str) -> str:
    return str(LISTS[name][0]) if name in LISTS else name.replace("_", " ")


def list_many(name: str) -> str:
    return str(LISTS[name][1]) if name in LISTS else name.replace("_", " ")


def add_label(name: str) -> str:
    return str(ADDS.get(name, _("Add one")))
