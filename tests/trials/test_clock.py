"""Trial 10: points end once, at the local midnight after their last day, wherever and whatever the clocks do there.

A lot is given at an instant near a change of the clocks, a leap day or a new year in one of six zones, with an expiry
of the program's; the night's job then runs on the last day, at the midnight and after it, each 0, 1 or 2 times, and
asks of each day by the clock of a server that may be five minutes off. An oracle that knows nothing of day_start walks
the clock minute by minute.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from loyalty.definition.expiry import After
from loyalty.lots import MemoryLot, Purse
from loyalty.reading import Account
from loyalty.rules.dates import day_start, expiry_at, local_day
from tests.trials import scale

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Sao_Paulo",
)
YEARS = range(2024, 2031)
EXPIRIES = (
    After(n=1, unit="days"),
    After(n=30, unit="days"),
    After(n=1, unit="months"),
    After(n=6, unit="months", round_up="month"),
    After(n=12, unit="months"),
    After(n=1, unit="years", round_up="quarter"),
)
MINUTE, SKEW = timedelta(minutes=1), timedelta(minutes=5)


def changes(zone: ZoneInfo) -> list[date]:
    """The local days from 2024 to 2030 on which the clock is set, to the day."""
    found = []
    day = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    while day.year in YEARS:
        after = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found += [day.astimezone(zone).date(), after.astimezone(zone).date()]
        day = after
    return found


def instants(zone: ZoneInfo, count: int, pick: Random) -> list[datetime]:
    """So many instants, most of them within two days of something that makes days odd."""
    odd = [*changes(zone), *(date(year, 2, 29) for year in (2024, 2028)), *(date(year, 1, 1) for year in YEARS)]
    found = []
    for number in range(count):
        near = odd[number % len(odd)] if number % 5 else date(2024, 1, 1) + timedelta(days=pick.randrange(2500))
        midnight = datetime.combine(near, time(), tzinfo=UTC)
        found.append(midnight + timedelta(minutes=pick.randrange(-2 * 1440, 2 * 1440), seconds=pick.randrange(60)))
    return found


def midnight_after(last: date, zone: ZoneInfo) -> datetime:
    """The first instant from which on it is never that day again: found by looking at the clock, minute by minute."""
    at = datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC) - timedelta(hours=15)
    answer = at
    for _minute in range(30 * 60):
        if at.astimezone(zone).date() <= last:
            answer = at + MINUTE
        at += MINUTE
    return answer


def lot_of(given: datetime, ends: datetime) -> Purse:
    lot = MemoryLot(
        entry=1, account=1, effect="", rule="", granted=10, remaining=10, reversed=0, active=True,
        expires_at=ends, activates_at=given,
    )  # fmt: skip
    return Purse(Account(id=1, currency="points", balance=10, pending=0, debt=0, held=10), [lot])


def nights(day: date, zone: ZoneInfo, pick: Random) -> list[tuple[datetime, datetime]]:
    """(when a server thinks it is, the midnight that it does): each of three days 0, 1 or 2 times, late by a bit."""
    found = []
    for offset in (-1, 0, 1):
        for _time in range(pick.choice((0, 1, 2))):
            midnight = day_start(day + timedelta(days=offset), zone)
            clock = midnight + timedelta(seconds=pick.randrange(int(SKEW.total_seconds())))
            found.append((clock, midnight))
    return found


@pytest.mark.trial
@pytest.mark.parametrize("name", ZONES)
def test_a_lot_ends_once_at_the_local_midnight_after_its_last_day(name: str) -> None:
    zone, pick = ZoneInfo(name), Random(f"clock {name}")
    count = scale.size(60, 5000 // len(ZONES) + 1)
    for number, given in enumerate(instants(zone, count, pick)):
        expiry = EXPIRIES[number % len(EXPIRIES)]
        last = expiry.last_day(local_day(given, zone))
        ends = expiry_at(expiry, local_day(given, zone), zone)
        assert last is not None
        assert ends == midnight_after(last, zone), (given, expiry)
        assert (ends - timedelta(seconds=1)).astimezone(zone).date() <= last
        assert ends.astimezone(zone).date() > last
        purse, gone = lot_of(given, ends), 0
        ran = nights(last + timedelta(days=1), zone, pick)
        for _clock, midnight in ran:
            before = purse.account.balance
            expired = sum(each.points for each in purse.settle(midnight)[1])
            gone += expired
            assert purse.account.balance == before - expired
            assert (purse.account.balance == 0) == (midnight >= ends or before == 0), (given, midnight, ends)
        due = any(midnight >= ends for _clock, midnight in ran)
        assert gone == (10 if due else 0)
        assert sum(each.points for each in purse.settle(ends)[1]) == 10 - gone
