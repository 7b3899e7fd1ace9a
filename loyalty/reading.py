"""Everything that judging a batch needs, in one statement: twins, members and what they hold, orders, stamps.

The versions that are read with it let the booking notice that something moved in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from loyalty.incoming import EventInput, MemberRef


class Account(msgspec.Struct):
    """Minor units. held: balance, pending and reserved together as entries booked so far in this batch leave it."""

    id: int
    currency: str
    balance: int
    pending: int
    debt: int
    held: int


class Standing(msgspec.Struct):
    ladder: str
    tier: str
    since: datetime
    valid_until: datetime | None
    cause: str


class PastMove(msgspec.Struct):
    ladder: str
    from_tier: str
    at: datetime


class Place(msgspec.Struct):
    """A member's enrollment and what judging needs of it. Changed in memory as the batch is judged."""

    id: int
    program_id: int
    version: int
    accounts: list[Account]
    standings: list[Standing]
    moves: list[PastMove]
    counters: dict[str, int]

    def account(self, currency: str) -> Account | None:
        return next((each for each in self.accounts if each.currency == currency), None)

    def standing(self, ladder: str) -> Standing | None:
        return next((each for each in self.standings if each.ladder == ladder), None)


class MemberContext(msgspec.Struct):
    id: int
    public_id: str
    external_id: str | None
    email: str | None
    status: str
    language: str
    joined_at: datetime
    places: list[Place]

    def place(self, program_id: int) -> Place | None:
        return next((each for each in self.places if each.program_id == program_id), None)


class AwardLot(msgspec.Struct):
    """An award's lot as it stands. effect: `rule:<code>:<index>`, as in the event's snapshot."""

    entry: int
    account: int
    effect: str
    rule: str
    granted: int
    remaining: int
    reversed: int
    active: bool
    expires_at: datetime | None


class OrderContext(msgspec.Struct):
    """due: points of the order's member wait to become active or to expire, which must happen before a return."""

    event_id: str
    source: str
    number: str
    member_id: int | None
    program_id: int
    total_minor: int
    refunded_minor: int
    due: bool
    awards: list[dict[str, Any]]
    lots: list[AwardLot]


class Twin(msgspec.Struct, frozen=True):
    """An event of the same source and id that is there already."""

    source: str
    external_id: str
    payload_hash: str
    result: dict[str, Any]


class Context(msgspec.Struct):
    """What was read. orders: those named by number, of whatever member."""

    twins: dict[tuple[str, str], Twin] = {}
    members: list[MemberContext] = []
    orders: dict[tuple[str, str], OrderContext] = {}
    stamps: dict[int, int] = {}
    _found: dict[MemberRef, MemberContext] = {}

    def add_member(self, member: MemberContext) -> None:
        self.members.append(member)
        self._found[MemberRef(id=member.public_id)] = member
        if member.external_id is not None:
            self._found[MemberRef(external_id=member.external_id)] = member
        if member.email is not None:
            self._found[MemberRef(email=member.email.lower())] = member

    def member(self, ref: MemberRef) -> MemberContext | None:
        return self._found.get(ref)


