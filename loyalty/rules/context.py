"""What the engine hands to `evaluate`, and which counters it has to read for that."""

from __future__ import annotations

from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import NOBODY, BalanceFacts, CounterRef, EventFacts, Facts, MemberFacts
from loyalty.rules.achievements import achievement_refs, days_near
from loyalty.rules.dates import period_start
from loyalty.rules.limiting import limit_refs

__all__ = ["NOBODY", "BalanceFacts", "CounterRef", "EventFacts", "Facts", "MemberFacts", "needed_counters"]


def needed_counters(program: CompiledProgram, event: EventFacts) -> list[CounterRef]:
    """(key, period) of every counter that judging this event can ask for, but for tiers': those are read always."""
    plan = program.triggers.get(event.type)
    if plan is None or not (plan.counters or plan.varying or plan.achievements or plan.badges):
        return []
    day = event.occurred_at.astimezone(program.zone).date()
    found = [(key, period_start(period, day)) for key, period in plan.counters]
    for limit in plan.varying:
        found += limit_refs(limit, event.payload, day)
    if plan.achievements or plan.badges:
        found += achievement_refs(program.achievements, plan.achievements, plan.badges, day, days_near(day))
    return found
