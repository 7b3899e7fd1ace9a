"""Money as the reader writes it, in the columns and on the pages of the admin."""

from __future__ import annotations

from core.backoffice.words import DASH
from loyalty.moneywords import money_words


def money(minor: int | None, currency: str) -> str:
    """An amount in minor units with its cents: €1,234.50, in Dutch € 1.234,50."""
    return DASH if minor is None else money_words(minor, currency, cents=True)
