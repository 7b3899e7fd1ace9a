"""Local days, however the clock is set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loyalty.definition.expiry import After, Never
from loyalty.rules.dates import activation_at, day_start, expiry_at, local_day, period_start

ZONES = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Europe/Amsterdam",
]
_SECOND = timedelta(seconds=1)
instants = st.datetimes(datetime(2006, 1, 1), datetime(2031, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)


@pytest.mark.parametrize(
    ("start", "expiry", "last"),
    [
        (date(2026, 1, 31), After(n=1, unit="months"), date(2026, 2, 28)),
        (date(2024, 1, 31), After(n=1, unit="months"), date(2024, 2, 29)),
        (date(2024, 2, 29), After(n=1, unit="years"), date(2025, 2, 28)),
        (date(2026, 1, 31), After(n=30, unit="days"), date(2026, 3, 2)),
        (date(2026, 1, 10), After(n=6, unit="months", round_up="month"), date(2026, 7, 31)),
        (date(2026, 1, 10), After(n=1, unit="months", round_up="quarter"), date(2026, 3, 31)),
        (date(2026, 6, 30), After(n=1, unit="days", round_up="half_year"), date(2026, 12, 31)),
        (date(2026, 6, 30), After(n=2, unit="years", round_up="year"), date(2028, 12, 31)),
        (date(9990, 6, 30), After(n=100, unit="years"), date(9998, 12, 31)),
        (date(9990, 6, 30), After(n=36_500, unit="days"), date(9998, 12, 31)),
    ],
)
def test_the_last_day_is_counted_by_the_calendar(start: date, expiry: After, last: date) -> None:
    assert expiry.last_day(start) == last


def test_points_that_never_expire_have_no_end() -> None:
    assert expiry_at(Never(), date(2026, 1, 1), ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Europe/Amsterdam", date(2026, 3, 30), datetime(2026, 3, 29, 22, 0, tzinfo=UTC)),
        # Midnight is jumped over: the day starts at 01:00.
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, 0, tzinfo=UTC)),
        # A day that never was starts with the one after it.
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
        # 00:00 to 01:00 comes twice: the day starts the first time.
        ("America/Havana", date(2024, 11, 3), datetime(2024, 11, 3, 4, 0, tzinfo=UTC)),
        # At 00:01 the clock went back to 23:01, so the day before ended only at the second midnight.
        ("America/St_Johns", date(2010, 11, 7), datetime(2010, 11, 7, 3, 30, tzinfo=UTC)),
        # 23:30 jumped to 00:30: the day started at half past midnight.
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30, tzinfo=UTC)),
    ],
)
def test_a_day_starts_where_the_clock_says_even_when_it_jumps(zone: str, day: date, start: datetime) -> None:
    assert day_start(day, ZoneInfo(zone)) == start


@settings(max_examples=600, deadline=None)
@given(at=instants, name=st.sampled_from(ZONES), n=st.integers(1, 800), pending=st.integers(0, 40))
@example(at=datetime(2011, 12, 28, 12, tzinfo=UTC), name="Pacific/Apia", n=1, pending=0)
@example(at=datetime(2010, 11, 5, 12, tzinfo=UTC), name="America/St_Johns", n=1, pending=0)
def test_points_are_valid_through_the_named_day_and_gone_at_the_next_local_midnight(
    at: datetime, name: str, n: int, pending: int
) -> None:
    zone = ZoneInfo(name)
    activated = local_day(activation_at(at, pending, zone), zone)
    expiry = After(n=n, unit="days")
    end = expiry_at(expiry, activated, zone)
    last = expiry.last_day(activated)
    assert end is not None
    assert last is not None
    assert end.tzinfo is UTC
    assert local_day(end, zone) > last
    assert local_day(end - _SECOND, zone) <= last
    # Once gone, the day doesn't come back.
    assert all(local_day(end + timedelta(minutes=minutes), zone) > last for minutes in (1, 30, 59, 90, 180))


@given(at=instants, name=st.sampled_from(ZONES), days=st.integers(1, 400))
def test_pending_points_become_active_so_many_calendar_days_later(at: datetime, name: str, days: int) -> None:
    zone = ZoneInfo(name)
    active = activation_at(at, days, zone)
    assert abs(active - at - timedelta(days=days)) <= timedelta(hours=25)
    wanted = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    reached = active.astimezone(zone).replace(tzinfo=None)
    assert reached - wanted in (timedelta(0), timedelta(minutes=30), timedelta(hours=1), timedelta(days=1))
    assert activation_at(at, 0, zone) is at


def test_periods_start_on_mondays_firsts_and_new_year() -> None:
    day = date(2026, 11, 22)  # a Sunday
    starts = {period: period_start(period, day) for period in ("day", "week", "month", "year", "lifetime")}
    assert starts == {
        "day": "2026-11-22",
        "week": "2026-11-16",
        "month": "2026-11-01",
        "year": "2026-01-01",
        "lifetime": "",
    }
    with pytest.raises(ValueError, match="no such period"):
        period_start("fortnight", day)
