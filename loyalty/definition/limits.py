"""How much a rule, or the rules of a cap group, may give. A new kind of limit is a Struct here, added to the union."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import AttributePath, Code
from loyalty.definition.translation import N_, Teller

Measure = Literal["points", "times"]
OnExcess = Literal["truncate", "reject"]
Period = Literal["day", "week", "month", "year", "lifetime"]

PERIOD_WORDS = {
    "day": N_("a day"),
    "week": N_("a week"),
    "month": N_("a month"),
    "year": N_("a year"),
    "lifetime": N_("in all"),
}
_UNIT_WORDS = {"minutes": N_("%(n)d minutes"), "hours": N_("%(n)d hours"), "days": N_("%(n)d days")}
_UNIT_SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}


class EventLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="per", tag="event"):
    """At most so much per event. measure times only makes sense in a cap group: so many of its rules."""

    at_most: Decimal
    measure: Measure = "points"
    currency: Code | None = None
    on_excess: OnExcess = "truncate"

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("at most %(amount)s an event"), amount=_amount(self, teller))


class MemberLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="per", tag="member"):
    """At most so much per member in a local day, week (from Monday), month, year or lifetime. Pending points count.

    zone: whose day it is. reversal_frees: whether a return gives the room back, in the period that it was taken from.
    """

    period: Period
    at_most: Decimal
    measure: Measure = "points"
    currency: Code | None = None
    on_excess: OnExcess = "truncate"
    reversal_frees: bool = True
    zone: Literal["program", "member"] = "program"

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("at most %(amount)s %(period)s"), amount=_amount(self, teller), period=_period(self, teller)
        )


class ValueLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="per", tag="member_value"):
    """At most so much per member for each value of an attribute of the event, such as each channel or each place.

    Events without the attribute share one limit. See MemberLimit for the rest.
    """

    attribute: AttributePath
    period: Period
    at_most: Decimal
    measure: Measure = "points"
    currency: Code | None = None
    on_excess: OnExcess = "truncate"
    reversal_frees: bool = True
    zone: Literal["program", "member"] = "program"

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("at most %(amount)s %(period)s for each %(attribute)s"),
            amount=_amount(self, teller),
            period=_period(self, teller),
            attribute=teller.attribute(self.attribute),
        )


class BudgetLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="per", tag="budget"):
    """At most so much over all members together, in a period of the program's zone. Never exceeded, however many come
    at once."""

    period: Period
    at_most: Decimal
    measure: Measure = "points"
    currency: Code | None = None
    on_excess: OnExcess = "truncate"
    reversal_frees: bool = True

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("at most %(amount)s %(period)s over all members"),
            amount=_amount(self, teller),
            period=_period(self, teller),
        )


class Cooldown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="per", tag="cooldown"):
    """So much time must lie between two awards to one member, by when the events happened. A day is 24 hours. What was
    given and returned still counts; what happened before the last award but is told after it gets nothing."""

    n: Annotated[int, Meta(ge=1, le=100_000)]
    unit: Literal["minutes", "hours", "days"]

    @property
    def seconds(self) -> int:
        return self.n * _UNIT_SECONDS[self.unit]

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("with %(time)s between two awards"), time=teller.tell(_UNIT_WORDS[self.unit], n=self.n))


# The kinds of limit. A new one joins here.
AmountLimit = EventLimit | MemberLimit | ValueLimit | BudgetLimit
Limit = EventLimit | MemberLimit | ValueLimit | BudgetLimit | Cooldown


def _period(limit: MemberLimit | ValueLimit | BudgetLimit, teller: Teller) -> str:
    return teller.say(PERIOD_WORDS[limit.period])


def _amount(limit: AmountLimit, teller: Teller) -> str:
    if limit.measure == "times":
        return teller.say(N_("once")) if limit.at_most == 1 else teller.tell(N_("%(n)s times"), n=limit.at_most)
    if limit.currency is None:
        return teller.tell(N_("%(n)s points"), n=teller.number(limit.at_most))
    return teller.points(limit.currency, limit.at_most)


def limit_currency(limit: AmountLimit, currencies: set[str]) -> str | None:
    """The currency whose points the limit counts: its own, or the only one that its rules give; None when unclear."""
    if limit.currency is not None:
        return limit.currency
    return next(iter(currencies)) if len(currencies) == 1 else None
