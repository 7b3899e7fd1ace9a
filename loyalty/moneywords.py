"""Amounts of money as members read them: €25, £3.50, and in Dutch € 25 and € 3,50."""

from __future__ import annotations

from django.utils.translation import get_language

from loyalty.definition.basics import money_digits

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money_words(minor: int, currency: str) -> str:
    """In the reader's language; without cents where there are none, with spaces that don't break."""
    dutch = (get_language() or "en").startswith("nl")
    digits = money_digits(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    number = f"{whole:,}".replace(",", "." if dutch else ",")
    if rest:
        number += f"{',' if dutch else '.'}{rest:0{digits}d}"
    sign, known = "−" if minor < 0 else "", SIGNS.get(currency)
    if known is None:
        return f"{sign}{currency}\u00a0{number}"
    return f"{sign}{known}\u00a0{number}" if dutch else f"{sign}{known}{number}"
