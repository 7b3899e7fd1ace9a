"""What must hold for a rule to fire: a tree of all, any and none over tests.

Each kind is one Struct: `problems` checks it, `words` says it, `build` compiles it to a Check. To add a kind, write the
Struct in a module beside (membertests, timetests, linetest) and add it to the union `Condition` at the foot.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from loyalty.definition.basics import AttributePath
from loyalty.definition.benefittest import BenefitTest
from loyalty.definition.comparison import (
    OPERATOR_WORDS,
    Comparison,
    Operator,
    Values,
    comparison,
    comparison_problems,
    value_at,
    values_words,
)
from loyalty.definition.conditionbase import Check, ConditionScope
from loyalty.definition.facts import Facts
from loyalty.definition.lines import USUAL, items_at
from loyalty.definition.linetest import LineTest
from loyalty.definition.membertests import CounterTest, MemberTest, PlanTest, SegmentTest, TierTest
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.timetests import AnniversaryTest, MonthlyDayTest, SeasonTest, TimeTest
from loyalty.definition.translation import N_, Teller

__all__ = [
    "All", "AnniversaryTest", "AnyOf", "AttributeTest", "BenefitTest", "Check", "Condition", "ConditionScope",
    "CounterTest", "LineTest", "MemberTest", "MonthlyDayTest", "NoneOf", "PlanTest", "SeasonTest", "SegmentTest",
    "TierTest", "TimeTest", "condition_size", "conditions_in",
]  # fmt: skip

MAX_DEPTH = 8
MAX_NODES = 100


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
        value = values_words(self.value, teller, self.path)
        return teller.tell(OPERATOR_WORDS[self.operator], name=teller.attribute(self.path), value=value)

    def build(self, path: str, scope: ConditionScope) -> Check:
        compared, keys = comparison(self.operator, self.value), tuple(self.path.split("."))
        if self.path not in USUAL:
            return _attribute_check(compared, self.path, keys, path)
        one, opposite, inner, name, usual = compared.one, compared.opposite, keys[:-1], keys[-1], USUAL[self.path]

        def check(facts: Facts) -> str | None:
            found = [item.get(name, usual) for item in items_at(facts.payload, inner)]
            return None if any(map(one, found)) is not opposite else path

        return check


def _attribute_check(compared: Comparison, name: str, keys: tuple[str, ...], path: str) -> Check:
    """Most of judging is this, and many rules ask for the same value: it is looked up once, compared without a call."""
    kind, test, expected, opposite, holds = (
        compared.kind, compared.test, compared.expected, compared.opposite, compared.of_found
    )  # fmt: skip

    def check(facts: Facts) -> str | None:
        try:
            found = facts.known[name]
        except KeyError:
            found = facts.known[name] = value_at(facts.payload, keys)
        if type(found) is kind:
            return None if test(found, expected) is not opposite else path
        return None if holds(found) else path

    return check


# The kinds of condition. A new one joins here.
Condition = (
    All
    | AnyOf
    | NoneOf
    | AttributeTest
    | LineTest
    | MemberTest
    | TierTest
    | SegmentTest
    | PlanTest
    | BenefitTest
    | CounterTest
    | TimeTest
    | SeasonTest
    | AnniversaryTest
    | MonthlyDayTest
)

# What an audience may be made of: tests of the member, and what joins them.
OF_MEMBER = (All, AnyOf, NoneOf, MemberTest, TierTest, SegmentTest, PlanTest, BenefitTest, CounterTest)


def _children_problems(children: tuple[Condition, ...], path: str, ground: Ground) -> Problems:
    if not children:
        yield Problem(f"{path}.of", phrase("The list is empty."), phrase("Put a condition in it, or leave it out."))
    for index, each in enumerate(children):
        yield from each.problems(f"{path}.of[{index}]", ground)


def condition_size(condition: Condition) -> tuple[int, int]:
    """(depth, nodes) of the tree."""
    if not isinstance(condition, All | AnyOf | NoneOf):
        return 1, 1
    sizes = [condition_size(each) for each in condition.of]
    return 1 + max((depth for depth, _ in sizes), default=0), 1 + sum(nodes for _, nodes in sizes)


def conditions_in(condition: Condition | None, path: str) -> Iterator[tuple[str, Condition]]:
    """Every node of the tree with where it stands, from the top."""
    if condition is None:
        return
    yield path, condition
    if isinstance(condition, All | AnyOf | NoneOf):
        for index, each in enumerate(condition.of):
            yield from conditions_in(each, f"{path}.of[{index}]")


def _bracketed(condition: Condition, teller: Teller) -> str:
    words = condition.words(teller)
    nested = isinstance(condition, All | AnyOf | NoneOf) and len(condition.of) > 1
    return f"({words})" if nested else words
