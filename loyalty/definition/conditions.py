"""What must hold for a rule to fire: a tree of all, any and none over tests.

Each kind is one Struct: `problems` checks it, `words` says it, `build` compiles it to a Check. To add a kind, write the
Struct here (or in a module beside) and add it to the union `Condition` at the foot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from loyalty.definition.basics import AttributePath, Code, HourMinute
from loyalty.definition.comparison import (
    OPERATOR_WORDS,
    Operator,
    Values,
    comparison,
    comparison_problems,
    values_words,
)
from loyalty.definition.facts import Facts
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.translation import N_, Teller

# None when it holds, else the path of the condition that didn't: what the trace tells.
Check = Callable[[Facts], str | None]


class ConditionScope(Struct, frozen=True):
    """What conditions are compiled against. first_tiers: each ladder's first tier, which is everyone's."""

    zone: ZoneInfo
    first_tiers: Mapping[str, str]


MAX_DEPTH = 8
MAX_NODES = 100

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY_WORDS = {
    "mon": N_("Monday"),
    "tue": N_("Tuesday"),
    "wed": N_("Wednesday"),
    "thu": N_("Thursday"),
    "fri": N_("Friday"),
    "sat": N_("Saturday"),
    "sun": N_("Sunday"),
}


class All(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="all"):
    """Every one of them holds."""

    of: tuple[Condition, ...]

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from _children_problems(self.of, path, ground)

    def words(self, teller: Teller) -> str:
        return teller.list_and([_bracketed(each, teller) for each in self.of])

    def build(self, path: str, scope: ConditionScope) -> Check:
        checks = tuple(each.build(f"{path}.of[{index}]", scope) for index, each in enumerate(self.of))

        def check(facts: Facts) -> str | None:
            for one in checks:
                failed = one(facts)
                if failed is not None:
                    return failed
            return None

        return check


class AnyOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="any"):
    """At least one of them holds. When none does, the trace names this node."""

    of: tuple[Condition, ...]

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from _children_problems(self.of, path, ground)

    def words(self, teller: Teller) -> str:
        return teller.list_or([_bracketed(each, teller) for each in self.of])

    def build(self, path: str, scope: ConditionScope) -> Check:
        checks = tuple(each.build(f"{path}.of[{index}]", scope) for index, each in enumerate(self.of))

        def check(facts: Facts) -> str | None:
            for one in checks:
                if one(facts) is None:
                    return None
            return path

        return check


class NoneOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="none"):
    """Not one of them holds. When one does, the trace names that one."""

    of: tuple[Condition, ...]

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from _children_problems(self.of, path, ground)

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("it is not so that %(conditions)s"),
            conditions=teller.list_or([_bracketed(each, teller) for each in self.of]),
        )

    def build(self, path: str, scope: ConditionScope) -> Check:
        checks = tuple(
            (each.build(f"{path}.of[{index}]", scope), f"{path}.of[{index}]") for index, each in enumerate(self.of)
        )

        def check(facts: Facts) -> str | None:
            for one, here in checks:
                if one(facts) is None:
                    return here
            return None

        return check


class AttributeTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="attribute"):
    """Compares a value of the event's payload. A path through a list holds when it holds for one of the items.

    ne and not_in are the exact opposite of eq and in, so they hold when there is no such value; every other operator
    doesn't. A text never equals a number. gt, ge, lt and le take numbers or days (YYYY-MM-DD).
    """

    path: AttributePath
    operator: Operator
    value: Values = True

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from comparison_problems(self.operator, self.value, path)

    def words(self, teller: Teller) -> str:
        return teller.tell(OPERATOR_WORDS[self.operator], name=self.path, value=values_words(self.value, teller))

    def build(self, path: str, scope: ConditionScope) -> Check:
        holds = comparison(self.operator, self.value).at(tuple(self.path.split(".")))
        return lambda facts: None if holds(facts.payload) else path


class MemberTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="member"):
    """Compares something about the member: language, joined_days (whole local days ago) or attributes.<name>."""

    attribute: Annotated[str, Meta(pattern=r"^(language|joined_days|attributes\.[A-Za-z_][A-Za-z0-9_]{0,59})$(?!\n)")]
    operator: Operator
    value: Values = True

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from comparison_problems(self.operator, self.value, path)

    def words(self, teller: Teller) -> str:
        names = {"language": N_("the member's language"), "joined_days": N_("days since joining")}
        name = teller.say(names[self.attribute]) if self.attribute in names else self.attribute.partition(".")[2]
        return teller.tell(OPERATOR_WORDS[self.operator], name=name, value=values_words(self.value, teller))

    def build(self, path: str, scope: ConditionScope) -> Check:
        compared = comparison(self.operator, self.value)
        if self.attribute == "language":
            return lambda facts: None if compared.of(facts.member.language or None) else path
        if self.attribute == "joined_days":
            return lambda facts: None if compared.of(_joined_days(facts)) else path
        holds = compared.at((self.attribute.partition(".")[2],))
        return lambda facts: None if holds(facts.member.attributes) else path


class TierTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="tier"):
    """The member was on one of these tiers of the ladder when the event happened."""

    ladder: Code
    any_of: tuple[Code, ...]

    def problems(self, path: str, ground: Ground) -> Problems:
        ladder = ground.ladders.get(self.ladder)
        if ladder is None:
            yield unknown(f"{path}.ladder", "ladder", self.ladder, ground.ladders)
            return
        codes = {tier.code for tier in ladder.tiers}
        for index, code in enumerate(self.any_of):
            if code not in codes:
                yield unknown(f"{path}.any_of[{index}]", f"tier on {self.ladder}", code, codes)
        if not self.any_of:
            yield Problem(f"{path}.any_of", "No tier is named, so this never holds.", "Name one tier or more.")

    def words(self, teller: Teller) -> str:
        names = [teller.tier(self.ladder, code) for code in self.any_of]
        return teller.tell(N_("the member is %(tiers)s"), tiers=teller.list_or(names))

    def build(self, path: str, scope: ConditionScope) -> Check:
        ladder, wanted, first = self.ladder, frozenset(self.any_of), scope.first_tiers.get(self.ladder, "")
        return lambda facts: None if facts.member.tiers.get(ladder, first) in wanted else path


class TimeTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="time"):
    """When it happened by the wall clock of the program's or the member's zone.

    From from_hour up to, not including, to_hour; past midnight when from_hour is the later one, the hours after
    midnight then belong to the weekday that they lie on. weekdays empty: every day.
    """

    weekdays: tuple[Weekday, ...] = ()
    from_hour: HourMinute | None = None
    to_hour: HourMinute | None = None
    zone: Literal["program", "member"] = "program"

    def problems(self, path: str, ground: Ground) -> Problems:
        if not self.weekdays and self.from_hour is None and self.to_hour is None:
            yield Problem(path, "This time test holds always.", "Name weekdays or hours, or leave it out.")
        if self.from_hour is not None and self.from_hour == self.to_hour:
            yield Problem(f"{path}.to_hour", "It ends when it starts.", "Say a later time, or leave both out.")

    def words(self, teller: Teller) -> str:
        parts = []
        if self.weekdays:
            days = [teller.say(_WEEKDAY_WORDS[day]) for day in _WEEKDAYS if day in self.weekdays]
            parts.append(teller.tell(N_("on %(days)s"), days=teller.list_or(days)))
        if self.from_hour is not None or self.to_hour is not None:
            span = {"start": self.from_hour or "00:00", "end": self.to_hour or "24:00"}
            parts.append(teller.tell(N_("between %(start)s and %(end)s"), **span))
        return " ".join(parts)

    def build(self, path: str, scope: ConditionScope) -> Check:
        days = frozenset(_WEEKDAYS.index(day) for day in self.weekdays or _WEEKDAYS)
        start, end = _minute(self.from_hour, 0), _minute(self.to_hour, 24 * 60)
        over_midnight, of_member = start > end, self.zone == "member"

        def check(facts: Facts) -> str | None:
            local = facts.member_local if of_member else facts.local
            if local.weekday() not in days:
                return path
            minute = local.hour * 60 + local.minute
            inside = (minute >= start or minute < end) if over_midnight else start <= minute < end
            return None if inside else path

        return check


# The kinds of condition. A new one joins here.
Condition = All | AnyOf | NoneOf | AttributeTest | MemberTest | TierTest | TimeTest


def _children_problems(children: tuple[Condition, ...], path: str, ground: Ground) -> Problems:
    if not children:
        yield Problem(f"{path}.of", "The list is empty.", "Put a condition in it, or leave it out.")
    for index, each in enumerate(children):
        yield from each.problems(f"{path}.of[{index}]", ground)


def condition_size(condition: Condition) -> tuple[int, int]:
    """(depth, nodes) of the tree."""
    if not isinstance(condition, All | AnyOf | NoneOf):
        return 1, 1
    sizes = [condition_size(each) for each in condition.of]
    return 1 + max((depth for depth, _ in sizes), default=0), 1 + sum(nodes for _, nodes in sizes)


def _bracketed(condition: Condition, teller: Teller) -> str:
    words = condition.words(teller)
    nested = isinstance(condition, All | AnyOf | NoneOf) and len(condition.of) > 1
    return f"({words})" if nested else words


def _joined_days(facts: Facts) -> int | None:
    joined = facts.member.joined_at
    return None if joined is None else (facts.local_date - joined.astimezone(facts.zone).date()).days


def _minute(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    return int(text[:2]) * 60 + int(text[3:])
