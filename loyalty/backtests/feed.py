"""What a replay is fed with: members by chunks, each with everything that was booked of them, oldest first.

Read by keyset on the enrollment, a few statements a chunk, only the columns that judging again needs: memory stays
flat however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from loyalty.backtests.giving import GivenTier
from loyalty.backtests.memory import Changed, Closed, Hand, Held, Night, Stored
from loyalty.definition.compiled import CompiledProgram
from loyalty.nightly import JOB
from loyalty.reading import MemberContext
from loyalty.rules.dates import day_start

# Members of a chunk: so many that it holds about so many events, by the chunk before.
FIRST, MOST, EVENTS = 50, 1000, 5000


class Person(msgspec.Struct):
    """enrollment: its id. accounts: currency → account id. really: currency → [issued, reversed] in the window."""

    enrollment: int
    enrolled_at: datetime
    member: MemberContext
    accounts: dict[str, int]
    events: Sequence[Stored] = ()
    hands: Sequence[Hand | Held | Closed | Changed] = ()
    given: Sequence[GivenTier] = ()
    really: dict[str, list[int]] = {}


# A chunk is a small piece of large tables; the planner takes a condition on id % parts for rarer than it is, and
# would go through all members for every chunk.
_BY_KEY = "SET LOCAL enable_seqscan = off"
_PEOPLE = """
SELECT json_build_object('enrollment', n.id, 'enrolled_at', n.enrolled_at, 'member', json_build_object(
    'id', m.id, 'public_id', m.public_id, 'external_id', NULL, 'email', NULL, 'status', m.status,
    'language', m.language, 'joined_at', m.joined_at, 'birth_date', m.birth_date, 'time_zone', m.time_zone,
    'attributes', m.attributes, 'places', json_build_array(), 'facts', coalesce((
        SELECT json_object_agg(f.key, f.value) FROM members_memberfact f
        WHERE f.member_id = m.id AND (f.until IS NULL OR f.until > %(until)s)), '{}')),
    'accounts', coalesce((SELECT json_object_agg(a.currency, a.id)
        FROM loyalty_pointsaccount a WHERE a.enrollment_id = n.id), '{}'))::text
FROM (SELECT * FROM loyalty_enrollment WHERE program_id = %(program)s AND id > %(after)s
      AND id %% %(parts)s = %(part)s AND enrolled_at < %(until)s ORDER BY id LIMIT %(limit)s) n
JOIN members_member m ON m.id = n.member_id ORDER BY n.id
"""
_EVENTS = """
SELECT member_id, json_agg(json_build_array(received_at, id, type, source, external_id, occurred_at, payload)
                           ORDER BY received_at, id)::text
FROM loyalty_event WHERE member_id = ANY (%(members)s) AND program_id = %(program)s AND received_at < %(until)s
GROUP BY member_id
"""
_HANDS = """
SELECT a.enrollment_id, e.recorded_at, e.id, a.currency, e.kind, e.points, e.expires_at,
       CASE WHEN e.effect LIKE 'undo:%%' THEN e.reversal_of_id END, coalesce(l.rolls, 0)
FROM loyalty_pointsaccount a JOIN loyalty_pointsentry e ON e.account_id = a.id
LEFT JOIN loyalty_pointslot l ON l.entry_id = e.id
WHERE a.enrollment_id = ANY (%(enrollments)s) AND e.event_id IS NULL AND e.kind NOT IN ('expire', 'debt')
  AND e.effect NOT LIKE 'collect:%%' AND e.effect NOT LIKE 'hold:%%' AND e.recorded_at < %(until)s
ORDER BY a.enrollment_id, e.recorded_at, e.id
"""
_HOLDS = """
SELECT a.enrollment_id, h.id::text, a.currency, h.points, h.held_at, h.expires_at, h.closed_at, h.source,
       h.order_number, h.captured, h.entry_id, h.state = 'expired'
FROM loyalty_pointsaccount a JOIN loyalty_pointshold h ON h.account_id = a.id
WHERE a.enrollment_id = ANY (%(enrollments)s) AND h.held_at < %(until)s
ORDER BY a.enrollment_id, h.held_at, h.id
"""
# taken_at: NULL where its time was simply over.
_GIVEN = """
SELECT enrollment_id, ladder, tier, set_at, until, CASE WHEN until IS NULL OR ended_at < until THEN ended_at END
FROM loyalty_tierfloor WHERE enrollment_id = ANY (%(enrollments)s) AND set_at < %(until)s ORDER BY enrollment_id, id
"""
_REALLY = """
SELECT account_id, sum(points) FILTER (WHERE kind = 'earn'),
       -sum(points) FILTER (WHERE kind = 'reverse' AND event_id IS NOT NULL AND effect NOT LIKE 'restore:%%')
