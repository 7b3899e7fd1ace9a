"""Raising the declared counters with an event: before the rules are asked, so that "the third order" means this one."""

from __future__ import annotations

from loyalty.definition.compiled import CompiledCounter
from loyalty.definition.counters import Sum
from loyalty.definition.facts import Facts
from loyalty.rules.dates import period_start
from loyalty.rules.judgement import Raised


def counters_raise(counters: tuple[CompiledCounter, ...], facts: Facts) -> list[Raised]:
    """Adds to facts.added; returns what a return of the event's order takes off again."""
    raised: list[Raised] = []
    for counter in counters:
        if counter.check is not None and counter.check(facts) is not None:
            continue
        if counter.seen:
            _day(counter, facts, raised)
            continue
        share = isinstance(counter.measure, Sum)
        amount = counter.measure.amount(facts.payload) if isinstance(counter.measure, Sum) else 1
        if amount:
            for period in counter.periods:
                _raise(facts, raised, Raised(counter.key, period_start(period, facts.local_date), amount, share))
    return raised


def _day(counter: CompiledCounter, facts: Facts, raised: list[Raised]) -> None:
    """A day counts once, by whichever event comes first on it, and until the last one of it is returned."""
    day = period_start("day", facts.local_date)
    fresh = facts.counted((counter.seen, day)) <= 0
    _raise(facts, raised, Raised(counter.seen, day, 1))
    guard = f"{counter.seen}@{day}"
    for period in counter.periods:
        each = Raised(counter.key, period_start(period, facts.local_date), 1, guard=guard)
        if fresh:
            _raise(facts, raised, each)
        else:
            raised.append(each)


def _raise(facts: Facts, raised: list[Raised], each: Raised) -> None:
    ref = (each.key, each.period)
    facts.added[ref] = facts.added.get(ref, 0) + each.amount
    raised.append(each)
