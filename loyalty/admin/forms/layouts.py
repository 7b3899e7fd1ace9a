"""In which sections the fields of a piece stand. A field that no section names comes in a last one by itself."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from loyalty.admin.forms.shapes import fields_of

Sections = tuple[tuple[Any, tuple[str, ...]], ...]

LAYOUTS: dict[str, Sections] = {
    "Rule": (
        (_("Rule"), ("name", "description", "code", "enabled")),
        (_("When"), ("trigger", "schedule")),
        (_("Only when"), ("when",)),
        (_("What it gives"), ("effects",)),
        (_("Limits"), ("limits", "caps")),
        (_("Beside other rules"), ("priority", "group", "stop")),
    ),
    "Currency": (
        (_("Name"), ("name_one", "name_many", "symbol", "code")),
        (_("What it is for"), ("kind", "scale", "value_minor_per_point")),
        (_("From when and until when"), ("pending_days", "expiry")),
        (_("Going back"), ("refund_policy", "restore_policy")),
    ),
    "Ladder": (
        (_("Name"), ("name", "code")),
        (_("How it works"), ("qualify", "window", "upgrade", "valid", "valid_months", "downgrade")),
        (_("Tiers, lowest first"), ("tiers",)),
    ),
    "Counter": (
        (_("Name"), ("name", "code")),
        (_("What is counted"), ("trigger", "measure")),
        (_("Only counts when"), ("when",)),
    ),
}
# Fields of a kind that stand folded away while they are at their defaults.
FOLDED: dict[str, frozenset[str]] = {
    "PointsPerMoney": frozenset({"amount_of", "base", "rounding", "scope", "lines", "pending_days", "expiry"}),
    "PointsBrackets": frozenset({"amount_of", "base", "rounding", "lines", "pending_days", "expiry"}),
    "PointsByTender": frozenset({"amount_of", "base", "rounding", "lines", "pending_days", "expiry"}),
    "PointsPerUnit": frozenset({"rounding", "pending_days", "expiry"}),
    "PointsFixed": frozenset({"pending_days", "expiry"}),
    "Multiply": frozenset({"rounding", "pending_days", "expiry"}),
    "Advance": frozenset({"of", "per_minor", "amount_of", "base", "lines"}),
    "LineTest": frozenset({"of"}),
    "EventLimit": frozenset({"currency", "on_excess"}),
    "MemberLimit": frozenset({"currency", "on_excess", "reversal_frees", "zone"}),
    "ValueLimit": frozenset({"currency", "on_excess", "reversal_frees", "zone"}),
    "BudgetLimit": frozenset({"currency", "on_excess", "reversal_frees"}),
    "TimeTest": frozenset({"zone"}),
    "Tier": frozenset({"color", "benefits", "entry_effects", "thresholds", "by_invitation"}),
}


def layout_register(struct: str, sections: Sections) -> None:
    """How another room's struct of that name is divided on its page. What is there already stays."""
    LAYOUTS.setdefault(struct, sections)


def sections_of(cls: type[Struct]) -> list[tuple[str, list[str]]]:
    """Title and fields of each section."""
    known = list(fields_of(cls))
    sections = [
        (str(title), [name for name in names if name in known]) for title, names in LAYOUTS.get(cls.__name__, ())
    ]
    left = [name for name in known if not any(name in names for _title, names in sections)]
    if left:
        sections.append((str(_("More")) if sections else "", left))
    return [(title, names) for title, names in sections if names]


def folded(cls: type[Struct]) -> frozenset[str]:
    return FOLDED.get(cls.__name__, frozenset())
