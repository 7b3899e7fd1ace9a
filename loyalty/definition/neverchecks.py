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
from loyalty.definition.neverwords import NEVER, Placed, apart, counter_said, either, rule_said, said
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
    yield from _values_problems(tests, NEVER, ground)
    yield from _tiers_problems(tests, ground)
    yield from times_problems(tests, rule.schedule, f"{path}.schedule", ground)
    yield from counters_problems(tests, ground)
    yield from lines_problems(tests, ground)
    yield from ruled_out_problems(tests, ground)
    for here, node in tests:
        if isinstance(node, CounterTest):
            yield from _counter_problems(node, here, rule, ground)
    yield from _refused_problems(rule, path)
    yield from _stopped_problems(rule, path, ground)


def never_counts_problems(counter: Counter, path: str, ground: Ground) -> Problems:
    """A counter whose conditions no event can pass stays at zero, whatever goes by it."""
    tests = list(_together(counter.when, f"{path}.when"))
    yield from _values_problems(tests, phrase("The counter can never count"), ground)


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


def _values_problems(tests: list[tuple[str, Condition]], never: Phrase, ground: Ground) -> Problems:
    rooms: dict[str, Room] = {}
    earlier: dict[str, list[tuple[str, Condition, _Asked]]] = {}
    for here, node in tests:
        asked = _asked(node)
        if asked is None:
            continue
        before = earlier.setdefault(asked.name, [])
        room = rooms.setdefault(asked.name, _room_of(asked.name))
        was_empty = room.empty
        room.take(asked.operator, asked.value)
        if room.empty and not was_empty:
            yield _no_value((here, node), asked, before, never, ground)
        before.append((here, node, asked))


def _room_of(name: str) -> Room:
    return Room(from_zero=name.endswith(_FROM_ZERO))


def _no_value(
    this: Placed, asked: _Asked, before: list[tuple[str, Condition, _Asked]], never: Phrase, ground: Ground
) -> Problem:
    here, node = this
    others: list[Placed] = []
    for place, each, other in before:
        room = _room_of(asked.name)
        room.take(other.operator, other.value)
        room.take(asked.operator, asked.value)
        if room.empty:
            others = [(place, each)]
            break
        others.append((place, each))
    if others:
        return apart(this, others, ground, either(), never)
    return Problem(
        here,
        phrase("%(never)s: “%(this)s” is never so.", never=never, this=said([node], ground)),
        phrase("Say what can be, or leave the test out."),
    )


def _tiers_problems(tests: list[tuple[str, Condition]], ground: Ground) -> Problems:
    left: dict[str, set[str]] = {}
    earlier: dict[str, list[tuple[str, TierTest]]] = {}
    for here, node in tests:
        if not isinstance(node, TierTest) or not node.any_of:
            continue
        before = earlier.setdefault(node.ladder, [])
        known = left.get(node.ladder)
        left[node.ladder] = set(node.any_of) if known is None else known & set(node.any_of)
        if known and not left[node.ladder]:
            others = next(([each] for each in before if not set(each[1].any_of) & set(node.any_of)), before)
            mend = phrase("Name a tier in both, or keep one of the two tests.")
            yield apart((here, node), others, ground, mend)
        before.append((here, node))


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
                counter=counter_said(test.counter, ground),
            ),
            phrase("Ask that it is 1 for the first one."),
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
    for index, other in enumerate(ground.document.rules):
        if other.group != rule.group or other.trigger != rule.trigger or other.code == rule.code:
            continue
        always = other.enabled and other.audience is None and other.when is None and other.schedule is None
        if always and other.priority > rule.priority and (first_only or other.stop):
            yield Problem(
                path,
                phrase(
                    "The rule can never fire: “%(other)s” goes first in group %(group)r, "
                    "always fires and lets no other after it.",
                    other=rule_said(other.code, ground),
                    group=rule.group,
                ),
                phrase(
                    "Give “%(this)s” a higher priority, or “%(other)s” a condition.",
                    this=rule_said(rule.code, ground),
                    other=rule_said(other.code, ground),
                ),
                other=f"rules[{index}]",
            )
            return
