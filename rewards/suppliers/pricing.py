"""From a supplier's money to the brand's points. Pure: no clock, no tables."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

ROUNDINGS = {"up": ROUND_CEILING, "half_up": ROUND_HALF_UP, "down": ROUND_FLOOR}
# ISO 4217 currencies whose minor unit isn't a hundredth.
# fmt: off
DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                     "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
# fmt: on
MOST_POINTS = 10**12


def digits_of(currency: str) -> int:
    return DIGITS.get(currency, 2)


def whole(amount_minor: int, currency: str) -> Decimal:
    """2500 EUR → 25, 1000 JPY → 1000."""
    return Decimal(amount_minor).scaleb(-digits_of(currency))


def plain(amount_minor: int, currency: str) -> str:
    """`25.00`, as it stands in a field."""
    return f"{whole(amount_minor, currency):.{digits_of(currency)}f}"


def shown(amount_minor: int, currency: str) -> str:
    """`25.00 EUR`, for staff."""
    return f"{plain(amount_minor, currency)} {currency}"


def minor_of(text: str, currency: str) -> int:
    """12.5 or 12,50 of EUR is 1250. ValueError for what is no amount, or has more digits than the currency."""
    plain = text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text.strip()
    try:
        amount = Decimal(plain).scaleb(digits_of(currency))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not amount.is_finite() or amount != amount.to_integral_value() or abs(amount) > 10**15:
        raise ValueError(text)
    return int(amount)


def rate_of(rates: Mapping[str, str], currency: str) -> Decimal | None:
    """Points for one whole unit, None when the brand has no rate for that currency."""
    try:
        rate = Decimal(str(rates[currency]))
    except (KeyError, InvalidOperation):
        return None
    return rate if rate.is_finite() and rate > 0 else None


def points_for(
    amount_minor: int, currency: str, *, rates: Mapping[str, str], rounding: str, round_to: int, scale: int = 0
) -> int | None:
    """The price in minor units of the point currency, at least 1; None without a rate, or when it is beyond reason.

    round_to is in whole points; scale: how many digits of a point there are.
    """
    rate = rate_of(rates, currency)
    if rate is None:
        return None
    step = Decimal(max(1, round_to))
    rounded = (whole(amount_minor, currency) * rate / step).to_integral_value(ROUNDINGS[rounding]) * step
    points = int(max(rounded, step).scaleb(scale))
    return points if points <= MOST_POINTS else None


def cost_of(amount_minor: int, cost_bp: int) -> int:
    """What it costs us, up to the next minor unit."""
    return -(-amount_minor * cost_bp // 10_000)
