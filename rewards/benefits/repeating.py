"""The dates of a moment that repeats, one after another. Pure: whoever asks says from when on, and stops when enough.

By the wall clock of the program: what is at four in the afternoon is so in summer and in winter. The 31st is the last
day of shorter months.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from rewards.benefits.definition import Moment

MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Dated(Struct, frozen=True):
    """A date with its instants, aware UTC. at: when it begins on the program's wall clock."""

    moment: Moment
    at: datetime
    starts_at: datetime
    ends_at: datetime | None

    @property
    def over_at(self) -> datetime:
        return self.ends_at or self.starts_at


def dates_from(moment: Moment, zone: ZoneInfo, since: datetime) -> Iterator[Dated]:
    """Those that aren't over at `since`, in order; without an end where the moment repeats without one."""
    first = datetime.fromisoformat(moment.starts_at)
    lasts = datetime.fromisoformat(moment.ends_at) - first if moment.ends_at is not None else None
    if moment.repeats is None:
        numbers: Iterator[int] = iter((0,))
    else:
        numbers = _numbers(moment, first, since.astimezone(zone).replace(tzinfo=None) - (lasts or timedelta(0)))
    for number in numbers:
        at = _moved(first, moment.repeats, number)
        ends = at + lasts if lasts is not None else None
        found = Dated(moment, at, _instant(at, zone), _instant(ends, zone) if ends is not None else None)
        if found.over_at >= since:
            yield found


def _numbers(moment: Moment, first: datetime, since: datetime) -> Iterator[int]:
    """Which repetitions can begin at `since` or later; one before, since clocks are moved."""
    if moment.repeats == "week":
        passed = (since - first).days // 7
    else:
        months = (since.year - first.year) * 12 + since.month - first.month
        passed = months // MONTHS[moment.repeats or "month"]
    number = max(0, passed - 1)
    while moment.times is None or number < moment.times:
        yield number
        number += 1


def _moved(first: datetime, repeats: str | None, number: int) -> datetime:
    if repeats is None or number == 0:
        return first
    if repeats == "week":
        return first + timedelta(weeks=number)
    months = first.month - 1 + number * MONTHS[repeats]
    year, month = first.year + months // 12, months % 12 + 1
    return first.replace(year=year, month=month, day=min(first.day, monthrange(year, month)[1]))


def _instant(at: datetime, zone: ZoneInfo) -> datetime:
    return at.replace(tzinfo=zone).astimezone(UTC)
