# ruff: noqa: E501  (a table)
"""What the stand-in sells: invented brands, denominations fixed and free, several countries and currencies."""

from __future__ import annotations

from typing import Any

EURO_ZONE = ["AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "NL", "PT"]


def _card(name: str, brand: str, category: str, currency: str, countries: list[str], **more: Any) -> dict[str, Any]:
    slug = f"{brand}-{currency}".lower().replace(" ", "-").replace("&", "and")
    return {
        "id": slug,
        "name": name,
        "brand": brand,
        "category": category,
        "currency": currency,
        "countries": countries,
        "description": f"To be spent at {brand}.",
        "terms": "Not to be exchanged for money. One card a purchase.",
        "cost_bp": 10_000,
        "valid_days": 365,
        "in_stock": True,
        **more,
    }


def _range(least: int, most: int, step: int) -> dict[str, int]:
    return {"least_minor": least, "most_minor": most, "step_minor": step}


def products() -> list[dict[str, Any]]:
    fixed = "denominations_minor"
    # fmt: off
    return [
        _card("Boekenbeurs book token", "Boekenbeurs", "books", "EUR", ["NL", "BE"], **{fixed: [1000, 1500, 2500]}, cost_bp=9500),
        _card("Lantaarn cinema card", "Lantaarn", "leisure", "EUR", ["NL"], **{fixed: [1250, 2500]}, cost_bp=9200),
        _card("Groenmarkt gift card", "Groenmarkt", "food", "EUR", ["NL", "BE", "DE"], range=_range(500, 15000, 500)),
        _card("Fietsfabriek gift card", "Fietsfabriek", "sport", "EUR", EURO_ZONE, **{fixed: [2500, 5000, 10000]}, cost_bp=9700),
        _card("Spoorpas day ticket", "Spoorpas", "travel", "EUR", ["NL"], **{fixed: [5900]}, valid_days=180),
        _card("Maplewood gift card", "Maplewood", "home", "USD", ["US", "CA"], **{fixed: [1000, 2500, 5000, 10000]}),
        _card("Harbour & Vine dining card", "Harbour & Vine", "food", "GBP", ["GB", "IE"], range=_range(1000, 20000, 1000), cost_bp=9000),
        _card("Sakura music credit", "Sakura", "music", "JPY", ["JP"], **{fixed: [1000, 3000, 5000]}),
        _card("Fjell outdoor card", "Fjell", "sport", "NOK", ["NO", "SE"], **{fixed: [10000, 25000, 50000]}),
        _card("Anywhere games credit", "Anywhere", "games", "EUR", [], range=_range(100, 10000, 1), cost_bp=10200),
    ]
    # fmt: on
