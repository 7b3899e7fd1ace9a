"""The loyalty room's pages in the brand's admin. Importing this package registers them."""

from loyalty.admin import (
    adjust,
    adjustments,
    backtests,
    choices,
    events,
    imports,
    ledger,
    member_panels,
    parts,
    pieces,
    players,
    programs,
    rules,
    versions,
)

__all__ = [
    "adjust",
    "adjustments",
    "backtests",
    "choices",
    "events",
    "imports",
    "ledger",
    "member_panels",
    "parts",
    "pieces",
    "players",
    "programs",
    "rules",
    "versions",
]
