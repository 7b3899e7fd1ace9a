"""Figures for people, read from the other rooms' tables by SQL that is bounded by date. Test members are left out.

A day is a local day of the brand. What happened in a period was recorded since its start at the latest, so the bounds
on received_at and recorded_at (indexed) hold the queries to the period however long the history is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

PERIOD_DAYS = 30
# An event may lie up to a day in the future when it comes in.
SLACK = timedelta(days=1)


class Pair(msgspec.Struct, frozen=True):
    """A figure of the period and of the one before it."""

    now: int
    before: int

    @property
    def change(self) -> int | None:
        """In whole per cent; None when there was nothing before."""
        return round((self.now - self.before) * 100 / self.before) if self.before else None


class Sales(msgspec.Struct, frozen=True):
    """Minor units of one money currency, returns taken off. orders: how many, guests' included."""

    currency: str
    orders: Pair
    amount: Pair


class PointsFigures(msgspec.Struct, frozen=True):
    """Minor units of one point currency. outstanding: held by members now, pending and reserved included."""

    currency: str
    issued: Pair
    spent: Pair
    expired: Pair
    outstanding: int


class DayPoints(msgspec.Struct, frozen=True):
    day: date
    issued: int
    spent: int


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def bounds(now: datetime) -> dict[str, Any]:
    """start: of the period; before: of the one before; slack: from when anything of either can have been recorded."""
    start = now - timedelta(days=PERIOD_DAYS)
    before = start - timedelta(days=PERIOD_DAYS)
    return {"now": now, "start": start, "before": before, "slack": before - SLACK}


_MEMBERS = """
SELECT count(*) FILTER (WHERE joined_at >= %(start)s), count(*) FILTER (WHERE joined_at < %(start)s)
FROM members_member
WHERE joined_at >= %(before)s AND joined_at < %(now)s AND NOT is_test AND status <> 'erased'
"""
_ACTIVE = """
SELECT count(DISTINCT e.member_id) FILTER (WHERE e.occurred_at >= %(start)s),
       count(DISTINCT e.member_id) FILTER (WHERE e.occurred_at < %(start)s)
FROM loyalty_event e JOIN members_member m ON m.id = e.member_id AND NOT m.is_test
WHERE e.received_at >= %(slack)s AND e.occurred_at >= %(before)s AND e.occurred_at < %(now)s
  AND e.initiated_by <> 'system'
"""
_SALES = """
SELECT o.currency,
       count(*) FILTER (WHERE o.occurred_at >= %(start)s), count(*) FILTER (WHERE o.occurred_at < %(start)s),
       coalesce(sum(o.total_minor - o.refunded_minor) FILTER (WHERE o.occurred_at >= %(start)s), 0)::bigint,
       coalesce(sum(o.total_minor - o.refunded_minor) FILTER (WHERE o.occurred_at < %(start)s), 0)::bigint
FROM loyalty_event e
JOIN loyalty_order o ON o.event_id = e.id
LEFT JOIN members_member m ON m.id = o.member_id
WHERE e.received_at >= %(slack)s AND o.occurred_at >= %(before)s AND o.occurred_at < %(now)s
  AND m.is_test IS NOT TRUE
GROUP BY o.currency ORDER BY 4 DESC
"""
_REDEMPTIONS = """
SELECT count(*) FILTER (WHERE redeemed_at >= %(start)s), count(*) FILTER (WHERE redeemed_at < %(start)s)
FROM rewards_redemption r
JOIN loyalty_enrollment n ON n.id = r.enrollment_id JOIN members_member m ON m.id = n.member_id AND NOT m.is_test
WHERE redeemed_at >= %(before)s AND redeemed_at < %(now)s AND state <> 'canceled'
"""
# Given: earnings and adjustments upwards. Spent: redemptions less what canceled ones gave back.
_ISSUED = "CASE WHEN e.kind IN ('earn', 'adjust') AND e.points > 0 THEN e.points ELSE 0 END"
_SPENT = "CASE WHEN e.kind = 'spend' OR (e.kind = 'reverse' AND e.points > 0) THEN -e.points ELSE 0 END"
_EXPIRED = "CASE WHEN e.kind = 'expire' THEN -e.points ELSE 0 END"
_ENTRIES = """
FROM loyalty_pointsentry e
JOIN loyalty_pointsaccount a ON a.id = e.account_id
JOIN loyalty_enrollment n ON n.id = a.enrollment_id JOIN members_member m ON m.id = n.member_id AND NOT m.is_test
WHERE e.recorded_at >= %(slack)s AND e.occurred_at >= %(before)s AND e.occurred_at < %(now)s
"""
_POINTS = (
    "SELECT a.currency, "
    + ", ".join(
        f"coalesce(sum({part}) FILTER (WHERE e.occurred_at {side} %(start)s), 0)::bigint"
        for part in (_ISSUED, _SPENT, _EXPIRED)
        for side in (">=", "<")
    )
    + _ENTRIES
    + "GROUP BY a.currency"
)
_OUTSTANDING = """
SELECT a.currency, sum(a.balance + a.pending + a.reserved)::bigint
FROM loyalty_pointsaccount a
JOIN loyalty_enrollment n ON n.id = a.enrollment_id JOIN members_member m ON m.id = n.member_id AND NOT m.is_test
GROUP BY a.currency
"""
_DAYS = f"""
SELECT (e.occurred_at AT TIME ZONE %(zone)s)::date AS day, sum({_ISSUED})::bigint, sum({_SPENT})::bigint
{_ENTRIES} AND e.occurred_at >= %(start)s AND a.currency = %(currency)s GROUP BY day
"""


