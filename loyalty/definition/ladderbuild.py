"""Ladders of the document made ready for judging."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from loyalty.definition.compiled import CompiledLadder, CompiledTier
from loyalty.definition.document import Document
from loyalty.definition.ladders import Ladder
from loyalty.definition.windows import Window


def tier_counter(currency: str, window: Window) -> str:
    """The key of the counter of points that count for tiers."""
    return f"tier:{currency}:{window.key}"


def ladder_build(ladder: Ladder, document: Document, zone: ZoneInfo) -> CompiledLadder:
    currency = ladder.qualify.currency
    one = 10 ** document.currency(currency).scale
    tiers = tuple(CompiledTier(each.code, rank, each.threshold * one) for rank, each in enumerate(ladder.tiers))
    return CompiledLadder(
        code=ladder.code,
        currency=currency,
        window=ladder.window,
        counter=tier_counter(currency, ladder.window),
        valid=ladder.valid,
        downgrade=ladder.downgrade,
        tiers=tiers,
        ranks={each.code: each.rank for each in tiers},
        zone=zone,
    )
