"""Counting the stored events of some members, under the locks that their bookings take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection

from loyalty import ledger
from loyalty.definition.compiled import CompiledCounter
from loyalty.definition.facts import CounterRef, EventFacts, Facts, MemberFacts
from loyalty.incoming import OWN_SOURCE
from loyalty.rules.counting import counters_raise
from loyalty.rules.judgement import Raised
from loyalty.versions import ProgramState

# Whole returns and reversals leave nothing to count, and nothing that could come back.
_EVENTS = """
SELECT n.id, m.joined_at, n.enrolled_at, m.birth_date, v.id, v.type, v.occurred_at, v.received_at, v.payload::text,
       v.version_id, coalesce(v.trace->'raised', '[]')::text, coalesce(o.total_minor, 0), coalesce(o.refunded_minor, 0)
FROM loyalty_enrollment n JOIN members_member m ON m.id = n.member_id
JOIN loyalty_event v ON v.member_id = n.member_id AND v.program_id = n.program_id
LEFT JOIN loyalty_order o ON o.event_id = v.id
WHERE n.id = ANY (%(enrollments)s) AND v.type = ANY (%(types)s) AND v.version_id IS NOT NULL
  AND NOT (o.event_id IS NOT NULL AND o.total_minor > 0 AND o.refunded_minor >= o.total_minor)
  AND NOT EXISTS (SELECT 1 FROM loyalty_event r WHERE r.source = %(own)s
                  AND r.external_id = left('reverse:' || v.source || ':' || v.external_id, 200))
ORDER BY n.id, v.occurred_at, v.id
"""
SEEN = """
SELECT enrollment_id, key, period, value FROM loyalty_progresscounter
WHERE enrollment_id = ANY (%s) AND key = ANY (%s)
"""
COUNT = """
INSERT INTO loyalty_progresscounter (enrollment_id, key, period, value)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[])
ON CONFLICT (enrollment_id, key, period) DO UPDATE SET value = loyalty_progresscounter.value + EXCLUDED.value
"""
_NOTE = """
UPDATE loyalty_event v
SET trace = jsonb_set(v.trace, '{raised}', coalesce(v.trace->'raised', '[]') || d.raised::jsonb)
FROM unnest(%s::uuid[], %s::text[]) AS d (id, raised) WHERE v.id = d.id
"""
# Whatever was judged by what the member had before is judged again, by programs read anew.
MOVED = "UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (%s)"


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    enrollment: int
    joined_at: Any
    enrolled_at: Any
    birth_date: Any
    id: Any
    type: str
    occurred_at: Any
    received_at: Any
    payload: str
    version_id: int
    raised: str
    total_minor: int
    refunded_minor: int


class Filler:
    """What a run counts. counters: by the type of event that raises them."""

    def __init__(self, state: ProgramState, counters: Mapping[str, tuple[CompiledCounter, ...]]) -> None:
        self.state = state
        self.counters = counters
        self.deltas: dict[tuple[int, str, str], int] = defaultdict(int)
        self.notes: list[tuple[Any, str]] = []

    def fill(self, enrollments: Sequence[int]) -> int:
        """Count what these members' events haven't raised yet; returns how many events were read. In a transaction,
        which holds their locks until its end."""
        ledger.enrollments_lock(enrollments)
        ids = list(enrollments)
        with connection.cursor() as cursor:
            cursor.execute(_EVENTS, {"enrollments": ids, "types": sorted(self.counters), "own": OWN_SOURCE})
            stored = [_Stored(*row) for row in cursor.fetchall()]
            cursor.execute(SEEN, [ids, [each.seen for each in self._all() if each.seen]])
            seen: dict[int, dict[CounterRef, int]] = defaultdict(dict)
            for enrollment, key, period, value in cursor.fetchall():
                seen[enrollment][key, period] = value
            for enrollment, events in groupby(stored, attrgetter("enrollment")):
                for each in events:
                    self._event(each, seen[enrollment])
            self._write(cursor, ids)
        return len(stored)

    def _all(self) -> Iterator[CompiledCounter]:
        return (each for counters in self.counters.values() for each in counters)

    def _event(self, stored: _Stored, counted: dict[CounterRef, int]) -> None:
        judged = self.state.version(stored.version_id)
        known = {each["key"] for each in msgspec.json.decode(stored.raised)}
        due = tuple(each for each in self.counters[stored.type] if not known & _keys(each))
        if not due:
            return
        member = MemberFacts(
            counters=counted,
            joined_at=stored.joined_at,
            enrolled_at=stored.enrolled_at,
            birth_date=stored.birth_date,
        )
        event = EventFacts(
            id=str(stored.id),
            type=stored.type,
            occurred_at=stored.occurred_at,
            received_at=stored.received_at,
            payload=msgspec.json.decode(stored.payload),
        )
        facts = Facts(event, member, judged.zone)
        raised = counters_raise(due, facts)
        if not raised:
            return
        for (key, period), amount in facts.added.items():
            counted[key, period] = counted.get((key, period), 0) + amount
            self.deltas[stored.enrollment, key, period] += amount
        for each in raised:
            self.deltas[stored.enrollment, each.key, each.period] -= returned_of(
                each, total=stored.total_minor, refunded=stored.refunded_minor
            )
        self.notes.append((stored.id, msgspec.json.encode(raised).decode()))

    def _write(self, cursor: Any, enrollments: list[int]) -> None:
        rows = [(*place, value) for place, value in sorted(self.deltas.items()) if value]
        if rows:
            cursor.execute(COUNT, [list(column) for column in zip(*rows, strict=True)])
        if self.notes:
            cursor.execute(_NOTE, [list(column) for column in zip(*self.notes, strict=True)])
        cursor.execute(MOVED, [enrollments])
        self.deltas.clear()
        self.notes.clear()


def _keys(counter: CompiledCounter) -> set[str]:
    """By which an event that raised it is known."""
    return {counter.seen} if counter.seen else {key for key, _period in counter.periods}


def returned_of(raised: Raised, *, total: int, refunded: int) -> int:
    """The share that came back already; what comes back from now on is taken by the returns themselves."""
    if not raised.by_share or not total:
        return 0
    return raised.amount * refunded // total
