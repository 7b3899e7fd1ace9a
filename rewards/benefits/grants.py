"""Who holds which benefit: rows that follow tiers, plans, segments and the program.

One statement says who should hold what (WANTED); following it makes, renews and ends rows, under the members' locks.
Whatever tells of a change (a tier, a fact, a segment, a publication) calls grants_follow, any number of times with one
outcome, and the night repairs what nobody told of. What holds *now* is never read from the rows alone: see
entitlements.py, which asks the same statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from core import clock
from core.outbox import wake_after_commit
from loyalty.models import Enrollment, Program
from loyalty.nightly import Night
from loyalty.selectors import program_now
from rewards.benefits.definition import Benefit as Definition
from rewards.benefits.definition import PartnerCode
from rewards.benefits.models import Benefit, BenefitGrant
from rewards.benefits.plan import BenefitPlan, PlannedBenefit, benefit_plan
from rewards.models import CodePool

AT_ONCE = 5_000
Row = tuple[int, datetime]

# Of these enrollments, who should hold what now, why and until when. A tier whose time is over counts no more, also
# before the night has looked at it.
WANTED = """
wanted AS (
    SELECT n.id AS enrollment, b.id AS benefit, b.code, to_jsonb(array_agg(c.cause ORDER BY c.cause)) AS causes,
           min(c.since) AS since, b.ends_at, b.changed_at,
           CASE WHEN bool_or(c.until IS NULL) THEN b.ends_at
                ELSE least(max(c.until), coalesce(b.ends_at, max(c.until))) END AS until
    FROM loyalty_enrollment n
    JOIN members_member m ON m.id = n.member_id AND m.status = 'active'
    CROSS JOIN jsonb_to_recordset(%(benefits)s::jsonb) AS b (
        id bigint, code text, everyone boolean, tiers text[], first text[], any_plan boolean, plans text[],
        segments text[], ends_at timestamptz, changed_at timestamptz)
    CROSS JOIN LATERAL (
        SELECT 'tier:' || s.ladder || ':' || s.tier AS cause, s.since, s.valid_until AS until
        FROM loyalty_tierstanding s
        WHERE s.enrollment_id = n.id AND s.ladder || ':' || s.tier = ANY (b.tiers)
          AND (s.valid_until IS NULL OR s.valid_until > %(now)s)
        UNION ALL
        SELECT 'tier:' || l.ladder, n.enrolled_at, NULL FROM unnest(b.first) AS l (ladder)
        WHERE NOT EXISTS (SELECT 1 FROM loyalty_tierstanding s WHERE s.enrollment_id = n.id AND s.ladder = l.ladder)
        UNION ALL
        SELECT 'plan:' || (f.value #>> '{}'), %(now)s, f.until FROM members_memberfact f
        WHERE f.member_id = n.member_id AND f.key = 'plan' AND (f.until IS NULL OR f.until > %(now)s)
          AND jsonb_typeof(f.value) = 'string' AND (b.any_plan OR f.value #>> '{}' = ANY (b.plans))
        UNION ALL
        SELECT f.key, %(now)s, f.until FROM members_memberfact f
        WHERE f.member_id = n.member_id AND f.key = ANY (b.segments) AND (f.until IS NULL OR f.until > %(now)s)
          AND f.value NOT IN ('false'::jsonb, 'null'::jsonb)
        UNION ALL
        SELECT 'everyone', n.enrolled_at, NULL WHERE b.everyone
    ) c
    WHERE n.id = ANY (%(places)s)
    GROUP BY n.id, b.id, b.code, b.ends_at, b.changed_at
), live AS (
    SELECT g.id, g.enrollment_id AS enrollment, g.benefit_id AS benefit, g.causes, g.until
    FROM rewards_benefitgrant g
    WHERE g.enrollment_id = ANY (%(places)s) AND g.ended_at IS NULL AND g.source = 'program'
)
"""
# The same where nobody has looked the rows of the benefits up: found by their code; 0 is one that has none yet.
_GIVEN = "CROSS JOIN jsonb_to_recordset(%(benefits)s::jsonb) AS b ("
_NAMED = """CROSS JOIN LATERAL (
        SELECT coalesce(kept.id, 0) AS id, x.* FROM jsonb_to_recordset(%(benefits)s::jsonb) AS x (
            code text, everyone boolean, tiers text[], first text[], any_plan boolean, plans text[],
            segments text[], ends_at timestamptz, changed_at timestamptz)
        LEFT JOIN rewards_benefit kept ON kept.program_id = n.program_id AND kept.code = x.code) b
"""
_before, _given, _after = WANTED.partition(_GIVEN)
WANTED_NAMED = _before + _NAMED + _after.partition("changed_at timestamptz)\n")[2]
_FOLLOW = f"""
WITH {WANTED}, over AS (
    UPDATE rewards_benefitgrant g SET ended_at = least(%(now)s, coalesce(g.until, %(now)s))
    WHERE g.enrollment_id = ANY (%(places)s) AND g.ended_at IS NULL AND (
        g.source = 'program' AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.enrollment = g.enrollment_id AND w.benefit = g.benefit_id)
        OR g.source = 'staff' AND g.until <= %(now)s)
    RETURNING g.enrollment_id, g.benefit_id, g.causes
), kept AS (
    UPDATE rewards_benefitgrant g SET causes = w.causes, until = w.until
    FROM wanted w JOIN live l ON l.enrollment = w.enrollment AND l.benefit = w.benefit
    WHERE g.id = l.id AND (l.causes <> w.causes OR l.until IS DISTINCT FROM w.until)
    RETURNING g.id
), made AS (
    INSERT INTO rewards_benefitgrant (enrollment_id, benefit_id, source, causes, since, until, given_by, reason)
    SELECT w.enrollment, w.benefit, 'program', w.causes, least(%(now)s, greatest(w.since, w.changed_at, (
        SELECT max(g.ended_at) FROM rewards_benefitgrant g
        WHERE g.enrollment_id = w.enrollment AND g.benefit_id = w.benefit))), w.until, '', ''
    FROM wanted w
    WHERE NOT EXISTS (SELECT 1 FROM live l WHERE l.enrollment = w.enrollment AND l.benefit = w.benefit)
    RETURNING enrollment_id, benefit_id, causes
), told AS (
    -- What every member has is no news of any one of them.
    INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)
    SELECT t.topic, jsonb_build_object('member_id', m.public_id, 'program', p.slug, 'benefit', b.code,
        'causes', t.causes), %(now)s, %(now)s, 0, ''
    FROM (SELECT 'benefit.granted' AS topic, * FROM made UNION ALL SELECT 'benefit.ended', * FROM over) t
    JOIN loyalty_enrollment n ON n.id = t.enrollment_id JOIN members_member m ON m.id = n.member_id
    JOIN loyalty_program p ON p.id = n.program_id JOIN rewards_benefit b ON b.id = t.benefit_id
    WHERE t.causes <> '["everyone"]'::jsonb
    RETURNING id
)
SELECT (SELECT count(*) FROM over) + (SELECT count(*) FROM kept) + (SELECT count(*) FROM made),
       (SELECT count(*) FROM told)
