"""Point currencies of the document made ready for judging."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from loyalty.definition.compiled import CompiledCurrency
from loyalty.definition.currencies import Currency
from loyalty.definition.document import Document
from loyalty.definition.ladderbuild import points_windows


def currency_build(currency: Currency, document: Document) -> CompiledCurrency:
    one = 10**currency.scale
    value = currency.value_minor_per_point
    return CompiledCurrency(
        code=currency.code,
        one=one,
        worth=Fraction(value if value else Decimal(1)) / one,
        pending_days=currency.pending_days,
        expiry=currency.expiry,
        tiers=points_windows(currency.code, document),
    )
