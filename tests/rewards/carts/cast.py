"""A club whose points pay for half of an order, a cent each, with discounts for its members."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from loyalty.models import Program
from tests.loyalty import shop
from tests.rewards.benefits.cast import BENEFITS

PAYS = {"currency": "points", "at_least": 100, "most_percent": 50}


def document(*benefits: dict[str, Any], pays: dict[str, Any] | None = None, **section: Any) -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    made["sections"] = {
        "benefits": {"benefits": deepcopy(list(benefits) or BENEFITS), **section},
        "checkout": {"part_payments": [pays or PAYS]},
    }
    return made


def club(*benefits: dict[str, Any], **more: Any) -> Program:
    return shop.program(document(*benefits, **more))


def line(sku: str, cents: int, *, tax: int = 0, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A line that costs so many cents, tax included."""
    return {"sku": sku, "net_minor": cents - tax, "tax_minor": tax, "quantity": quantity, **more}


def cart(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"currency": "EUR", "lines": list(lines), **more}
