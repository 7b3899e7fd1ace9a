"""The night's work of a program, in its fixed order, at each local midnight: activate and expire points, then tiers.

A day that was missed is caught up in order, a day run twice changes nothing: what is due is found by its date, and what
was done is no longer due. Each chunk commits by itself, so a killed run goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zlib import crc32

import msgspec
from django.db import connection, transaction

from core import clock
from core.tables import JobRun
from core.tenancy import current_schema
from loyalty import ledger
from loyalty.booking import Plan
from loyalty.lapsing import Whose, standings_lapse
from loyalty.models import Program
from loyalty.reading import Place
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import program_state_of
from loyalty.versions import ProgramState

log = logging.getLogger(__name__)

JOB = "nightly"
LOTS_AT_ONCE, TIERS_AT_ONCE = 5_000, 2_000


class DayReport(msgspec.Struct):
    """What one day's run did. ran False: another process was at it, or the day was done before."""

    day: date
    lots: int = 0
    tiers: int = 0
    ran: bool = True


def nightly_run(*, program: Program, today: date | None = None) -> list[DayReport]:
    """Do every day that is due up to today (the program's local day), oldest first; one report per day."""
    state = program_state_of(program.pk)
    zone = state.at(clock.now()).zone
    last_day = today or local_day(clock.now(), zone)
    with _alone(program.slug) as alone:
        if not alone:
            return []
        return [_day_run(program, state, day, day_start(day, zone)) for day in _days_due(program, last_day)]


def _days_due(program: Program, last_day: date) -> list[date]:
    """The days after the last finished one. A program's first night is today's."""
    finished = JobRun.objects.filter(job=JOB, scope=program.slug, finished_at__isnull=False)
    last = finished.order_by("-local_date").values_list("local_date", flat=True).first()
    first = last + timedelta(days=1) if last is not None else last_day
    return [first + timedelta(days=n) for n in range((last_day - first).days + 1)]


def _day_run(program: Program, state: ProgramState, day: date, midnight: datetime) -> DayReport:
    run, _made = JobRun.objects.get_or_create(
        job=JOB, scope=program.slug, local_date=day, defaults={"started_at": clock.now()}
    )
    report = DayReport(day)
    while moved := ledger.points_settle_batch(program_id=program.pk, now=midnight, limit=LOTS_AT_ONCE):
        report.lots += moved
    while moved := tiers_expire_chunk(state, midnight):
        report.tiers += moved
    run.finished_at = clock.now()
    run.outcome = {"lots": report.lots, "tiers": report.tiers}
    run.save(update_fields=["finished_at", "outcome"])
    return report


class _Due(msgspec.Struct):
    place: Place
    member_id: str
    joined_at: datetime


_DUE = """
SELECT s.enrollment_id FROM loyalty_tierstanding s JOIN loyalty_enrollment n ON n.id = s.enrollment_id
WHERE n.program_id = %s AND s.valid_until IS NOT NULL AND s.valid_until <= %s ORDER BY s.valid_until LIMIT %s
"""
_PLACES = """
SELECT json_build_object('member_id', m.public_id, 'joined_at', m.joined_at,
    'place', json_build_object('id', n.id, 'program_id', n.program_id,
    'version', n.version, 'enrolled_at', n.enrolled_at, 'accounts', json_build_array(), 'moves', json_build_array(),
    'standings', (SELECT json_agg(json_build_object('ladder', s.ladder, 'tier', s.tier, 'since', s.since,
        'valid_until', s.valid_until, 'cause', s.cause)) FROM loyalty_tierstanding s WHERE s.enrollment_id = n.id),
    'counters', coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value) FROM loyalty_progresscounter c
        WHERE c.enrollment_id = n.id AND c.key LIKE 'tier:%%'), '{}')))::text
FROM loyalty_enrollment n JOIN members_member m ON m.id = n.member_id WHERE n.id = ANY (%s) ORDER BY n.id
"""


def tiers_expire_chunk(state: ProgramState, midnight: datetime) -> int:
    """Look at up to a chunk of standings whose time is over, their members locked. How many moved; 0: none is due."""
    compiled, plan = state.at(midnight), Plan()
    with transaction.atomic():
        for each in _due_locked(state.id, midnight):
            plan.members[each.place.id] = each.place.version
            whose = Whose(each.member_id, state.slug, each.joined_at)
            standings_lapse(each.place, compiled=compiled, plan=plan, at=midnight, whose=whose)
        if plan.members:
            ledger.batch_book(members=sorted(plan.members.items()), now=clock.now(), plan=plan.rows())
    # What was due and didn't move would be due for ever: the count is of what was planned.
    return len(plan.standings)


def _due_locked(program_id: int, midnight: datetime) -> list[_Due]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [program_id, midnight, TIERS_AT_ONCE])
        found = sorted({row[0] for row in cursor.fetchall()})
        cursor.execute("SELECT 1 FROM loyalty_enrollment WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE", [found])
        cursor.execute(_PLACES, [found])
        return [msgspec.json.decode(text, type=_Due) for (text,) in cursor.fetchall()]


@contextmanager
def _alone(scope: str) -> Iterator[bool]:
    """Hold the program's night for this process; False when another holds it. The lock ends with the connection."""
    key = crc32(f"{current_schema()}/{JOB}/{scope}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        row = cursor.fetchone()
        held = bool(row and row[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
