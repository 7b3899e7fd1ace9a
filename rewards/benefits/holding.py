"""What a member holds now: asked of the program and the member as they are, rows or not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Sum

from core import clock
from loyalty.definition.periods import period_start
from loyalty.rules.dates import local_day, period_last_day
from loyalty.selectors import Place, program_of
from rewards.benefits.definition import Benefit
from rewards.benefits.grants import WANTED_NAMED, wanted_json
from rewards.benefits.models import BenefitUse
from rewards.benefits.passes import uses_allowed
from rewards.benefits.plan import BenefitPlan, PlannedBenefit, benefit_plan
from rewards.benefits.repeating import Dated


class Allowed(msgspec.Struct, frozen=True):
    """How much of an allowance is left. renews_on: the first local day of the next period; None: there is none."""

    uses: int
    period: str
    left: int
    renews_on: date | None


class Held(msgspec.Struct, frozen=True):
    """A benefit that a member holds. since None: its row isn't written yet. causes: see BenefitGrant."""

    planned: PlannedBenefit
    causes: list[str]
    since: datetime | None
    until: datetime | None
    allowed: Allowed | None

    @property
    def benefit(self) -> Benefit:
        return self.planned.benefit

    def moments_at(self, at: datetime) -> list[Dated]:
        """The moments that run then, for early access."""
        dates = self.planned.dates_from(at, timedelta(0))
        return [each for each in dates if each.starts_at <= at and each.over_at > at]


_HELD = f"""
WITH {WANTED_NAMED}
SELECT w.code, w.causes::text, g.since, w.until, NULL::bigint FROM wanted w
LEFT JOIN rewards_benefitgrant g ON g.enrollment_id = w.enrollment AND g.benefit_id = w.benefit
    AND g.ended_at IS NULL AND g.source = 'program'
UNION ALL
SELECT b.code, g.causes::text, g.since, g.until, NULL
FROM rewards_benefitgrant g JOIN rewards_benefit b ON b.id = g.benefit_id
JOIN loyalty_enrollment n ON n.id = g.enrollment_id JOIN members_member m ON m.id = n.member_id AND m.status = 'active'
WHERE g.enrollment_id = ANY (%(places)s) AND g.ended_at IS NULL AND g.source = 'staff' AND g.since <= %(now)s
  AND (g.until IS NULL OR g.until > %(now)s)
UNION ALL
SELECT b.code, NULL, NULL, NULL, sum(u.units)::bigint
FROM jsonb_each_text(%(periods)s::jsonb) p JOIN rewards_benefituse u ON u.period = p.value
JOIN rewards_benefit b ON b.id = u.benefit_id AND b.code = p.key
WHERE u.enrollment_id = ANY (%(places)s) AND u.taken_back_at IS NULL GROUP BY b.code
"""  # noqa: S608  (put together from constants)


def benefits_held(place: Place, *, at: datetime | None = None) -> list[Held]:
    """In the document's order. One statement."""
    program = program_of(place)
    plan, now = benefit_plan(program), at or clock.now()
    if not plan.benefits:
        return []
    asked: dict[str, Any] = {"benefits": wanted_json(plan, {}, now), "places": [place.pk], "now": now}
    asked["periods"] = msgspec.json.encode(_periods(plan, local_day(now, program.zone))).decode()
    found: dict[str, list[tuple[str, datetime | None, datetime | None]]] = {}
    used: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HELD, asked)
        for code, causes, since, until, units in cursor.fetchall():
            if causes is None:
                used[code] = units
            else:
                found.setdefault(code, []).append((causes, since, until))
    held = [(each, found[code], used.get(code, 0)) for code, each in plan.benefits.items() if code in found]
    day = local_day(now, program.zone)
    return [_held(each, rows, units, day, place) for each, rows, units in held if each.open_at(now)]


def _periods(plan: BenefitPlan, day: date) -> dict[str, str]:
    """Code → the period that runs, of those with an allowance."""
    limited = [(code, each.benefit.allowance) for code, each in plan.benefits.items()]
    return {code: period_start(each.period, day) for code, each in limited if each is not None}


def _held(each: PlannedBenefit, rows: list[tuple[str, Any, Any]], used: int, day: date, place: Place) -> Held:
    causes = sorted({cause for told, _since, _until in rows for cause in msgspec.json.decode(told)})
    ends = [until for _told, _since, until in rows]
    begun = [since for _told, since, _until in rows if since is not None]
    until = None if None in ends else max(ends)
    if each.ends_at is not None:
        until = min(until, each.ends_at) if until is not None else each.ends_at
    allowed = _allowed(each.benefit, causes, used, day, place)
    return Held(each, causes, min(begun, default=None), until, allowed)


def _allowed(benefit: Benefit, causes: list[str], used: int, day: date, place: Place) -> Allowed | None:
    allowance = benefit.allowance
    if allowance is None:
        return None
    uses, since = uses_allowed(allowance, causes, place.pk)
    if since is not None:
        used = _used_since(place, benefit.code, since)
    return Allowed(uses, allowance.period, max(0, uses - used), period_renewal(allowance.period, day))


def _used_since(place: Place, code: str, since: datetime) -> int:
    rows = BenefitUse.objects.filter(enrollment_id=place.pk, benefit__code=code, taken_back_at=None, period="")
    return int(rows.filter(used_at__gte=since).aggregate(n=Sum("units"))["n"] or 0)


def period_renewal(period: str, day: date) -> date | None:
    """The first day of the period after the one that the day lies in; None for a lifetime."""
    last = period_last_day(period, day)
    return last + timedelta(days=1) if last is not None else None
