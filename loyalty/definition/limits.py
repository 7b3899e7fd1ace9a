"""How much a rule, or the rules of a cap group, may give. A new kind of limit is a Struct here, added to the union."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from loyalty.definition.basics import Code
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller, number_text

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

    reversal_frees: whether a return gives the room back, in the period that it was taken from.
    """

    period: Period
    at_most: Decimal
    measure: Measure = "points"
    currency: Code | None = None
    on_excess: OnExcess = "truncate"
    reversal_frees: bool = True

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("at most %(amount)s %(period)s"),
            amount=_amount(self, teller),
            period=teller.say(PERIOD_WORDS[self.period]),
        )


# More kinds join here: per value of an attribute, a budget over all members, a cooldown.
Limit = EventLimit | MemberLimit


def _amount(limit: EventLimit | MemberLimit, teller: Teller) -> str:
    if limit.measure == "times":
        return teller.say(N_("once")) if limit.at_most == 1 else teller.tell(N_("%(n)s times"), n=limit.at_most)
    if limit.currency is None:
        return teller.tell(N_("%(n)s points"), n=number_text(limit.at_most))
    return teller.points(limit.currency, limit.at_most)


def limit_currency(limit: Limit, currencies: set[str]) -> str | None:
    """The currency whose points the limit counts: its own, or the only one that its rules give; None when unclear."""
    if limit.currency is not None:
        return limit.currency
    return next(iter(currencies)) if len(currencies) == 1 else None


def limits_problems(limits: tuple[Limit, ...], path: str, currencies: set[str], ground: Ground) -> Problems:
    """currencies: those that the limited rules give."""
    seen: set[tuple[object, ...]] = set()
    for index, limit in enumerate(limits):
        here = f"{path}[{index}]"
        yield from _one(limit, here, currencies, ground)
        counted = (getattr(limit, "period", "event"), limit.measure, limit_currency(limit, currencies))
        if counted in seen:
            yield Problem(here, "The same thing is limited twice.", "Keep the stricter of the two.")
        seen.add(counted)


def _one(limit: Limit, here: str, currencies: set[str], ground: Ground) -> Problems:
    number = limit.at_most
    if not number.is_finite() or not 0 < number <= 10**12:
        yield Problem(
            f"{here}.at_most", "A limit must be above 0.", "Say a number such as 100; to stop a rule, disable it."
        )
        return
    if limit.measure == "times":
        if number != number.to_integral_value():
            yield Problem(f"{here}.at_most", "Times are counted whole.", "Say a whole number.")
        if limit.currency is not None:
            yield Problem(f"{here}.currency", "Times have no currency.", "Leave currency out.")
        return
    code = limit_currency(limit, currencies)
    if code is None:
        yield Problem(
            here,
            "It is unclear which points are limited.",
            f"Name the currency: one of {', '.join(sorted(currencies)) or 'those that the rules give'}.",
        )
        return
    yield from ground.currency_known(code, f"{here}.currency")
    known = ground.currencies.get(code)
    if known is not None and number != number.quantize(Decimal(1).scaleb(-known.scale)):
        yield Problem(f"{here}.at_most", f"{code} has {known.scale} digits after the sign.", "Say a number that fits.")
