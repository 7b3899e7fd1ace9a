"""Amounts of money as members read them: €25, £3.50, and in Dutch € 25 and € 3,50."""

from __future__ import annotations

from django.utils.translation import get_language

from loyalty.definition.basics import money_said


def money_words(minor: int, currency: str, *, cents: bool = False) -> str:
    """In the reader's language; without cents where there are none, unless they are asked for."""
    return money_said(minor, currency, get_language() or "en", cents=cents)
