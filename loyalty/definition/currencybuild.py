"""Point currencies of the document made ready for judging."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from loyalty.definition.compiled import CompiledCurrency, Rolling
from loyalty.definition.currencies import Currency
from loyalty.definition.document import Document
from loyalty.definition.expiry import Inactivity
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
        release=currency.release,
        by_tier=currency.expiry_by_tier,
        rolling=_rolling(currency, document),
        tiers=points_windows(currency.code, document),
    )


def point_events(document: Document) -> frozenset[str]:
    """Types of event that no rule need wait for: those that points wait for, and those that keep them alive."""
    releases = {each.release.type for each in document.currencies if each.release is not None}
    return frozenset(releases).union(*(_rolling(each, document).resets for each in document.currencies))


def _rolling(currency: Currency, document: Document) -> Rolling:
    """Of the currency's own expiry, those by tier and those of the effects that give it."""
    effects = [each for rule in document.rules for each in rule.effects]
    own = [getattr(each, "expiry", None) for each in effects if getattr(each, "currency", None) == currency.code]
    found = [
        each
        for each in (currency.expiry, *(each.expiry for each in currency.expiry_by_tier), *own)
        if isinstance(each, Inactivity)
    ]
    return Rolling(frozenset(code for each in found for code in each.resets), frozenset(each.months for each in found))