def _pair(sql: str, now: datetime) -> Pair:
    row = _rows(sql, bounds(now))[0]
    return Pair(int(row[0]), int(row[1]))


def new_members(now: datetime) -> Pair:
    """Members who joined, erased ones left out."""
    return _pair(_MEMBERS, now)


def active_members(now: datetime) -> Pair:
    """Members of whom anything happened that the product itself didn't make."""
    return _pair(_ACTIVE, now)


def redemptions(now: datetime) -> Pair:
    """Rewards taken and not canceled."""
    return _pair(_REDEMPTIONS, now)


def sales(now: datetime) -> list[Sales]:
    """Orders and their worth per money currency, the largest first."""
    return [
        Sales(currency, Pair(int(count), int(count_before)), Pair(int(amount), int(amount_before)))
        for currency, count, count_before, amount, amount_before in _rows(_SALES, bounds(now))
    ]


def points_figures(now: datetime) -> list[PointsFigures]:
    """Per point currency that anyone has an account of, the one with most given first."""
    moved = {row[0]: [int(each) for each in row[1:]] for row in _rows(_POINTS, bounds(now))}
    found = []
    for currency, outstanding in _rows(_OUTSTANDING, {}):
        figures = moved.get(currency, [0] * 6)
        pairs = [Pair(figures[at], figures[at + 1]) for at in (0, 2, 4)]
        found.append(PointsFigures(currency, pairs[0], pairs[1], pairs[2], int(outstanding or 0)))
    return sorted(found, key=lambda each: (-each.issued.now, each.currency))


def points_by_day(now: datetime, *, currency: str, zone: str) -> list[DayPoints]:
    """The period's local days in order, the ones without anything too."""
    rows = _rows(_DAYS, {**bounds(now), "currency": currency, "zone": zone})
    known = {day: (int(issued), int(spent)) for day, issued, spent in rows}
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::timestamptz AT TIME ZONE %s)::date", [now, zone])
        today: date = cursor.fetchone()[0]
    days = [today - timedelta(days=PERIOD_DAYS - 1 - number) for number in range(PERIOD_DAYS)]
    return [DayPoints(day, *known.get(day, (0, 0))) for day in days]
