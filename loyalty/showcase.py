"""The published program in a visitor's words: how one collects, what the levels give. Pure but for the locale."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from loyalty.definition.compile import local_time
from loyalty.definition.conditions import All, AnyOf, Condition, NoneOf, TierTest, TimeTest
from loyalty.definition.document import Document
from loyalty.definition.effects import Effect, Multiply
from loyalty.definition.ladders import Ladder
from loyalty.definition.rule import Rule
from loyalty.definition.translation import Teller, number_text
from loyalty.definition.words import tier_asks
from loyalty.moneywords import money_words

OCCASIONS = {
    "order.paid": _("When you buy something"),
    "review.posted": _("When you write a review"),
    "store.checked_in": _("When you check in at the shop"),
    "referral.converted": _("When a friend you brought buys something"),
    "survey.answered": _("When you answer a survey"),
    "panel.answered": _("When you test a product and tell us about it"),
    "member.joined": _("When you join"),
    "member.birthday": _("On your birthday"),
}
ICONS = {
    "order.paid": "shop",
    "referral.converted": "person",
    "survey.answered": "check",
    "panel.answered": "check",
    "store.checked_in": "home",
    "member.birthday": "gift",
    "member.joined": "person",
}


class Way(NamedTuple):
    """One way to collect. sentence may be empty."""

    icon: str
    title: str
    sentence: str


class Level(NamedTuple):
    """threshold: 0 for who is in from the start. threshold_text: what it takes. window: over which time."""

    name: str
    threshold: int
    threshold_text: str
    benefits: list[str]
    by_invitation: bool = False
    window: str = ""


class Levels(NamedTuple):
    code: str
    name: str
    tiers: list[Level]


class Naming(NamedTuple):
    """A currency as the points filters take it."""

    name_one: str
    name_many: str
    scale: int


class MemberTeller(Teller):
    """Speaks to members: the locale's digits and the money's sign instead of its code."""

    def points(self, currency: str, number: Decimal | int) -> str:
        known = self.currencies.get(currency)
        if known is None:
            return f"{number_text(number)} {currency}"
        return f"{_digits(number)} {self.text(known.name_one if number == 1 else known.name_many)}"

    def money_of(self, minor: int) -> str:
        return money_words(minor, self.money)


def _digits(number: Decimal | int) -> str:
    text = number_text(number)
    return number_format(Decimal(text), len(text.partition(".")[2]), force_grouping=True)


def teller_for(document: Document) -> MemberTeller:
    """For the language of this request."""
    return MemberTeller(document, gettext, get_language() or "en")


def currencies_of(document: Document) -> dict[str, Naming]:
    """By code."""
    teller = teller_for(document)
    return {
        each.code: Naming(teller.text(each.name_one), teller.text(each.name_many), each.scale)
        for each in document.currencies
    }


def ways_to_earn(document: Document, at: datetime) -> list[Way]:
    """The rules that hold now, those that count most first."""
    teller = teller_for(document)
    zone = ZoneInfo(document.program.time_zone)
    open_now = [rule for rule in document.rules if rule.enabled and _holds(rule, at, zone) and _for_everyone(rule.when)]
    return [_way(rule, teller) for rule in sorted(open_now, key=lambda rule: (-rule.priority, rule.code))]


def _holds(rule: Rule, at: datetime, zone: ZoneInfo) -> bool:
    plan = rule.schedule
    if plan is None:
        return True
    started = plan.starts_at is None or local_time(plan.starts_at, zone) <= at
    return started and (plan.ends_at is None or at < local_time(plan.ends_at, zone))


def _for_everyone(condition: Condition | None) -> bool:
    """Not tied to a tier: what levels give is told where the levels are."""
    if isinstance(condition, All | AnyOf | NoneOf):
        return all(_for_everyone(each) for each in condition.of)
    return not isinstance(condition, TierTest)


def _way(rule: Rule, teller: MemberTeller) -> Way:
    """What one does as the title, what it gives as the sentence. Other conditions are in the brand's words."""
    gives = teller.list_and([_gives(effect, teller) for effect in rule.effects])
    title = teller.text(rule.description) or teller.text(rule.name)
    if rule.when is None or isinstance(rule.when, TimeTest):
        title = str(OCCASIONS.get(rule.trigger, title))
    if isinstance(rule.when, TimeTest):
        gives = f"{gives} {rule.when.words(teller)}"
    return Way(ICONS.get(rule.trigger, "spark"), title, gives[:1].upper() + gives[1:])


def _gives(effect: Effect, teller: MemberTeller) -> str:
    """A multiplier without the codes and names that only staff know."""
    if isinstance(effect, Multiply):
        return gettext("%(factor)s times the points") % {"factor": _digits(effect.factor)}
    return effect.words(teller)


def levels(document: Document) -> list[Levels]:
    teller = teller_for(document)
    return [
        Levels(ladder.code, teller.text(ladder.name), _levels_of(ladder, teller))
        for ladder in document.ladders
        if len(ladder.tiers) > 1
    ]


def _levels_of(ladder: Ladder, teller: MemberTeller) -> list[Level]:
    return [
        Level(
            teller.text(tier.name),
            0 if tier.by_invitation else max((tier.threshold, *tier.thresholds)),
            tier_asks(ladder, tier, teller),
            [teller.text(benefit) for benefit in tier.benefits],
            tier.by_invitation,
            ladder.window.words(teller),
        )
        for tier in ladder.tiers
    ]
