"""Windows that tiers are counted over. A new kind is a Struct here with `key`, `start`, `end`, `words`; in the union.

A window is known by its first local day, YYYY-MM-DD, "" for a lifetime. anchor: the member's own day that an
anniversary goes by; other kinds don't look at it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.expiry import add_months
from loyalty.definition.translation import MONTHS, N_, Teller


class Lifetime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="lifetime"):
    """Everything counts, for ever."""

    @property
    def key(self) -> str:
        return "lifetime"

    def start(self, day: date, anchor: date | None = None) -> str:
        return ""

    def end(self, start: str, windows: int = 1) -> date | None:
        """The first day after so many windows in a row, the first of which starts on `start`; None: never."""
        return None

    def words(self, teller: Teller) -> str:
        return teller.say(N_("over a lifetime"))


class CalendarYear(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="calendar_year"
):
    """A year that starts on the first of a month, January as a rule."""

    start_month: Annotated[int, Meta(ge=1, le=12)] = 1

    @property
    def key(self) -> str:
        return "calendar_year" if self.start_month == 1 else f"year_from_{self.start_month}"

    def start(self, day: date, anchor: date | None = None) -> str:
        year = day.year if day.month >= self.start_month else day.year - 1
        return date(max(year, 1), self.start_month, 1).isoformat()

    def end(self, start: str, windows: int = 1) -> date | None:
        return add_months(date.fromisoformat(start), 12 * windows)

    def words(self, teller: Teller) -> str:
        if self.start_month == 1:
            return teller.say(N_("in a calendar year"))
        return teller.tell(N_("in a year that starts in %(month)s"), month=teller.say(MONTHS[self.start_month - 1]))


class Month(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="month"):
    """A calendar month."""

    @property
    def key(self) -> str:
        return "month"

    def start(self, day: date, anchor: date | None = None) -> str:
        return day.replace(day=1).isoformat()

    def end(self, start: str, windows: int = 1) -> date | None:
        return add_months(date.fromisoformat(start), windows)

    def words(self, teller: Teller) -> str:
        return teller.say(N_("in a calendar month"))


class Quarter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="quarter"):
    """Three months from January, April, July or October on."""

    @property
    def key(self) -> str:
        return "quarter"

    def start(self, day: date, anchor: date | None = None) -> str:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1).isoformat()

    def end(self, start: str, windows: int = 1) -> date | None:
        return add_months(date.fromisoformat(start), 3 * windows)

    def words(self, teller: Teller) -> str:
        return teller.say(N_("in a quarter of a year"))


class Rolling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="rolling"):
    """The last so many months up to today. It is kept by the day; a day counts until so many months after it."""

    months: Annotated[int, Meta(ge=1, le=60)]

    @property
    def key(self) -> str:
        return "day"

    def start(self, day: date, anchor: date | None = None) -> str:
        return day.isoformat()

    def end(self, start: str, windows: int = 1) -> date | None:
        """The first day on which what happened on `start` doesn't count any more."""
        return add_months(date.fromisoformat(start), self.months * windows)

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("in the last %(n)d months"), n=self.months)


class Anniversary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="anniversary"):
    """A year from the member's own day on: the day they joined the brand, or were enrolled in the program.

    Whose day is 29 February has the 28th, every year.
    """

    of: Literal["joining", "enrollment"] = "joining"

    @property
    def key(self) -> str:
        return "anniversary" if self.of == "joining" else "enrollment_year"

    def start(self, day: date, anchor: date | None = None) -> str:
        anchor = anchor or date(day.year, 1, 1)
        month, in_month = anchor.month, 28 if (anchor.month, anchor.day) == (2, 29) else anchor.day
        this = date(day.year, month, in_month)
        return (this if this <= day else add_months(this, -12)).isoformat()

    def end(self, start: str, windows: int = 1) -> date | None:
        return add_months(date.fromisoformat(start), 12 * windows)

    def words(self, teller: Teller) -> str:
        if self.of == "joining":
            return teller.say(N_("in a year from the day the member joined"))
        return teller.say(N_("in a year from the day the member was enrolled"))


Window = Lifetime | CalendarYear | Month | Quarter | Rolling | Anniversary


def window_anchor(window: Window, joined: date | None, enrolled: date | None) -> date | None:
    """The member's own day that the window goes by."""
    return enrolled if isinstance(window, Anniversary) and window.of == "enrollment" else joined
