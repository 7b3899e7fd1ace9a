"""A night in which everyone's points expire and everyone's tier is over, against bare statements on a twin brand."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bench.ground import Ground
from bench.report import Finding, Report
from bench.seeding import shop_make
from core import clock
from core.tables import JobRun
from loyalty.models import Program, TierChange
from loyalty.nightly import nightly_run
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import program_state_of
from tenants.context import brand_context, platform_context
from tenants.models import Brand

# A lot of 100 points each that ends then; a third was a VIP; every third has earned the tier again.
SEED = """
UPDATE loyalty_tierstanding SET tier = CASE WHEN enrollment_id % 3 = 0 THEN 'vip' ELSE 'advocate' END,
    since = now() - interval '300 days', valid_until = %(ends)s, cause = 'earned';
INSERT INTO loyalty_progresscounter (enrollment_id, key, period, value)
SELECT id, 'tier:points:calendar_year', %(year)s, CASE WHEN id % 3 = 1 THEN 6000 ELSE 100 END FROM loyalty_enrollment;
WITH made AS (
    INSERT INTO loyalty_pointsentry (account_id, kind, points, debt, balance_after, effect, rule, reason, source,
        initiated_by, actor, order_number, occurred_at, recorded_at, expires_at)
    SELECT id, 'adjust', 100, 0, 100, 'seed:' || id, '', '{}', 'bench', 'system', '', '',
        %(ends)s::timestamptz - interval '300 days', now(), %(ends)s FROM loyalty_pointsaccount RETURNING id, account_id
)
INSERT INTO loyalty_pointslot (
    entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at)
SELECT id, account_id, 100, 100, 0, 0, %(ends)s::timestamptz - interval '300 days',
    %(ends)s::timestamptz - interval '300 days', %(ends)s FROM made;
UPDATE loyalty_pointsaccount SET balance = 100, issued = 100
"""
TABLES = ("tierstanding", "progresscounter", "pointsentry", "pointslot", "pointsaccount", "enrollment")

# The least that has to be written, in as few statements as there are tables: no locks, no chunks, nobody told.
BARE_EXPIRY = """
WITH due AS (
    SELECT entry_id, account_id, expires_at, remaining FROM loyalty_pointslot
    WHERE remaining > 0 AND active_at IS NOT NULL AND expires_at <= %(ends)s
), entries AS (
    INSERT INTO loyalty_pointsentry (account_id, kind, points, debt, balance_after, effect, rule, reason, source,
        initiated_by, actor, order_number, occurred_at, recorded_at, expires_at)
    SELECT d.account_id, 'expire', -d.remaining, 0, a.balance - d.remaining, 'expire:' || d.entry_id, '', '{}',
        'system', 'system', '', '', d.expires_at, now(), d.expires_at
    FROM due d JOIN loyalty_pointsaccount a ON a.id = d.account_id RETURNING id, account_id, points
), draws AS (
    INSERT INTO loyalty_lotdraw (entry_id, lot_id, points)
    SELECT e.id, d.entry_id, e.points FROM entries e JOIN due d ON d.account_id = e.account_id
), emptied AS (
    UPDATE loyalty_pointslot l SET remaining = 0, expired = l.expired + d.remaining
    FROM due d WHERE l.entry_id = d.entry_id
)
UPDATE loyalty_pointsaccount a SET balance = balance - d.remaining, expired = expired + d.remaining
FROM due d WHERE a.id = d.account_id
"""
BARE_TIERS = """
WITH moves AS (
    SELECT s.id, s.enrollment_id, s.tier, CASE
            WHEN coalesce(c.value, 0) >= 5000 AND s.tier = 'advocate' THEN 'advocate'
            WHEN s.tier = 'vip' THEN 'advocate' ELSE 'enthusiast' END AS goes, coalesce(c.value, 0) >= 5000 AS again
    FROM loyalty_tierstanding s LEFT JOIN loyalty_progresscounter c ON c.enrollment_id = s.enrollment_id
        AND c.key = 'tier:points:calendar_year' AND c.period = %(year)s
    WHERE s.valid_until <= %(ends)s
), changed AS (
    INSERT INTO loyalty_tierchange (enrollment_id, ladder, from_tier, to_tier, cause, at, recorded_at)
    SELECT enrollment_id, 'main', tier, goes, 'window_end', %(ends)s, now() FROM moves WHERE goes <> tier
)
UPDATE loyalty_tierstanding s SET tier = m.goes, since = CASE WHEN m.goes <> s.tier THEN %(ends)s ELSE s.since END,
    valid_until = CASE WHEN m.goes <> 'enthusiast' THEN %(ends)s::timestamptz + interval '1 year' END
FROM moves m WHERE s.id = m.id
"""


def run(ground: Ground) -> Report:
    members = ground.sizes.night
    report = Report("night", f"{members:,} members' points and tiers end in one night ÷ the bare statements")
    report.begin()
    bare = _bare(members)
    report.note(f"bare statements: expiry {bare[0]:.1f} s, tiers {bare[1]:.1f} s")
    whole, steps, idle = _night(members)
    report.note(f"the night: {whole:.1f} s ({members / whole:,.0f} members/s); {steps}")
    report.note(f"the next night, nothing being due: {idle * 1000:.0f} ms")
    report.found(Finding("seconds: the night ÷ bare statements", whole / sum(bare), 3, at_least=False))
    report.found(Finding("a night with nothing due ÷ the night", idle / whole, 0.03, at_least=False))
    return report


def _bare(members: int) -> tuple[float, float]:
    with brand_context(_brand("nightbare", members)):
        ends = _seed()
        params: dict[str, Any] = {"ends": ends, "year": f"{ends.year}-01-01"}
        taken = []
        for statement in (BARE_EXPIRY, BARE_TIERS):
            begun = time.monotonic()
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, params)
            taken.append(time.monotonic() - begun)
    return taken[0], taken[1]


def _night(members: int) -> tuple[float, str, float]:
    with brand_context(_brand("nightfull", members)):
        _seed()
        program = Program.objects.get()
        begun = time.monotonic()
        [day] = nightly_run(program=program)
        whole = time.monotonic() - begun
        if (day.lots, day.tiers) != (members, members):
            raise RuntimeError(f"{members} were due, {day.lots} lots and {day.tiers} tiers were done")
        told = dict(JobRun.objects.get().outcome)
        told["moved"] = TierChange.objects.filter(cause="window_end").count()
        begun = time.monotonic()
        nightly_run(program=program, today=day.day + timedelta(days=1))
        return whole, str(told), time.monotonic() - begun


def _brand(slug: str, members: int) -> Brand:
    shop_make(slug, members=members, rules=1)
    with platform_context():
        return Brand.objects.get(slug=slug)


def _seed() -> datetime:
    """Returns the midnight at which all of it ends: today's."""
    zone = program_state_of(Program.objects.get().pk).at(clock.now()).zone
    ends = day_start(local_day(clock.now(), zone), zone)
    with connection.cursor() as cursor:
        for statement in SEED.split(";"):
            cursor.execute(statement.replace(" % 3", " %% 3"), {"ends": ends, "year": f"{ends.year}-01-01"})
        for table in TABLES:
            cursor.execute(f"ANALYZE loyalty_{table}")
    return ends