"""  # noqa: S608  (put together from constants)
# Those of these enrollments whose rows aren't what they should be.
_ASTRAY = f"""
WITH {WANTED}
SELECT DISTINCT enrollment FROM (
    (SELECT enrollment, benefit, causes, until FROM wanted EXCEPT SELECT enrollment, benefit, causes, until FROM live)
    UNION ALL
    (SELECT enrollment, benefit, causes, until FROM live EXCEPT SELECT enrollment, benefit, causes, until FROM wanted)
    UNION ALL
    SELECT g.enrollment_id, g.benefit_id, g.causes, g.until FROM rewards_benefitgrant g
    WHERE g.enrollment_id = ANY (%(places)s) AND g.ended_at IS NULL AND g.source = 'staff' AND g.until <= %(now)s
) x ORDER BY enrollment
"""  # noqa: S608  (as above)


def grants_follow(program_id: int, enrollments: Sequence[int]) -> int:
    """Bring these members' rows in line with what the program says now, under their locks. How many rows changed."""
    if not enrollments:
        return 0
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        places_lock(enrollments)
        cursor.execute(_FOLLOW, _asked(program_id, enrollments, now))
        row = cursor.fetchone()
        if row and row[1]:
            wake_after_commit()
    return int(row[0]) if row else 0


