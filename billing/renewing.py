"""When a subscription renews, as far as its own row tells."""

from __future__ import annotations

from datetime import datetime

from billing.models import Subscription
from billing.times import step_later


def renewal_at(row: Subscription, number: int) -> datetime:
    """The renewal after so many cycles from the end of the period that runs; 0 is the next one."""
    assert row.period_end is not None
    assert row.price is not None
    return step_later(row.period_end, row.price.every, number, day=renewal_day(row))


def renewal_day(row: Subscription) -> int | None:
    """The day of the month it renews on: of two months in a row one is long enough to show it."""
    if row.period_start is None or row.period_end is None or row.price is None or row.price.every == "week":
        return None
    return max(row.period_start.day, row.period_end.day)
