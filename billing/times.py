"""Stripe's seconds as aware times, and back."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta


def at(seconds: object) -> datetime | None:
    """None for null."""
    return datetime.fromtimestamp(int(str(seconds)), UTC) if seconds not in (None, "") else None


def at_known(seconds: object) -> datetime:
    return datetime.fromtimestamp(int(str(seconds)), UTC)


def seconds_of(moment: datetime) -> int:
    return int(moment.timestamp())


def not_before(start: datetime | None, now: datetime) -> datetime:
    """Now, or the start of the period that runs where that is later: Stripe's clock may stand a moment before ours, and
    what it says has begun, has begun."""
    return now if start is None else max(start, now)


def months_later(moment: datetime, months: int, day: int | None = None) -> datetime:
    """The same day and time so many months later, or the month's last day where there is no such day. In UTC.

    day: the one that is meant, where the moment's own month was too short for it.
    """
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    last = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(max(moment.day, day or 0), last))


MONTHS = {"month": 1, "quarter": 3, "year": 12}


def step_later(moment: datetime, every: str, number: int, day: int | None = None) -> datetime:
    """So many weeks, months, quarters or years later."""
    if every == "week":
        return moment + timedelta(weeks=number)
    return months_later(moment, MONTHS[every] * number, day)
