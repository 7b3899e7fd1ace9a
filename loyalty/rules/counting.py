"""Raising the declared counters with an event: before the rules are asked, so that "the third order" means this one."""

from __future__ import annotations

from loyalty.definition.compiled import CompiledCounter
from loyalty.definition.counters import Sum
from loyalty.definition.facts import CounterRef, Facts
from loyalty.definition.qualifying import OrderMoney
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
        share = isinstance(counter.measure, Sum | OrderMoney)
        amount = counter.measure.amount(facts.payload) if isinstance(counter.measure, Sum | OrderMoney) else 1
        if amount:
            for key, period in _places(counter, facts):
                _raise(facts, raised, Raised(key, period, amount, share))
    return raised


def _places(counter: CompiledCounter, facts: Facts) -> list[CounterRef]:
    """Where the counter is kept at the event's time: its periods, and the windows of the ladders that go by it."""
    day = facts.local_date
    places = [(key, period_start(period, day)) for key, period in counter.periods]
    places += [(key, window.start(day, facts.anchor(window))) for key, window in counter.tiers]
    return places


def _day(counter: CompiledCounter, facts: Facts, raised: list[Raised]) -> None:
    """A day counts once, by whichever event comes first on it, and until the last one of it is returned."""
    day = period_start("day", facts.local_date)
    fresh = facts.counted((counter.seen, day)) <= 0
    _raise(facts, raised, Raised(counter.seen, day, 1))
    guard = f"{counter.seen}@{day}"
    for key, period in _places(counter, facts):
        each = Raised(key, period, 1, guard=guard)
        if fresh:
            _raise(facts, raised, each)
        else:
            raised.append(each)


def _raise(facts: Facts, raised: list[Raised], each: Raised) -> None:
    ref = (each.key, each.period)
    facts.added[ref] = facts.added.get(ref, 0) + each.amount
    raised.append(each)
