"""Rules that are well formed and yet can never fire: their conditions exclude each other, or another stops them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from loyalty.definition.comparison import Operator, Values
from loyalty.definition.conditions import (
    All,
    AnyOf,
    AttributeTest,
    Condition,
    CounterTest,
    MemberTest,
    TierTest,
)
from loyalty.definition.counters import Counter, Times
from loyalty.definition.effects import PointsFixed
from loyalty.definition.limits import EventLimit, MemberLimit
from loyalty.definition.neverparts import counters_problems, lines_problems, ruled_out_problems
from loyalty.definition.neverroom import Room
from loyalty.definition.nevertimes import times_problems
from loyalty.definition.phrases import Phrase, phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.rule import Rule

# Where the values of an order are lists, one of which has to pass: several tests don't exclude each other there.
_LISTS = ("order.lines", "order.tenders")
# What is never below zero.
_FROM_ZERO = ("member.age_years", "member.joined_days", "order.total_minor", "order.net_minor")


def never_problems(rule: Rule, path: str, ground: Ground) -> Problems:
    if rule.trigger == "order.returned":
        yield Problem(
            f"{path}.trigger",
            phrase("The rule can never fire: a return takes back what its order gave and gives nothing."),
            phrase("Wait for another event, such as order.paid."),
        )
    tests = [*_together(rule.audience, f"{path}.audience"), *_together(rule.when, f"{path}.when")]
    yield from _values_problems(tests, phrase("The rule can never fire"))
    yield from _tiers_problems(tests)
    yield from times_problems(tests, rule.schedule, f"{path}.schedule")
    yield from counters_problems(tests)
    yield from lines_problems(tests)
    yield from ruled_out_problems(tests)
    for here, node in tests:
        if isinstance(node, CounterTest):
            yield from _counter_problems(node, here, rule, ground)
    yield from _refused_problems(rule, path)
    yield from _stopped_problems(rule, path, ground)


def never_counts_problems(counter: Counter, path: str) -> Problems:
    """A counter whose conditions no event can pass stays at zero, whatever goes by it."""
    yield from _values_problems(list(_together(counter.when, f"{path}.when")), phrase("The counter can never count"))


def _together(condition: Condition | None, path: str) -> Iterator[tuple[str, Condition]]:
    """The tests that must hold all at once, with their places."""
    if condition is None:
        return
    single = isinstance(condition, AnyOf) and len(condition.of) == 1
    if isinstance(condition, All) or (single and isinstance(condition, AnyOf)):
        for index, each in enumerate(condition.of):
            yield from _together(each, f"{path}.of[{index}]")
        return
    yield path, condition


class _Asked(Struct, frozen=True):
    name: str
    operator: Operator
    value: Values


def _asked(node: Condition) -> _Asked | None:
    """What the test asks of one value; None where several values may stand there, or for another kind of test."""
    if isinstance(node, MemberTest):
        return _Asked(f"member.{node.attribute}", node.operator, node.value)
    if isinstance(node, AttributeTest) and not node.path.startswith(_LISTS) and node.operator != "contains":
        return _Asked(node.path, node.operator, node.value)
    return None


def _values_problems(tests: list[tuple[str, Condition]], never: Phrase) -> Problems:
    rooms: dict[str, Room] = {}
    first: dict[str, str] = {}
    for here, node in tests:
        asked = _asked(node)
        if asked is None:
            continue
        room = rooms.setdefault(asked.name, Room(from_zero=asked.name.endswith(_FROM_ZERO)))
        was_empty, name = room.empty, asked.name.removeprefix("member.")
        room.take(asked.operator, asked.value)
        if room.empty and not was_empty:
            other = first.get(asked.name)
            yield Problem(
                here,
                phrase("%(never)s: no %(name)s passes this and %(other)s at once.", never=never, name=name, other=other)
                if other is not None
                else phrase("%(never)s: no %(name)s is like this.", never=never, name=name),
                phrase("Change one of the two, or put them under any.")
                if other is not None
                else phrase("Say what can be, or leave the test out."),
            )
        first.setdefault(asked.name, here)


def _tiers_problems(tests: list[tuple[str, Condition]]) -> Problems:
    left: dict[str, set[str]] = {}
    for here, node in tests:
        if not isinstance(node, TierTest) or not node.any_of:
            continue
        known = left.get(node.ladder)
        left[node.ladder] = set(node.any_of) if known is None else known & set(node.any_of)
        if known and not left[node.ladder]:
            yield Problem(
                here,
                phrase(
                    "The rule can never fire: nobody is on these tiers of %(ladder)r "
                    "and on those asked for before at once.",
                    ladder=node.ladder,
                ),
                phrase("Name a tier in both, or keep one of the two tests."),
            )


def _counter_problems(test: CounterTest, here: str, rule: Rule, ground: Ground) -> Problems:
    counter = ground.counters.get(test.counter)
    if counter is None or counter.trigger != rule.trigger or counter.when is not None:
        return
    none = (test.operator in ("eq", "le") and test.value == 0) or (test.operator == "lt" and test.value <= 1)
    if none and isinstance(counter.measure, Times):
        yield Problem(
            f"{here}.value",
            phrase(
                "The rule can never fire: the event itself counts along, so %(counter)s is 1 or more.",
                counter=test.counter,
            ),
            phrase("Say eq 1 for the first one."),
        )


def _refused_problems(rule: Rule, path: str) -> Problems:
    """A limit that refuses what doesn't fit whole, with less room than the rule always asks for."""
    if not rule.effects or not all(isinstance(each, PointsFixed) for each in rule.effects):
        return
    for index, limit in enumerate(rule.limits):
        if not isinstance(limit, EventLimit | MemberLimit) or limit.measure != "points":
            continue
        fixed = [each for each in rule.effects if isinstance(each, PointsFixed)]
        asked = sum(each.points for each in fixed if limit.currency in (None, each.currency))
        if limit.on_excess == "reject" and asked > limit.at_most:
            yield Problem(
                f"{path}.limits[{index}].at_most",
                phrase(
                    "The rule can never fire: it gives %(asked)s and this refuses more than %(at_most)s.",
                    asked=asked,
                    at_most=limit.at_most,
                ),
                phrase("Say %(asked)s or more, or let it cut off what is too much.", asked=asked),
            )
        elif isinstance(limit, EventLimit) and asked <= limit.at_most:
            yield Problem(
                f"{path}.limits[{index}].at_most",
                phrase("This limit can never bind: the rule gives %(asked)s an event.", asked=asked),
                phrase("Leave it out, or say less."),
            )


def _stopped_problems(rule: Rule, path: str, ground: Ground) -> Problems:
    """An earlier rule of its group that always fires and lets no other after it."""
    mode = ground.document.stacking.get(rule.group, "all")
    if not rule.enabled or mode not in ("all", "first_match"):
        return
    first_only = mode == "first_match"
    for other in ground.document.rules:
        if other.group != rule.group or other.trigger != rule.trigger or other.code == rule.code:
            continue
        always = other.enabled and other.audience is None and other.when is None and other.schedule is None
        if always and other.priority > rule.priority and (first_only or other.stop):
            yield Problem(
                path,
                phrase(
                    "The rule can never fire: %(code)r goes first in group %(group)r, "
                    "always fires and lets no other after it.",
                    code=other.code,
                    group=rule.group,
                ),
                phrase("Give %(code)r a higher priority, or %(other)r a condition.", code=rule.code, other=other.code),
            )
            return
