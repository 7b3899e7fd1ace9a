"""Money as the reader writes it."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

from core.backoffice.words import DASH
from loyalty.definition.basics import money_digits


def money(minor: int | None, currency: str) -> str:
    """An amount in minor units in the reader's way: EUR 1,234.50."""
    if minor is None:
        return DASH
    digits = money_digits(currency)
    sign = "−" if minor < 0 else ""
    number = Decimal(abs(minor)).scaleb(-digits)
    return f"{sign}{currency} {number_format(number, decimal_pos=digits, force_grouping=True)}"
