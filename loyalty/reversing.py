"""Taking a whole event back: `event.reversed`, which only the product says.

It names the event by (source, external id). What that gave goes as it does when an order is returned whole: points by
the currency's refund policy, caps, counters, tiers, achievements, and rewards that weren't used. Its own id is made of
that name, so an event is taken back once. An order isn't: `order.returned` does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from core.actor import Actor
from core.errors import InvalidInput
from loyalty.booking import Plan
from loyalty.cases import Case
from loyalty.incoming import OWN_SOURCE, EventInput, MemberRef, body_hash
from loyalty.models import Event
from loyalty.payloads import EVENT_REVERSED
from loyalty.reading import Context, OrderContext
from loyalty.returns import event_undo

_READ = """
SELECT v.source, v.external_id, json_build_object('event_id', v.id, 'source', v.source, 'number', '',
    'member_id', v.member_id, 'program_id', v.program_id, 'version_id', v.version_id, 'total_minor', 1,
    'refunded_minor', 0, 'due', EXISTS (
        SELECT 1 FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id IN (n.id, n.pool_id)
        JOIN loyalty_pointslot l ON l.account_id = a.id WHERE n.member_id = v.member_id AND (
            (l.active_at IS NULL AND l.activates_at <= %(now)s)
            OR (l.active_at IS NOT NULL AND l.remaining > 0 AND l.expires_at <= %(now)s)))
        OR EXISTS (
        SELECT 1 FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id IN (n.id, n.pool_id)
        JOIN loyalty_pointshold h ON h.account_id = a.id
        WHERE n.member_id = v.member_id AND h.state = 'held' AND h.expires_at <= %(now)s),
    'awards', coalesce(v.trace->'awards', '[]'), 'raised', coalesce(v.trace->'raised', '[]'),
    'acts', coalesce(v.trace->'acts', '[]'), 'counted', coalesce((
        SELECT json_object_agg(c.key || '@' || c.period, c.value)
        FROM loyalty_enrollment n JOIN loyalty_progresscounter c ON c.enrollment_id = n.id
        WHERE n.member_id = v.member_id AND n.program_id = v.program_id AND (c.key, c.period) IN (
            SELECT r->>'key', r->>'period' FROM jsonb_array_elements(coalesce(v.trace->'raised', '[]')) r)), '{}'),
    'lots', coalesce((
        SELECT json_agg(to_jsonb(l) || jsonb_build_object('entry', l.entry_id, 'account', l.account_id,
            'effect', e.effect, 'rule', e.rule, 'active', l.active_at IS NOT NULL) ORDER BY l.entry_id)
        FROM loyalty_pointsentry e JOIN loyalty_pointslot l ON l.entry_id = e.id
        WHERE e.event_id = v.id), '[]'))::text
FROM unnest(%(sources)s::text[], %(ids)s::text[]) AS k (source, external_id)
JOIN loyalty_event v ON v.source = k.source AND v.external_id = k.external_id
WHERE NOT EXISTS (SELECT 1 FROM loyalty_order o WHERE o.event_id = v.id)
"""


def reversal_event(
    *, source: str, external_id: str, member: str, program: str, at: datetime, reason: dict[str, str]
) -> EventInput:
    """The event that takes back the one of that name. member: the public id. reason: what the member reads."""
    told = {"type": EVENT_REVERSED, "member": member, "program": program, "event": [source, external_id]}
    return EventInput(
        external_id=reversal_id(source, external_id),
        type=EVENT_REVERSED,
        occurred_at=at,
        member=MemberRef(id=member),
        source=OWN_SOURCE,
        program=program,
        payload={"event": {"source": source, "id": external_id}, "reason": reason},
        body_hash=body_hash(told),
    )


def reversal_id(source: str, external_id: str) -> str:
    return f"reverse:{source}:{external_id}"[:200]


def event_reversed(source: str, external_id: str) -> bool:
    """Whether the event of that name was taken back."""
    return Event.objects.filter(source=OWN_SOURCE, external_id=reversal_id(source, external_id)).exists()


def reversals_read(context: Context, events: Sequence[EventInput], now: datetime) -> None:
    """Add what is to be taken back to the context. A member whose holdings moved since that was read is judged again
    anyway, so it needn't be of the same snapshot."""
    named = [_named(each) for each in events if each.type == EVENT_REVERSED]
    if not named:
        return
    params: dict[str, Any] = {"now": now, "sources": [each[0] for each in named], "ids": [each[1] for each in named]}
    with connection.cursor() as cursor:
        cursor.execute(_READ, params)
        for source, external_id, text in cursor.fetchall():
            context.reversals[source, external_id] = msgspec.json.decode(text, type=OrderContext)


def reversal_judge(case: Case, context: Context, plan: Plan, actor: Actor, now: datetime) -> dict[str, Any]:
    """Plan to take the named event back. InvalidInput when it is another member's or another program's."""
    undone = context.reversals.get(_named(case.event))
    if undone is not None:
        owner = case.member.id if case.member is not None else None
        if (undone.member_id, undone.program_id) != (owner, case.state.id):
            raise InvalidInput("the event to be taken back is another member's", field="member")
    return event_undo(case, undone, plan, actor, now, dict(case.event.payload["reason"]))


def _named(event: EventInput) -> tuple[str, str]:
    told = event.payload.get("event", {})
    return str(told.get("source", "")), str(told.get("id", ""))
