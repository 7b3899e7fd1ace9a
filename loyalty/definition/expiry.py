"""When points end. A new kind is a Struct here with `last_day` and `words`, added to the union."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Trigger
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.translation import N_, Teller

MonthDay = Annotated[
    str,
    Meta(
        pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)",
        description=N_("Month and day, of every year; a day that a month lacks is its last."),
        examples=["06-30", "12-31"],
    ),
]

LAST_DAY = date(MAXYEAR - 1, 12, 31)
_PERIOD_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_UNITS = {"days": N_("%(n)d days"), "months": N_("%(n)d months"), "years": N_("%(n)d years")}
_ROUNDED = {
    "month": N_("up to the end of the month"),
    "quarter": N_("up to the end of the quarter"),
    "half_year": N_("up to the end of the half-year"),
    "year": N_("up to the end of the year"),
}


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month: 31 Jan + 1 month = 28 Feb."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR - 1:
        return date(MAXYEAR - 1, 12, 31)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def end_of_period(day: date, period: str) -> date:
    """The last day of the month, quarter, half-year or year that the day lies in."""
    months = _PERIOD_MONTHS[period]
    month = (day.month - 1) // months * months + months
    return date(day.year, month, monthrange(day.year, month)[1])


class Never(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="never"):
    """Points don't expire."""

    def last_day(self, activated: date) -> date | None:
        """The last local day on which points that became active on that day are valid; None for ever."""
        return None

    def words(self, teller: Teller) -> str:
        return teller.say(N_("never expire"))


class After(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="after"):
    """So many days, months or years after activation, valid through the last day, optionally to the end of a period."""

    n: Annotated[int, Meta(ge=1, le=36_500)]
    unit: Literal["days", "months", "years"]
    round_up: Literal["none", "month", "quarter", "half_year", "year"] = "none"

    def last_day(self, activated: date) -> date | None:
        if self.unit == "days":
            room = (date(MAXYEAR - 1, 12, 31) - activated).days
            day = activated + timedelta(days=min(self.n, room))
        else:
            day = add_months(activated, self.n * (12 if self.unit == "years" else 1))
        return day if self.round_up == "none" else end_of_period(day, self.round_up)

    def words(self, teller: Teller) -> str:
        span = teller.tell(_UNITS[self.unit], n=self.n)
        if self.round_up == "none":
            return teller.tell(N_("expire after %(span)s"), span=span)
        return teller.tell(
            N_("expire after %(span)s, %(rounded)s"), span=span, rounded=teller.say(_ROUNDED[self.round_up])
        )


class Fixed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="fixed"):
    """On the next of some days of the year, valid through it.

    at_least_days: a day that comes sooner than so many days after activation is passed over.
    """

    dates: Annotated[tuple[MonthDay, ...], Meta(min_length=1, max_length=24)]
    at_least_days: Annotated[int, Meta(ge=0, le=3650)] = 0

    def last_day(self, activated: date) -> date | None:
        earliest = activated + timedelta(days=min(self.at_least_days, (LAST_DAY - activated).days))
        days = (_day_of(year, each) for year in (earliest.year, earliest.year + 1) for each in self.dates)
        return min((day for day in days if day >= earliest), default=LAST_DAY)

    def words(self, teller: Teller) -> str:
        dates = teller.list_or([teller.month_day(each) for each in sorted(self.dates)])
        if not self.at_least_days:
            return teller.tell(N_("expire on the next %(dates)s"), dates=dates)
        return teller.tell(
            N_("expire on the next %(dates)s that is at least %(n)d days away"), dates=dates, n=self.at_least_days
        )


class Inactivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="inactivity"):
    """So many months after the last activity. resets: the types of event that count as one; a return never does.

    An activity moves the last day of all points of the kind that are valid then; see loyalty/sql/0013_lots.sql.
    """

    months: Annotated[int, Meta(ge=1, le=240)]
    resets: Annotated[tuple[Trigger, ...], Meta(min_length=1, max_length=50)] = ("order.paid",)

    def last_day(self, activated: date) -> date | None:
        return add_months(activated, self.months)

    def words(self, teller: Teller) -> str:
        events = teller.list_or([teller.event(each) for each in self.resets])
        if self.months == 1:
            return teller.tell(N_("expire after a month without %(events)s"), events=events)
        return teller.tell(N_("expire after %(n)d months without %(events)s"), n=self.months, events=events)


# A new kind joins here.
Expiry = Never | After | Fixed | Inactivity


def expiry_problems(expiry: Expiry, path: str) -> Problems:
    if not isinstance(expiry, Inactivity):
        return
    for index, each in enumerate(expiry.resets):
        if each == "order.returned":
            yield Problem(
                f"{path}.resets[{index}]",
                phrase("A return is no activity: points would live on by it."),
                phrase("Leave it out."),
            )


def _day_of(year: int, month_day: str) -> date:
    month, day = int(month_day[:2]), int(month_day[3:])
    return date(min(year, MAXYEAR - 1), month, min(day, monthrange(min(year, MAXYEAR - 1), month)[1]))
