"""Badges: what a member has shown, for a time or for good."""

from __future__ import annotations

from datetime import MAXYEAR, date, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.expiry import add_months, end_of_period
from loyalty.definition.translation import N_, Teller

_FOR = {"days": N_("for %(n)d days"), "months": N_("for %(n)d months"), "years": N_("for %(n)d years")}
_UNTIL = {
    "month": N_("until the end of the month"),
    "quarter": N_("until the end of the quarter"),
    "year": N_("until the end of the year"),
}


class Forever(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="forever"):
    """The badge is kept for good."""

    def last_day(self, granted: date) -> date | None:
        """The last local day on which a badge of that day is held; None: no last one."""
        return None

    def words(self, teller: Teller) -> str:
        return teller.say(N_("for good"))


class For(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="for"):
    """So many days, months or years, through the last day."""

    n: Annotated[int, Meta(ge=1, le=3650)]
    unit: Literal["days", "months", "years"]

    def last_day(self, granted: date) -> date | None:
        if self.unit == "days":
            return granted + timedelta(days=min(self.n, (date(MAXYEAR - 1, 12, 31) - granted).days))
        return add_months(granted, self.n * (12 if self.unit == "years" else 1))

    def words(self, teller: Teller) -> str:
        return teller.tell(_FOR[self.unit], n=self.n)


class UntilEnd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="until_end"):
    """Through the last day of the month, quarter or year that it is given in."""

    of: Literal["month", "quarter", "year"] = "year"

    def last_day(self, granted: date) -> date | None:
        return end_of_period(granted, self.of)

    def words(self, teller: Teller) -> str:
        return teller.say(_UNTIL[self.of])


class Badge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Given by the effect grant_badge. icon: the emoji that it is shown as. valid: how long it is held."""

    code: Code
    name: LocalText
    description: LocalText = ""
    icon: Annotated[str, Meta(max_length=8, description=N_("One emoji."), examples=["🏅"])] = "🏅"
    valid: Forever | For | UntilEnd = Forever()

    def words(self, teller: Teller) -> str:
        return f"{self.icon} {self.valid.words(teller)}".strip()
