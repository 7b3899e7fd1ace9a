"""The periods that caps and counters go by, in local days."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache


@lru_cache(maxsize=4096)
def period_start(period: str, day: date) -> str:
    """The first day of the period that the day lies in, YYYY-MM-DD; "" for a lifetime. Weeks start on Monday.

    Periods of caps: day, week, month, year, lifetime. Windows of tiers know their own (definition/windows).
    """
    match period:
        case "lifetime":
            return ""
        case "day":
            return day.isoformat()
        case "week":
            return (day - timedelta(days=day.weekday())).isoformat()
        case "month":
            return day.replace(day=1).isoformat()
        case "year":
            return day.replace(month=1, day=1).isoformat()
    raise ValueError(f"no such period: {period}")
