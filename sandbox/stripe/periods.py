"""Billing periods by the calendar: months from an anchor, whose day comes back after a shorter month."""

import calendar
from datetime import UTC, datetime, timedelta

STEPS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


def period_end(anchor: int, start: int, interval: str, count: int) -> int:
    """The first end after `start` of the periods that are counted from the anchor. 31 January, monthly: 28 February,
    31 March."""
    if interval in STEPS:
        length = int(STEPS[interval].total_seconds()) * count
        return anchor + ((start - anchor) // length + 1) * length
    months = count * (12 if interval == "year" else 1)
    first, now = _moment(anchor), _moment(start)
    steps = ((now.year - first.year) * 12 + now.month - first.month) // months
    end = after_months(anchor, steps * months)
    while end <= start:
        steps += 1
        end = after_months(anchor, steps * months)
    return end


def after_months(at: int, months: int) -> int:
    """The same day and time of day so many months later, or that month's last day."""
    moment = _moment(at)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
