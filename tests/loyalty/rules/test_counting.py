"""Declared counters: they rise with every event that matches, whatever the rules do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import CounterRef, MemberFacts
from loyalty.rules.context import needed_counters
from loyalty.rules.evaluate import evaluate
from tests.loyalty.rules import sample

LIFETIME = ""


def counter(code: str = "orders", **fields: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "trigger": "order.paid", **fields}


def counted(program: CompiledProgram, held: dict[CounterRef, int] | None = None, **order: Any) -> dict[CounterRef, int]:
    judged = evaluate(program, sample.paid(**order), MemberFacts(counters=held or {}))
    return {(key, period): amount for key, period, amount in judged.counters}


def test_an_event_counts_also_when_no_rule_waits_for_it() -> None:
    program = sample.compiled([], counters=[counter()])
    assert counted(program) == {("count:orders:lifetime", LIFETIME): 1, ("count:orders:year", "2026-01-01"): 1,
                                ("count:orders:month", "2026-03-01"): 1}  # fmt: skip


def test_a_month_and_a_year_that_start_together_are_counted_apart() -> None:
    program = sample.compiled([], counters=[counter()])
    january = counted(program, at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    assert set(january.values()) == {1}


def test_a_sum_adds_the_amount_and_falls_by_share() -> None:
    program = sample.compiled([], counters=[counter(measure={"kind": "sum", "path": "order.net_minor"})])
    judged = evaluate(program, sample.paid(net_minor=2550), MemberFacts())
    assert {each.amount for each in judged.raised} == {2550}
    assert all(each.by_share for each in judged.raised)


def test_conditions_hold_for_counting_too() -> None:
    app = {"kind": "attribute", "path": "order.channel", "operator": "eq", "value": "app"}
    program = sample.compiled([], counters=[counter(when=app)])
    assert counted(program, channel="shop") == {}
    assert counted(program, channel="app")[("count:orders:lifetime", LIFETIME)] == 1


def test_a_day_counts_once_however_many_orders_there_are_on_it() -> None:
    program = sample.compiled([], counters=[counter("days", measure={"kind": "distinct_days"})])
    first = counted(program)
    assert first[("count:days:lifetime", LIFETIME)] == 1
    second = counted(program, held=first)
    assert second == {("seen:days", "2026-03-04"): 1}
    assert counted(program, held=first, at=sample.NOON + timedelta(days=1))[("count:days:lifetime", LIFETIME)] == 1


def test_what_a_counter_needs_is_read_before() -> None:
    program = sample.compiled([], counters=[counter("days", measure={"kind": "distinct_days"})])
    assert ("seen:days", "2026-03-04") in needed_counters(program, sample.paid())
