"""What can be wrong with limits."""

from __future__ import annotations

from decimal import Decimal

from loyalty.definition.limits import AmountLimit, Cooldown, Limit, MemberLimit, ValueLimit, limit_currency
from loyalty.definition.phrases import phrase
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
            yield Problem(here, phrase("The same thing is limited twice."), phrase("Keep the stricter of the two."))
        seen.add(counted)
    yield from idle_problems(limits, path, currencies)


def _one(limit: AmountLimit, here: str, currencies: set[str], ground: Ground) -> Problems:
    number = limit.at_most
    if not number.is_finite() or not 0 < number <= 10**12:
        yield Problem(
            f"{here}.at_most",
            phrase("A limit must be above 0."),
            phrase("Say a number such as 100; to stop a rule, disable it."),
        )
        return
    if limit.measure == "times":
        if number != number.to_integral_value():
            yield Problem(f"{here}.at_most", phrase("Times are counted whole."), phrase("Say a whole number."))
        if limit.currency is not None:
            yield Problem(f"{here}.currency", phrase("Times have no currency."), phrase("Leave currency out."))
        return
    code = limit_currency(limit, currencies)
    if code is None:
        yield Problem(
            here,
            phrase("It is unclear which points are limited."),
            phrase(
                "Name the currency: one of %(names)s.",
                names=", ".join(sorted(currencies)) or phrase("those that the rules give"),
            ),
        )
        return
    yield from ground.currency_known(code, f"{here}.currency")
    known = ground.currencies.get(code)
    if known is not None and number != number.quantize(Decimal(1).scaleb(-known.scale)):
        yield Problem(
            f"{here}.at_most",
            phrase("%(code)s has %(scale)s digits after the sign.", code=code, scale=known.scale),
            phrase("Say a number that fits."),
        )
    elif code in ground.currencies and currencies and code not in currencies:
        yield Problem(
            f"{here}.currency",
            phrase("This limit can never bind: no points of %(code)r are given here.", code=code),
            phrase("Name one of %(names)s, or leave the limit out.", names=", ".join(sorted(currencies))),
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
                    phrase(
                        "This limit can never bind: %(at_most)s a %(period)s is no more than that.",
                        at_most=shorter.at_most,
                        period=phrase(shorter.period),
                    ),
                    phrase("Say less than %(n)s, or leave it out.", n=shorter.at_most * fits),
                )
                break
