"""The same judgement again, in whatever order a document lists rules, achievements, ladders and counters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.definition.compile import compile_program
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import CounterRef, EventFacts, MemberFacts
from loyalty.definition.read import document_decode
from loyalty.rules.evaluate import evaluate
from loyalty.rules.judgement import Judgement
from tests.loyalty.properties import streams
from tests.trials import scale

BEGIN = datetime(2026, 1, 30, 22, 30, tzinfo=UTC)
LISTS = (
    "currencies", "counters", "ladders", "rules", "challenges", "stamp_cards", "streaks", "badges", "leaderboards"
)  # fmt: skip


def shuffled(document: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    lists = {name: data.draw(st.permutations(document[name]), label=name) for name in LISTS}
    return {**document, **lists}


def events(steps: list[streams.Step]) -> list[EventFacts]:
    """Sales and reviews, some told late; what else steps are is a matter of the ledger."""
    found, at = [], BEGIN
    for number, step in enumerate(steps):
        at += streams.later(step)
        order: dict[str, Any] = {"number": str(number), "currency": "EUR", "total_minor": step.minor}
        order |= {"net_minor": step.minor, "channel": ("", "web")[step.pick % 2], "lines": streams.lines_of(step)}
        sale = step.kind != "review"
        payload = {"order": order} if sale else {"stars": 5}
        then = at - timedelta(days=step.days_late)
        kind = "order.paid" if sale else "review.posted"
        found.append(EventFacts(id=str(number), type=kind, occurred_at=then, received_at=at, payload=payload))
    return found


def life(program: CompiledProgram, told: list[EventFacts]) -> list[Judgement]:
    """One event after the other, each seeing what those before it counted."""
    counters: dict[CounterRef, int] = {}
    judged = []
    for event in told:
        judgement = evaluate(program, event, MemberFacts(counters=counters, joined_at=BEGIN, enrolled_at=BEGIN))
        for key, period, delta in judgement.counters:
            counters[key, period] = counters.get((key, period), 0) + delta
        judged.append(judgement)
    return judged


@settings(max_examples=scale.size(40, 2000), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(document=streams.documents(), steps=st.lists(streams.steps(), min_size=1, max_size=12), data=st.data())
def test_nothing_depends_on_the_order_in_which_a_document_lists_things(document, steps, data):
    told = events(steps)
    one = compile_program(document_decode(document))
    other = compile_program(document_decode(shuffled(document, data)))
    judged = life(one, told)
    assert judged == life(one, told)
    for here, there in zip(judged, life(other, told), strict=True):
        assert here.awards == there.awards
        assert here.achieved == there.achieved
        assert here.acts == there.acts
        assert here.trace == there.trace
        assert set(here.counters) == set(there.counters)
        assert sorted(map(repr, here.raised)) == sorted(map(repr, there.raised))
