"""What can be wrong with limits."""

from __future__ import annotations

from decimal import Decimal

from loyalty.definition.limits import AmountLimit, Cooldown, Limit, MemberLimit, ValueLimit, limit_currency
from loyalty.definition.problems import Ground, Problem, Problems


def limits_problems(limits: tuple[Limit, ...], path: str, currencies: set[str], ground: Ground) -> Problems:
    """currencies: those that the limited rules give."""
    seen: set[tuple[object, ...]] = set()
    for index, limit in enumerate(limits):
        here = f"{path}[{index}]"
        counted: tuple[object, ...]
        if isinstance(limit, Cooldown):
            counted = ("cooldown",)
        else:
            yield from _one(limit, here, currencies, ground)
            counted = (
                type(limit).__name__,
                getattr(limit, "period", "event"),
                getattr(limit, "zone", ""),
                limit.attribute if isinstance(limit, ValueLimit) else "",
                limit.measure,
                limit_currency(limit, currencies),
            )
        if counted in seen:
            yield Problem(here, "The same thing is limited twice.", "Keep the stricter of the two.")
        seen.add(counted)
    yield from idle_problems(limits, path, currencies)


def _one(limit: AmountLimit, here: str, currencies: set[str], ground: Ground) -> Problems:
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
    elif code in ground.currencies and currencies and code not in currencies:
        yield Problem(
            f"{here}.currency",
            f"This limit can never bind: no points of {code!r} are given here.",
            f"Name one of {', '.join(sorted(currencies))}, or leave the limit out.",
        )


# How often the shorter period fits into the longer one, at most.
_FITS = {
    ("day", "week"): 7, ("day", "month"): 31, ("day", "year"): 366,
    ("week", "month"): 6, ("week", "year"): 54, ("month", "year"): 12,
}  # fmt: skip


def idle_problems(limits: tuple[Limit, ...], path: str, currencies: set[str]) -> Problems:
    """Limits of a longer period with room for all that a shorter one lets through."""
    members = [(index, each) for index, each in enumerate(limits) if isinstance(each, MemberLimit)]
    for index, longer in members:
        for _, shorter in members:
            fits = _FITS.get((shorter.period, longer.period))
            same = (shorter.measure, limit_currency(shorter, currencies), shorter.zone) == (
                longer.measure,
                limit_currency(longer, currencies),
                longer.zone,
            )
            if fits is not None and same and longer.at_most >= shorter.at_most * fits:
                yield Problem(
                    f"{path}[{index}].at_most",
                    f"This limit can never bind: {shorter.at_most} a {shorter.period} is no more than that.",
                    f"Say less than {shorter.at_most * fits}, or leave it out.",
                )
                break
