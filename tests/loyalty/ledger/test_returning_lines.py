"""A line that goes back takes exactly what it gave: by the piece, rounded by line or as a whole, cut by a cap."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from loyalty.models import Event
from tests.loyalty import shop
from tests.loyalty.ledger.cast import totals

LINES = [
    {"sku": "CUP", "quantity": 3, "net_minor": 199, "category": "ware"},
    {"sku": "BEANS", "quantity": 2, "net_minor": 9000, "category": "coffee"},
    {"sku": "POT", "quantity": 1, "net_minor": 801, "category": "ware"},
]
UNITS = {"kind": "points_per_unit", "currency": "points"}
MONEY = {"kind": "points_per_money", "currency": "points"}
TOTAL = 100


def bought(effect: dict[str, Any], limits: list[dict[str, Any]] | None = None) -> Any:
    made = copy.deepcopy(shop.DOCUMENT)
    rule = {"code": "goods", "name": "Goods", "trigger": "order.paid", "effects": [effect], "limits": limits or []}
    made["rules"] = [rule]
    place = shop.place(shop.member("Anna"), shop.program(made))
    [answer] = shop.send(shop.order(place.member, TOTAL, "A", lines=LINES))
    assert answer.status == 201, answer.body
    return place


def back(place: Any, sku: str, quantity: int) -> int:
    """Return so many, for a cent: what the money says doesn't matter. Returns what is left."""
    row = shop.returned(place.member, "A", "0.01")
    row["data"]["return"]["lines"] = [{"sku": sku, "quantity": quantity}]
    [answer] = shop.send(row)
    assert answer.status == 201, answer.body
    [left] = totals(place, "balance")
    return int(left)


def test_points_by_the_piece_go_back_by_the_piece(brand):
    place = bought({**UNITS, "points": 5})
    assert totals(place, "balance") == (30,)
    assert [back(place, "BEANS", 1), back(place, "CUP", 3), back(place, "BEANS", 1), back(place, "POT", 1)] == [
        25, 10, 5, 0
    ]  # fmt: skip


def test_lines_that_gave_nothing_take_nothing(brand):
    coffee = [{"path": "category", "operator": "eq", "value": "coffee"}]
    place = bought({**UNITS, "points": 5, "where": coffee})
    assert totals(place, "balance") == (10,)
    assert [back(place, "CUP", 3), back(place, "POT", 1), back(place, "BEANS", 2)] == [10, 10, 0]


def test_units_of_a_number_of_the_line_go_back_with_it(brand):
    place = bought({**UNITS, "points": 1, "of": "order.lines.net_minor", "per": 100})
    assert totals(place, "balance") == (100,)
    assert [back(place, "POT", 1), back(place, "CUP", 3), back(place, "BEANS", 2)] == [92, 90, 0]


def test_a_sum_that_was_rounded_goes_back_whole_and_in_no_step_too_much(brand):
    # 6 pieces at a third of a point: 2. A cup gave a third, so two of them take nothing yet.
    place = bought({**UNITS, "points": 1, "per": 3})
    assert totals(place, "balance") == (2,)
    assert [back(place, "CUP", 2), back(place, "CUP", 1), back(place, "BEANS", 2), back(place, "POT", 1)] == [
        2, 1, 1, 0
    ]  # fmt: skip


def test_what_is_rounded_line_by_line_goes_back_as_the_line_gave_it(brand):
    # 1.99, 90 and 8.01 of points: 1 + 90 + 8, and not the cup's share of the money, which is 1.97.
    place = bought({**MONEY, "points": 1, "per_minor": 100, "scope": "line"})
    assert totals(place, "balance") == (99,)
    assert [back(place, "POT", 1), back(place, "CUP", 3), back(place, "BEANS", 2)] == [91, 90, 0]


@pytest.mark.parametrize("rounding", ["floor", "half_up"])
def test_half_points_of_lines_go_back_the_way_they_were_rounded(brand, rounding):
    place = bought({**MONEY, "points": 1, "per_minor": 200, "scope": "line", "rounding": rounding})
    cup, beans, pot = (0, 45, 4) if rounding == "floor" else (1, 45, 4)
    assert totals(place, "balance") == (cup + beans + pot,)
    assert [back(place, "CUP", 3), back(place, "POT", 1), back(place, "BEANS", 2)] == [beans + pot, beans, 0]


def test_of_what_a_cap_cut_every_line_takes_its_share(brand):
    place = bought({**UNITS, "points": 10}, [{"per": "event", "at_most": 30}])
    assert totals(place, "balance") == (30,)  # of 60: 15, 10 and 5 by line
    assert [back(place, "BEANS", 2), back(place, "CUP", 3), back(place, "POT", 1)] == [20, 5, 0]


def test_numbers_that_are_no_lines_go_back_by_the_money(brand):
    place = bought({**UNITS, "points": 1, "of": "order.total_minor", "per": 100})
    assert totals(place, "balance") == (100,)
    assert "lines" not in Event.objects.get(type="order.paid").trace["awards"][0]
    assert back(place, "BEANS", 2) == 100
    shop.send(shop.returned(place.member, "A", 50))
    assert totals(place, "balance") == (50,)
