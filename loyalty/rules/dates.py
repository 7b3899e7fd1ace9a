"""Days in a program's time zone: when a day starts, when points become active and expire, when periods start and end.

A zone's day needn't start at 00:00, last 24 hours or exist at all, so every step here goes by the calendar and turns
into an instant at the end. Instants are aware UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalty.definition.compiled import CompiledCurrency
from loyalty.definition.expiry import Expiry, Inactivity, end_of_period
from loyalty.definition.periods import period_start

__all__ = [
    "AwardDates",
    "activation_at",
    "award_dates",
    "award_terms",
    "day_start",
    "expiry_at",
    "local_day",
    "period_start",
]

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=4096)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant from which on it is that local day, or a later one, for good.

    00:00 as a rule. Where the clock jumps over midnight: the jump, also for a day that a zone left out. Where it is set
    back over midnight so that the evening before comes twice: the second midnight, the day before being over only then.
    """
    midnight = datetime.combine(day, time(), tzinfo=zone)
    first = midnight.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != midnight.replace(tzinfo=None):
        return _jump(day, midnight.replace(fold=1).astimezone(UTC), first, zone)
    second = midnight.replace(fold=1).astimezone(UTC)
    if second != first and (second - _SECOND).astimezone(zone).date() < day:
        return second
    return first


def _jump(day: date, before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between the two at which the local date reaches the day."""
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).date() >= day:
            high = middle
        else:
            low = middle + 1
    return before + low * _SECOND


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def activation_at(occurred_at: datetime, pending_days: int, zone: ZoneInfo) -> datetime:
    """When points become active: at once, or so many calendar days later at the same time on the wall clock.

    A time that the clock jumps over is taken an hour (the jump) later; of one that comes twice, the first.
    """
    if not pending_days:
        return occurred_at
    return (occurred_at.astimezone(zone) + timedelta(days=pending_days)).replace(fold=0).astimezone(UTC)


@lru_cache(maxsize=8192)
def expiry_at(expiry: Expiry, activated: date, zone: ZoneInfo) -> datetime | None:
    """When points that became active on that local day expire: the local midnight after their last day; None: never."""
    last = expiry.last_day(activated)
    return None if last is None else day_start(last + timedelta(days=1), zone)


class AwardDates(Struct, frozen=True, gc=False):
    """When an award begins and ends. rolls: the months after the last activity that it ends, 0 for a day of its own.

    waits_for: the type of the event that it waits for, with activates_at as the latest time; drops: it is off then;
    expiry: what its end is reckoned by once it has come.
    """

    activates_at: datetime
    expires_at: datetime | None
    rolls: int = 0
    waits_for: str = ""
    drops: bool = False
    expiry: Expiry | None = None


def award_terms(
    currency: CompiledCurrency, occurred_at: datetime, zone: ZoneInfo, *, expiry: Expiry, pending_days: int | None
) -> AwardDates:
    """pending_days: of the effect alone; it goes before what the currency waits for."""
    release = currency.release if pending_days is None else None
    days = currency.pending_days if pending_days is None else pending_days
    activates_at = activation_at(occurred_at, release.at_most_days if release is not None else days, zone)
    expires_at = expiry_at(expiry, local_day(activates_at, zone), zone)
    rolls = expiry.months if type(expiry) is Inactivity else 0
    if release is None:
        return AwardDates(activates_at, expires_at, rolls)
    return AwardDates(activates_at, expires_at, rolls, release.type, release.then == "drop", expiry)


def award_dates(currency: CompiledCurrency, occurred_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """(activates_at, expires_at) of points awarded for what happened then. The clock of expiry starts at activation."""
    activates_at = activation_at(occurred_at, currency.pending_days, zone)
    return activates_at, expiry_at(currency.expiry, local_day(activates_at, zone), zone)


def period_last_day(period: str, day: date) -> date | None:
    """The last day of the period that the day lies in; None for a lifetime."""
    match period:
        case "day":
            return day
        case "week":
            return day + timedelta(days=6 - day.weekday())
        case "month" | "year":
            return end_of_period(day, period)
    return None
