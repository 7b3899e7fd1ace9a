"""Conditions of who the member is: attributes, tier, segment, plan, and what counters say they have done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code
from loyalty.definition.comparison import (
    OPERATOR_WORDS,
    Operator,
    Values,
    comparison,
    comparison_problems,
    values_words,
)
from loyalty.definition.conditionbase import Check, ConditionScope
from loyalty.definition.facts import Facts, counter_key, plan_fact
from loyalty.definition.limits import PERIOD_WORDS, Period
from loyalty.definition.periods import period_start
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.timetests import age_on
from loyalty.definition.translation import N_, Teller

_NAMES = {
    "language": N_("the member's language"),
    "joined_days": N_("days since joining"),
    "age_years": N_("the member's age"),
}
# What the product itself keeps of a member, where it is so.
_FACTS = {"facts.referral_open": N_("the first step after a friend’s invitation is still to come")}
_NUMBERS = ("joined_days", "age_years")


class MemberTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="member"):
    """Compares something about the member: language, joined_days (whole local days ago), age_years (unknown without a
    date of birth), attributes.<name> as the brand keeps it, or facts.<name> as the product does."""

    attribute: Annotated[
        str,
        Meta(
            pattern=r"^(language|joined_days|age_years|(attributes|facts)\.[A-Za-z_][A-Za-z0-9_]{0,59})$(?!\n)",
            description=N_("language, joined_days, age_years, attributes.<name> or facts.<name>."),
        ),
    ]
    operator: Operator
    value: Values = True

    def problems(self, path: str, ground: Ground) -> Problems:
        wrong = list(comparison_problems(self.operator, self.value, path))
        yield from wrong
        if not wrong and self.attribute in _NUMBERS and self.operator != "exists" and not _whole(self.value):
            yield Problem(
                f"{path}.value",
                phrase("%(attribute)s is a whole number.", attribute=self.attribute),
                phrase("Say a whole number, such as 18."),
            )

    def words(self, teller: Teller) -> str:
        if self.attribute in _FACTS and self.operator == "eq" and self.value is True:
            return teller.say(_FACTS[self.attribute])
        name = teller.say(_NAMES[self.attribute]) if self.attribute in _NAMES else self.attribute.partition(".")[2]
        return teller.tell(OPERATOR_WORDS[self.operator], name=name, value=values_words(self.value, teller))

    def build(self, path: str, scope: ConditionScope) -> Check:
        compared = comparison(self.operator, self.value)
        source, name = self.attribute.partition(".")[::2]
        if name:
            holds = compared.at((name,))
            if source == "facts":
                return lambda facts: None if holds(facts.member.facts) else path
            return lambda facts: None if holds(facts.member.attributes) else path
        read = _READ[source]
        kind, test, expected, opposite = compared.kind, compared.test, compared.expected, compared.opposite

        def check(facts: Facts) -> str | None:
            value = read(facts)
            if type(value) is kind:
                return None if test(value, expected) is not opposite else path
            return None if compared.of(value) else path

        return check


def _whole(value: Values) -> bool:
    return all(type(each) is int for each in (value if isinstance(value, tuple) else (value,)))


def _joined_days(facts: Facts) -> int | None:
    joined = facts.joined_date
    return None if joined is None else (facts.local_date - joined).days


def _age(facts: Facts) -> int | None:
    born = facts.member.birth_date
    return None if born is None else age_on(born, facts.local_date)


_READ: dict[str, Callable[[Facts], Any]] = {
    "language": lambda facts: facts.member.language or None,
    "joined_days": _joined_days,
    "age_years": _age,
}


class TierTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="tier"):
    """The member was on one of these tiers of the ladder when the event happened."""

    ladder: Code
    any_of: tuple[Code, ...]

    def problems(self, path: str, ground: Ground) -> Problems:
        ladder = ground.ladders.get(self.ladder)
        if ladder is None:
            yield unknown(f"{path}.ladder", phrase("ladder"), self.ladder, ground.ladders)
            return
        codes = {tier.code for tier in ladder.tiers}
        for index, code in enumerate(self.any_of):
            if code not in codes:
                yield unknown(f"{path}.any_of[{index}]", phrase("tier on %(ladder)s", ladder=self.ladder), code, codes)
        if not self.any_of:
            yield Problem(
                f"{path}.any_of", phrase("No tier is named, so this never holds."), phrase("Name one tier or more.")
            )

    def words(self, teller: Teller) -> str:
        names = [teller.tier(self.ladder, code) for code in self.any_of]
        return teller.tell(N_("the member is %(tiers)s"), tiers=teller.list_or(names))

    def build(self, path: str, scope: ConditionScope) -> Check:
        ladder, wanted, first = self.ladder, frozenset(self.any_of), scope.first_tiers.get(self.ladder, "")
        return lambda facts: None if facts.member.tiers.get(ladder, first) in wanted else path


class SegmentTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="segment"):
    """The member is in one of these segments."""

    any_of: tuple[Code, ...]

    def problems(self, path: str, ground: Ground) -> Problems:
        if not self.any_of:
            yield Problem(
                f"{path}.any_of",
                phrase("No segment is named, so this never holds."),
                phrase("Name one segment or more."),
            )

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("the member is in segment %(segments)s"), segments=teller.list_or(list(self.any_of)))

    def build(self, path: str, scope: ConditionScope) -> Check:
        wanted = tuple(f"segment:{code}" for code in self.any_of)
        return lambda facts: None if any(facts.member.facts.get(key) for key in wanted) else path


class PlanTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="plan"):
    """The member has one of these membership plans; none named: any plan at all."""

    any_of: tuple[Code, ...] = ()

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ()

    def words(self, teller: Teller) -> str:
        if not self.any_of:
            return teller.say(N_("the member has a plan"))
        return teller.tell(N_("the member has the plan %(plans)s"), plans=teller.list_or(list(self.any_of)))

    def build(self, path: str, scope: ConditionScope) -> Check:
        wanted = frozenset(self.any_of)
        beside = tuple(plan_fact(code) for code in self.any_of)

        def check(facts: Facts) -> str | None:
            told = facts.member.facts
            plan = told.get("plan")
            if plan and (not wanted or plan in wanted):
                return None
            return None if any(told.get(key) for key in beside) else path

        return check


_COUNTER_WORDS = {
    "eq": N_("%(counter)s is %(value)s %(period)s"),
    "ne": N_("%(counter)s is not %(value)s %(period)s"),
    "gt": N_("%(counter)s is more than %(value)s %(period)s"),
    "ge": N_("%(counter)s is %(value)s or more %(period)s"),
    "lt": N_("%(counter)s is less than %(value)s %(period)s"),
    "le": N_("%(counter)s is %(value)s or less %(period)s"),
    "every": N_("%(counter)s is a multiple of %(value)s %(period)s"),
}


class CounterTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="counter"):
    """Compares a counter of the program, in the local day, week, month, year or lifetime that the event lies in.

    The present event counts along where the counter counts it: the first purchase is eq 1. every: at each multiple,
    when the present event is the one that reached it.
    """

    counter: Code
    period: Period = "lifetime"
    operator: Literal["eq", "ne", "gt", "ge", "lt", "le", "every"] = "eq"
    value: Annotated[int, Meta(ge=0, le=10**12)]

    def problems(self, path: str, ground: Ground) -> Problems:
        if self.counter not in ground.counters:
            yield unknown(f"{path}.counter", phrase("counter"), self.counter, ground.counters)
        if self.operator == "every" and self.value < 2:
            yield Problem(
                f"{path}.value", phrase("Every event would do."), phrase("Say 2 or more, or leave the condition out.")
            )
        if self.operator == "lt" and self.value == 0:
            yield Problem(f"{path}.value", phrase("A counter is never below 0."), phrase("Say 1 or more."))

    def words(self, teller: Teller) -> str:
        return teller.tell(
            _COUNTER_WORDS[self.operator],
            counter=self.counter,
            value=self.value,
            period=teller.say(PERIOD_WORDS[self.period]),
        )

    def build(self, path: str, scope: ConditionScope) -> Check:
        key, period, value = counter_key(self.counter, self.period), self.period, self.value
        if self.operator == "every":

            def reached(facts: Facts) -> str | None:
                ref = (key, period_start(period, facts.local_date))
                before = facts.member.counters.get(ref, 0)
                return None if facts.counted(ref) // value > before // value else path

            return reached
        test = _COUNTER_TESTS[self.operator]

        def check(facts: Facts) -> str | None:
            return None if test(facts.counted((key, period_start(period, facts.local_date))), value) else path

        return check


_COUNTER_TESTS: dict[str, Callable[[int, int], bool]] = {
    "eq": int.__eq__,
    "ne": int.__ne__,
    "gt": int.__gt__,
    "ge": int.__ge__,
    "lt": int.__lt__,
    "le": int.__le__,
}