_STAMPS = "SELECT 'stamp', json_build_array(id, stamp)::text FROM loyalty_program WHERE archived_at IS NULL"
_TWINS = """
SELECT 'twin', json_build_object('source', e.source, 'external_id', e.external_id,
    'payload_hash', encode(e.payload_hash, 'hex'), 'result', e.result)::text
FROM loyalty_event e JOIN unnest(%s::text[], %s::text[]) AS k (source, external_id)
  ON e.source = k.source AND e.external_id = k.external_id
"""
_MEMBERS = """
SELECT 'member', json_build_object('id', m.id, 'public_id', m.public_id, 'external_id', m.external_id, 'email', m.email,
    'status', m.status, 'language', m.language, 'joined_at', m.joined_at, 'places', coalesce((
    SELECT json_agg(json_build_object('id', n.id, 'program_id', n.program_id, 'version', n.version,
        'accounts', coalesce((SELECT json_agg(json_build_object('id', a.id, 'currency', a.currency,
            'balance', a.balance, 'pending', a.pending, 'debt', a.debt, 'held', a.balance + a.pending + a.reserved))
            FROM loyalty_pointsaccount a WHERE a.enrollment_id = n.id), '[]'),
        'standings', coalesce((SELECT json_agg(json_build_object('ladder', s.ladder, 'tier', s.tier, 'since', s.since,
            'valid_until', s.valid_until, 'cause', s.cause))
            FROM loyalty_tierstanding s WHERE s.enrollment_id = n.id), '[]'),
        'moves', coalesce((SELECT json_agg(json_build_object('ladder', c.ladder, 'from_tier', c.from_tier, 'at', c.at)
            ORDER BY c.at, c.id) FROM loyalty_tierchange c WHERE c.enrollment_id = n.id AND c.at > %s), '[]'),
        'counters', coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value)
            FROM loyalty_progresscounter c WHERE c.enrollment_id = n.id
              AND (c.key LIKE 'tier:%%' OR (c.key || '@' || c.period) = ANY (%s))), '{}')))
    FROM loyalty_enrollment n WHERE n.member_id = m.id), '[]'))::text
FROM members_member m WHERE
"""
_ORDERS = """
SELECT 'order', json_build_object('event_id', o.event_id, 'source', o.source, 'number', o.number,
    'member_id', o.member_id, 'program_id', v.program_id, 'total_minor', o.total_minor,
    'refunded_minor', o.refunded_minor, 'due', EXISTS (
        SELECT 1 FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id = n.id
        JOIN loyalty_pointslot l ON l.account_id = a.id WHERE n.member_id = o.member_id AND (
            (l.active_at IS NULL AND l.activates_at <= %s)
            OR (l.active_at IS NOT NULL AND l.remaining > 0 AND l.expires_at <= %s))), 'awards', coalesce(v.trace->'awards', '[]'), 'lots', coalesce((
    SELECT json_agg(json_build_object('entry', l.entry_id, 'account', l.account_id, 'effect', e.effect, 'rule', e.rule,
        'granted', l.granted, 'remaining', l.remaining, 'reversed', l.reversed, 'active', l.active_at IS NOT NULL,
        'expires_at', l.expires_at) ORDER BY l.entry_id)
    FROM loyalty_pointsentry e JOIN loyalty_pointslot l ON l.entry_id = e.id
    WHERE e.event_id = o.event_id), '[]'))::text
FROM loyalty_order o JOIN loyalty_event v ON v.id = o.event_id
JOIN unnest(%s::text[], %s::text[]) AS k (source, number) ON o.source = k.source AND o.number = k.number
"""


def context_read(
    batch: Sequence[EventInput],
    *,
    counters: Iterable[tuple[str, str]],
    orders: Sequence[tuple[str, str]],
    now: datetime,
) -> Context:
    """One round trip. counters: (key, period) of caps that may be asked; tiers' are read always."""
    parts, params = [_STAMPS], []
    if batch:
        parts.append(_TWINS)
        params += [[each.source for each in batch], [each.external_id for each in batch]]
    where, refs = _who({each.member for each in batch if each.member is not None})
    if where:
        oldest = min(each.occurred_at for each in batch)
        parts.append(_MEMBERS + where)
        params += [oldest, [f"{key}@{period}" for key, period in counters], *refs]
    if orders:
        parts.append(_ORDERS)
        params += [now, now, [each[0] for each in orders], [each[1] for each in orders]]
    context = Context()
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        for tag, text in cursor.fetchall():
            _take(context, tag, text)
    return context


def _take(context: Context, tag: str, text: str) -> None:
    if tag == "stamp":
        program_id, stamp = msgspec.json.decode(text)
        context.stamps[program_id] = stamp
    elif tag == "twin":
        twin = msgspec.json.decode(text, type=Twin)
        context.twins[twin.source, twin.external_id] = twin
    elif tag == "member":
        context.add_member(msgspec.json.decode(text, type=MemberContext))
    else:
        order = msgspec.json.decode(text, type=OrderContext)
        context.orders[order.source, order.number] = order


def _who(refs: set[MemberRef]) -> tuple[str, list[Any]]:
    """The condition that finds the members, naming only the columns that are asked for, so that an index serves."""
    ids = [UUID(each.id) for each in refs if each.id is not None]
    external = [each.external_id for each in refs if each.external_id is not None]
    emails = [each.email for each in refs if each.email is not None]
    terms: list[tuple[str, list[Any]]] = [
        ("m.public_id = ANY (%s)", ids),
        ("m.external_id = ANY (%s)", external),
        ("lower(m.email) = ANY (%s)", emails),
    ]
    used = [(sql, values) for sql, values in terms if values]
    return " OR ".join(sql for sql, _values in used), [values for _sql, values in used]
