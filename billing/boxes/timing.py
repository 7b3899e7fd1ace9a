"""Which boxes a subscription should have, and when each closes and leaves. Pure: billing's facts in, cycles out.

Who is charged for a cycle gets its box; a cycle that is left out, or that will never come, sends nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from billing.boxes.shape import Box
from billing.times import step_later

# paid: its money is in. due: it has begun, and the money isn't in yet. coming: it is next. skipped: it is left out.
Kind = Literal["paid", "due", "coming", "skipped"]
MOST_AHEAD = 13


class Course(Struct, frozen=True, kw_only=True):
    """What billing knows of a subscription. charged_every: the price's period. day: of the month that it renews on.

    paused_within: the period that runs is left out. newest: the cycle of the latest box that has begun. standing: the
    plan sent boxes already when the period that runs began.
    """

    live: bool
    billing: str
    charged_every: str
    day: int | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    paid_until: datetime | None = None
    cancel_at: datetime | None = None
    collection_paused: bool = False
    paused_within: bool = False
    resumes_at: datetime | None = None
    newest: datetime | None = None
    standing: bool = True

    @property
    def running(self) -> Kind | None:
        """How the period that runs stands."""
        if self.period_start is None or self.billing == "trialing":
            return None
        if self.paid_until is not None and self.paid_until > self.period_start:
            return "paid"
        if self.collection_paused or self.paused_within:
            return "skipped"
        return "due" if self.billing in ("active", "past_due") else None


def cycles_wanted(course: Course, box: Box, now: datetime) -> dict[datetime, Kind]:
    """The cycles that have, or should have, a box now: what runs, the next one, and what is left out before that."""
    if not course.live or course.period_end is None:
        return {}
    found = _begun(course, box, now)
    if any(at > now for at in found) or course.billing not in ("active", "trialing"):
        return found
    return {**found, **_ahead(course)}


def _begun(course: Course, box: Box, now: datetime) -> dict[datetime, Kind]:
    kind, start, end = course.running, course.period_start, course.period_end
    if kind is None or start is None or end is None:
        return {}
    if kind != "paid":
        return {start: kind}
    dates = _within(start, end, box.every)
    begun = [at for at in dates if at <= now]
    if course.newest is not None:
        begun = [at for at in begun if at >= course.newest]
    else:
        begun = begun[-1:] if course.standing else []
    return dict.fromkeys([*begun, *[at for at in dates if at > now][:1]], kind)


def _within(start: datetime, end: datetime, every: str | None) -> list[datetime]:
    """The days of boxes in a period that is paid for: its first, and those that follow at the box' own pace."""
    dates = [start]
    while every is not None and (following := step_later(start, every, len(dates))) < end:
        dates.append(following)
    return dates


def _ahead(course: Course) -> dict[datetime, Kind]:
    """The next renewal; in a pause those that are left out, and the one that ends it."""
    found: dict[datetime, Kind] = {}
    assert course.period_end is not None
    for number in range(MOST_AHEAD):
        at = step_later(course.period_end, course.charged_every, number, day=course.day)
        if course.cancel_at is not None and course.cancel_at <= at:
            return found
        if not course.collection_paused or (course.resumes_at is not None and at >= course.resumes_at):
            found[at] = "coming"
            return found
        found[at] = "skipped"
        if course.resumes_at is None:
            return found
    return found


def cut_off(box: Box, cycle_at: datetime, now: datetime) -> datetime:
    """Until when a box that is made now can be changed: some days before its cycle, or, where those are over already,
    until the cycle begins; the first one, which is paid by then, a little longer."""
    usual = cycle_at - timedelta(days=box.cut_off_days)
    if now < usual:
        return usual
    return cycle_at if now < cycle_at else cycle_at + timedelta(days=box.first_days)


def leaves_from(box: Box, cycle_at: datetime, closes_at: datetime) -> datetime:
    return max(cycle_at + timedelta(days=box.sends_after_days), closes_at)
