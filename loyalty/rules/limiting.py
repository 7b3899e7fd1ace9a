"""Under which counter a limit keeps what it has let through."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from loyalty.definition.comparison import values_at
from loyalty.definition.compiled import CompiledLimit
from loyalty.definition.facts import CounterRef, Facts
from loyalty.rules.dates import period_start

BUDGET = "budget:"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def limit_ref(limit: CompiledLimit, facts: Facts) -> CounterRef:
    """The counter that the limit looks at for this event and member. What counts within an event is never stored."""
    if limit.period == "event":
        return limit.key, "event"
    day = facts.member_local.date() if limit.own_zone else facts.local_date
    key = limit_key(limit, facts.payload) if limit.attribute else limit.key
    return key, period_start(limit.period, day)


def limit_refs(limit: CompiledLimit, payload: Mapping[str, Any], day: date) -> list[CounterRef]:
    """Every counter that the limit may look at, before the member, whose day may be another, is known."""
    key = limit_key(limit, payload)
    days = [day + timedelta(days=off) for off in (-1, 0, 1)] if limit.own_zone else [day]
    return [(key, start) for start in dict.fromkeys(period_start(limit.period, each) for each in days)]


def limit_key(limit: CompiledLimit, payload: Mapping[str, Any]) -> str:
    """A value may be anything and of any length, so what stands in the key is its hash."""
    if not limit.attribute:
        return limit.key
    told = msgspec.json.encode([limit.key, limit.attribute, values_at(payload, limit.attribute)])
    return f"cap:{limit.owner}:value.{hashlib.sha256(told).hexdigest()[:24]}:{limit.period}"


def mark_of(at: datetime) -> int:
    """The moment as a counter keeps it, in seconds; 0 is no mark."""
    return max(1, int((at - _EPOCH).total_seconds()))
