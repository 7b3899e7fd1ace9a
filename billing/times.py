"""Stripe's seconds as aware times, and back."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime


def at(seconds: object) -> datetime | None:
    """None for null."""
    return datetime.fromtimestamp(int(str(seconds)), UTC) if seconds not in (None, "") else None


def at_known(seconds: object) -> datetime:
    return datetime.fromtimestamp(int(str(seconds)), UTC)


def seconds_of(moment: datetime) -> int:
    return int(moment.timestamp())


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the month's last day where there is no such day. In UTC."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    last = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