def places_lock(enrollments: Sequence[int]) -> None:
    """Many at once, in the one order that everybody locks in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM loyalty_enrollment WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(set(enrollments))],
        )


def _asked(program_id: int, enrollments: Sequence[int], now: datetime) -> dict[str, Any]:
    """The parameters of WANTED for writing: each benefit that is given now has its row."""
    plan = benefit_plan(program_now(program_id))
    rows = benefit_rows(program_id, plan, now)
    return {"benefits": wanted_json(plan, rows, now), "places": sorted(set(enrollments)), "now": now}


def wanted_json(plan: BenefitPlan, rows: Mapping[str, Row], now: datetime) -> str:
    """The benefits that are given now as WANTED takes them; one without a row yet has the id 0."""
    return msgspec.json.encode([_wanted(each, rows.get(each.benefit.code), now) for each in plan.open_at(now)]).decode()


def _wanted(each: PlannedBenefit, row: Row | None, now: datetime) -> dict[str, Any]:
    pk, changed_at = row or (0, now)
    return {
        **each.wanted,
        "id": pk,
        "ends_at": each.ends_at,
        "changed_at": max(changed_at, each.starts_at or changed_at),
    }


def benefit_rows(program_id: int, plan: BenefitPlan, now: datetime) -> dict[str, Row]:
    """rows_known(), with a row made now for those that have none yet."""
    found = rows_known(program_id)
    if plan.benefits.keys() - found.keys():
        benefits_sync(program_id, plan, now)
        found = rows_known(program_id)
    return found


def rows_known(program_id: int) -> dict[str, Row]:
    """Code → (row, since when it says what it says)."""
    rows = Benefit.objects.filter(program_id=program_id).values_list("code", "pk", "changed_at")
    return {code: (pk, changed_at) for code, pk, changed_at in rows}


def benefits_sync(program_id: int, plan: BenefitPlan, now: datetime) -> None:
    """A row for each benefit of the version in force, as it says; the others are marked as given no more."""
    with transaction.atomic():
        Program.objects.select_for_update(no_key=True).get(pk=program_id)
        known = {each.code: each for each in Benefit.objects.filter(program_id=program_id)}
        for position, each in enumerate(plan.section.benefits):
            body = msgspec.to_builtins(each)
            row = known.pop(each.code, None)
            pool = _pool(each)
            if row is None:
                Benefit.objects.create(
                    program_id=program_id, code=each.code, body=body, position=position, changed_at=now, pool=pool
                )
            elif (row.body, row.position, row.retired_at) != (body, position, None):
                row.changed_at = now if _says(row.body) != _says(body) or row.retired_at else row.changed_at
                row.body, row.position, row.retired_at, row.pool = body, position, None, pool
                row.save()
        for row in known.values():
            if row.retired_at is None:
                row.retired_at = now
                row.save(update_fields=["retired_at"])


def _pool(benefit: Definition) -> CodePool | None:
    """Where a partner’s codes lie; an empty pool where none is called so: codes are imported, never written."""
    gives = benefit.gives
    return CodePool.objects.get_or_create(name=gives.pool)[0] if isinstance(gives, PartnerCode) else None


def _says(body: dict[str, Any]) -> tuple[Any, ...]:
    """Who gets it and when: what a grant can't be older than."""
    return tuple(body.get(name) for name in ("given_to", "schedule", "enabled"))


def program_follow(program_id: int) -> Iterator[int]:
    """All members of a program, some thousands at a time; only who is astray is locked. Yields how many rows moved."""
    now = clock.now()
    plan = benefit_plan(program_now(program_id))
    if not plan.benefits and not Benefit.objects.filter(program_id=program_id).exists():
        return
    benefits_sync(program_id, plan, now)
    after = 0
    while places := _next(program_id, after):
        after = places[-1]
        with connection.cursor() as cursor:
            cursor.execute(_ASTRAY, _asked(program_id, places, now))
            astray = [row[0] for row in cursor.fetchall()]
        if changed := grants_follow(program_id, astray):
            yield changed


def _next(program_id: int, after: int) -> list[int]:
    rows = Enrollment.objects.filter(program_id=program_id, pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def night_repair(night: Night) -> Iterator[int]:
    """The night's part, after the tiers were looked at."""
    yield from program_follow(night.program.pk)


def grants_live(enrollment_id: int, at: datetime) -> QuerySet[BenefitGrant]:
    """The rows that hold then, those by the program first."""
    rows = BenefitGrant.objects.filter(enrollment_id=enrollment_id, since__lte=at).select_related("benefit")
    open_then = (Q(ended_at=None) | Q(ended_at__gt=at)) & (Q(until=None) | Q(until__gt=at))
    return rows.filter(open_then).order_by("benefit__position", "benefit_id", "source", "pk")