FROM loyalty_pointsentry
WHERE account_id = ANY (%(accounts)s) AND recorded_at >= %(since)s AND recorded_at < %(until)s
GROUP BY account_id
"""
_NIGHTS = """
SELECT started_at, local_date FROM core_jobrun WHERE job = %s AND scope = %s AND finished_at IS NOT NULL
ORDER BY started_at, local_date
"""
_read_person = msgspec.json.Decoder(Person).decode
_read_events = msgspec.json.Decoder(list[Stored]).decode


def people(
    *, program_id: int, since: datetime, until: datetime, part: int, parts: int, after: int, limit: int = FIRST
) -> list[Person]:
    """The next so many members of a part, with all that was booked of them before `until`; [] at the end."""
    scope: dict[str, Any] = {
        "program": program_id,
        "until": until,
        "since": since,
        "part": part,
        "parts": parts,
        "after": after,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_KEY)
        cursor.execute(_PEOPLE, {**scope, "limit": limit})
        found = [_read_person(text) for (text,) in cursor.fetchall()]
        scope["enrollments"] = [each.enrollment for each in found]
        scope["members"] = [each.member.id for each in found]
        _complete(cursor, scope, found, until)
    return found


def _complete(cursor: CursorWrapper, scope: dict[str, Any], found: list[Person], until: datetime) -> None:
    """What was booked of these members besides their place: events, hands, holds, tiers given, points."""
    by_member = {each.member.id: each for each in found}
    by_enrollment = {each.enrollment: each for each in found}
    cursor.execute(_EVENTS, scope)
    for member_id, text in cursor.fetchall():
        by_member[member_id].events = _read_events(text)
    cursor.execute(_HANDS, scope)
    for enrollment_id, rows in groupby(cursor.fetchall(), itemgetter(0)):
        by_enrollment[enrollment_id].hands = [Hand(*row[1:]) for row in rows]
    cursor.execute(_HOLDS, scope)
    for enrollment_id, rows in groupby(cursor.fetchall(), itemgetter(0)):
        person = by_enrollment[enrollment_id]
        person.hands = sorted([*_holds(rows, until), *person.hands], key=attrgetter("at"))
    cursor.execute(_GIVEN, scope)
    for enrollment_id, rows in groupby(cursor.fetchall(), itemgetter(0)):
        person = by_enrollment[enrollment_id]
        person.given = [GivenTier(*row[1:]) for row in rows]
        person.hands = sorted([*_given(person.given, until), *person.hands], key=attrgetter("at"))
    owners = {account: (each, code) for each in found for code, account in each.accounts.items()}
    cursor.execute(_REALLY, {**scope, "accounts": list(owners)})
    for account, issued, reversed_ in cursor.fetchall():
        person, currency = owners[account]
        person.really[currency] = [int(issued or 0), int(reversed_ or 0)]


def _holds(rows: Iterable[Any], until: datetime) -> Iterator[Held | Closed]:
    for _enrollment, key, currency, points, at, ends, closed, source, order, taken, entry, lapsed in rows:
        yield Held(at, key, currency, points, ends)
        if closed is not None and closed < until:
            yield Closed(closed, key, source, order, taken, entry, lapsed)


def _given(tiers: Iterable[GivenTier], until: datetime) -> Iterator[Changed]:
    for each in tiers:
        yield Changed(each.set_at, each.ladder)
        if each.taken_at is not None and each.taken_at < until:
            yield Changed(each.taken_at, each.ladder)


def nights_of(slug: str, compiled: CompiledProgram) -> list[Night]:
    """The nights that the program has had, in the order in which they ran. Days before the first had none."""
    with connection.cursor() as cursor:
        cursor.execute(_NIGHTS, [JOB, slug])
        return [Night(ran_at, day_start(day, compiled.zone)) for ran_at, day in cursor.fetchall()]


def chunks(
    *, program_id: int, since: datetime, until: datetime, part: int, parts: int, after: int
) -> Iterator[list[Person]]:
    limit = FIRST
    scope: dict[str, Any] = {"program_id": program_id, "since": since, "until": until, "part": part, "parts": parts}
    while found := people(**scope, after=after, limit=limit):
        yield found
        after = found[-1].enrollment
        events = sum(len(each.events) for each in found)
        limit = max(1, min(MOST, EVENTS * len(found) // max(events, 1)))
