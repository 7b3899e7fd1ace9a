"""What a member reads of a reward before taking it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.utils.translation import override

from core.countries import COUNTRIES, NEAR, countries_known
from rewards.section import RewardPiece
from rewards.worth import facts_of


def told(**fields: Any) -> dict[str, str]:
    piece = msgspec.convert({"code": "x", "name": "X", **fields}, RewardPiece)
    return {name: value.replace("\u00a0", " ") for name, value in facts_of(piece, "EUR")}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ({"kind": "discount_code", "percent": 10}, {"Discount": "10%"}),
        (
            {"kind": "discount_code", "amount_minor": 500, "minimum_minor": 2000},
            {"Discount": "€5", "From an order of": "€20"},
        ),
        ({"kind": "gift_card", "amount_minor": 2550, "money_currency": "USD"}, {"Worth": "$25.50"}),
        ({"kind": "store_credit", "amount_minor": 1000}, {"Worth": "€10"}),
        ({"kind": "physical", "sku": "MUG"}, {"Delivery": "sent to your address"}),
        ({"kind": "free_product"}, {}),
    ],
    ids=lambda each: str(each.get("kind", "")),
)
def test_each_kind_says_what_it_is_worth(kind: dict[str, Any], facts: dict[str, str]) -> None:
    assert told(kind=kind) == facts


def test_where_and_how_long_it_holds_is_told_too() -> None:
    with override("nl"):
        assert told(countries=["NL", "BE"], valid_months=1) == {
            "Alleen in": "België, Nederland",
            "Te gebruiken binnen": "1 maand",
        }


def test_countries_stand_in_the_readers_alphabet() -> None:
    with override("nl"):
        names = [name for _code, name in countries_known()]
    assert len(names) == len(COUNTRIES)
    assert names.index("Åland") < names.index("Albanië") < names.index("Zwitserland")
    assert set(NEAR) <= COUNTRIES.keys()
