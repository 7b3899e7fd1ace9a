"""Where the windows of tiers start and end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from loyalty.definition.windows import Anniversary, CalendarYear, Lifetime, Month, Quarter, Window

ALL: tuple[Window, ...] = (CalendarYear(), CalendarYear(start_month=4), Month(), Quarter(), Anniversary())


@pytest.mark.parametrize(
    ("window", "day", "start", "end"),
    [
        (CalendarYear(), date(2026, 3, 4), "2026-01-01", date(2027, 1, 1)),
        (CalendarYear(start_month=4), date(2026, 3, 31), "2025-04-01", date(2026, 4, 1)),
        (CalendarYear(start_month=4), date(2026, 4, 1), "2026-04-01", date(2027, 4, 1)),
        (Month(), date(2026, 12, 31), "2026-12-01", date(2027, 1, 1)),
        (Quarter(), date(2026, 6, 30), "2026-04-01", date(2026, 7, 1)),
        (Anniversary(), date(2026, 5, 9), "2025-05-10", date(2026, 5, 10)),
        (Anniversary(), date(2026, 5, 10), "2026-05-10", date(2027, 5, 10)),
    ],
)
def test_a_window_starts_and_ends_on_local_days(window: Window, day: date, start: str, end: date) -> None:
    anchor = date(2024, 5, 10)
    assert window.start(day, anchor) == start
    assert window.end(start) == end


def test_a_lifetime_has_no_days() -> None:
    assert (Lifetime().start(date(2026, 1, 1)), Lifetime().end("")) == ("", None)


def test_who_joined_on_29_february_has_the_28th_in_every_year_also_in_leap_years() -> None:
    window, anchor = Anniversary(), date(2024, 2, 29)
    assert window.start(date(2028, 2, 27), anchor) == "2027-02-28"
    assert window.start(date(2028, 2, 28), anchor) == "2028-02-28"
    assert window.end("2027-02-28") == date(2028, 2, 28)


@pytest.mark.parametrize("anchor", [date(2024, 2, 29), date(2024, 1, 1), date(2023, 12, 31), date(2025, 8, 31)])
@pytest.mark.parametrize("window", ALL, ids=lambda each: each.key)
def test_windows_follow_each_other_without_a_gap(window: Window, anchor: date) -> None:
    day = date(2024, 1, 1)
    start = window.start(day, anchor)
    while day < date(2029, 1, 1):
        day += timedelta(days=1)
        end = window.end(start)
        assert end is not None
        following = window.start(day, anchor)
        assert following == (end.isoformat() if day >= end else start)
        start = following


@pytest.mark.parametrize("window", ALL, ids=lambda each: each.key)
def test_two_windows_end_where_the_second_ends(window: Window) -> None:
    start = window.start(date(2026, 8, 31), date(2024, 2, 29))
    first = window.end(start)
    assert first is not None
    assert window.end(start, 2) == window.end(first.isoformat())
