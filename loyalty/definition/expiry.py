"""When points end. A new kind is a Struct here with `last_day` and `words`, added to the union."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.translation import N_, Teller

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


# More kinds join here: fixed dates, months of inactivity.
Expiry = Never | After
