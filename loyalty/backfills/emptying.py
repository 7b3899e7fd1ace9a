"""Taking back what was counted from before, of some members: they stand as if the counters had started at zero.

What goes is what events of versions without these counters raised, by the notes that they carry; a version that
declares a counter itself counted by its own right, and that stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection

from loyalty import ledger
from loyalty.backfills.filling import COUNT, MOVED, SEEN, returned_of
from loyalty.definition.compiled import CompiledCounter
from loyalty.incoming import OWN_SOURCE
from loyalty.rules.judgement import Raised
from loyalty.versions import ProgramState

# What was returned whole, or taken back, has lowered what it raised already; its note says no more then.
_NOTED = """
SELECT n.id, v.id, v.version_id, (v.trace->'raised')::text, coalesce(o.total_minor, 0), coalesce(o.refunded_minor, 0),
       (o.event_id IS NOT NULL AND o.total_minor > 0 AND o.refunded_minor >= o.total_minor)
       OR EXISTS (SELECT 1 FROM loyalty_event r WHERE r.source = %(own)s
                  AND r.external_id = left('reverse:' || v.source || ':' || v.external_id, 200))
FROM loyalty_enrollment n JOIN loyalty_event v ON v.member_id = n.member_id AND v.program_id = n.program_id
LEFT JOIN loyalty_order o ON o.event_id = v.id
WHERE n.id = ANY (%(enrollments)s) AND v.type = ANY (%(types)s) AND v.version_id IS NOT NULL AND v.trace ? 'raised'
ORDER BY n.id, v.occurred_at, v.id
"""
_NOTE = """
UPDATE loyalty_event v SET trace = jsonb_set(v.trace, '{raised}', d.raised::jsonb)
FROM unnest(%s::uuid[], %s::text[]) AS d (id, raised) WHERE v.id = d.id
"""
Place = tuple[int, str, str]


class _Noted(msgspec.Struct, frozen=True, array_like=True):
    enrollment: int
    id: Any
    version_id: int
    raised: str
    total_minor: int
    refunded_minor: int
    gone: bool


class Emptier:
    """What a canceled run takes back. counters: by the type of event that raises them."""

    def __init__(self, state: ProgramState, counters: Mapping[str, tuple[CompiledCounter, ...]]) -> None:
        self.state = state
        self.types = sorted(counters)
        self.keys: dict[str, str] = {}  # what a counter is kept under → its code
        self.seen: list[str] = []
        for each in (each for found in counters.values() for each in found):
            names = [key for key, _period in each.periods] + [key for key, _window in each.tiers]
            self.keys |= dict.fromkeys([*names, each.seen] if each.seen else names, each.code)
            self.seen += [each.seen] if each.seen else []

    def empty(self, enrollments: Sequence[int]) -> int:
        """Take back what these members' events raised; returns how many had. In a transaction, which holds their
        locks until its end."""
        ledger.enrollments_lock(enrollments)
        ids = list(enrollments)
        deltas: dict[Place, int] = defaultdict(int)
        notes: list[tuple[Any, str]] = []
        with connection.cursor() as cursor:
            cursor.execute(_NOTED, {"enrollments": ids, "types": self.types, "own": OWN_SOURCE})
            stored = [_Noted(*row) for row in cursor.fetchall()]
            cursor.execute(SEEN, [ids, self.seen])
            seen = {(each[0], each[1], each[2]): each[3] for each in cursor.fetchall()}
            for each in stored:
                raised = msgspec.json.decode(each.raised, type=list[Raised])
                own = [one for one in raised if self._from_before(one, each.version_id)]
                if not own:
                    continue
                if not each.gone:
                    _lower(each, own, seen, deltas)
                left = [one for one in raised if one not in own]
                notes.append((each.id, msgspec.json.encode(left).decode()))
            rows = [(*place, value) for place, value in sorted(deltas.items()) if value]
            if rows:
                cursor.execute(COUNT, [list(column) for column in zip(*rows, strict=True)])
            if notes:
                cursor.execute(_NOTE, [list(column) for column in zip(*notes, strict=True)])
            cursor.execute(MOVED, [ids])
        return len(notes)

    def _from_before(self, raised: Raised, version_id: int) -> bool:
        code = self.keys.get(raised.key)
        if code is None:
            return False
        return all(each.code != code for each in self.state.version(version_id).document.counters)


def _lower(noted: _Noted, raised: Sequence[Raised], seen: dict[Place, int], deltas: dict[Place, int]) -> None:
    """As a return of all of it would, less what came back already. A day goes with the last event of it."""
    for each in raised:
        if each.guard:
            key, _, period = each.guard.rpartition("@")
            if seen.get((noted.enrollment, key, period), 0) > 0:
                continue
        place = (noted.enrollment, each.key, each.period)
        due = each.amount - returned_of(each, total=noted.total_minor, refunded=noted.refunded_minor)
        deltas[place] -= due
        if place in seen:
            seen[place] -= due
