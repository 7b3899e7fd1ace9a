"""A member's discounts: the right amount off the right lines, to the cent, and never more than there is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.definition.lines import ItemTest
from rewards.benefits.definition import Benefit, Discount, FreeShipping
from rewards.carts.discounts import discounted, gross, shared

TEA = (ItemTest(path="category", operator="eq", value="tea"),)
LINES: list[dict[str, Any]] = [
    {"sku": "T", "net_minor": 826, "tax_minor": 174, "category": "tea"},
    {"sku": "C", "net_minor": 1653, "tax_minor": 347, "category": "cups"},
]


def benefit(code: str = "b", **gives: Any) -> Benefit:
    return Benefit(code=code, name=code, gives=Discount(**gives))


def test_a_percentage_goes_off_the_lines_it_is_for_and_tax_follows() -> None:
    found = discounted([benefit(percent=Decimal(10), where=TEA)], LINES, 495, "best")
    [off] = found.off
    assert (off.amount_minor, off.lines) == (100, ((0, 100),))
    assert (found.lines[0]["net_minor"], found.lines[0]["tax_minor"]) == (743, 157)
    assert found.lines[0]["discount_minor"] == 83
    assert found.lines[1] == LINES[1]
    assert found.shipping_minor == 495


def test_an_amount_is_spread_over_its_lines_and_never_more_than_they_cost() -> None:
    found = discounted([benefit(amount_minor=500)], LINES, 0, "best")
    assert [each["discount_minor"] > 0 for each in found.lines] == [True, True]
    assert sum(map(gross, LINES)) - sum(map(gross, found.lines)) == 500
    small = discounted([benefit(amount_minor=5000, where=TEA)], LINES, 0, "best")
    assert (gross(small.lines[0]), gross(small.lines[1])) == (0, 2000)


def test_a_discount_waits_for_its_least_amount() -> None:
    assert discounted([benefit(percent=Decimal(10), at_least_minor=3001)], LINES, 0, "best").off == []
    assert discounted([benefit(percent=Decimal(10), at_least_minor=3000)], LINES, 0, "best").off


def test_of_several_the_one_that_saves_most_counts() -> None:
    small, large = benefit("small", amount_minor=200), benefit("large", percent=Decimal(10))
    assert [each.benefit.code for each in discounted([small, large], LINES, 0, "best").off] == ["large"]


def test_those_that_combine_go_off_one_after_the_other_unless_one_alone_saves_more() -> None:
    first = benefit("first", percent=Decimal(10), combines=True)
    second = benefit("second", percent=Decimal(10), combines=True)
    alone = benefit("alone", percent=Decimal(15))
    both = discounted([first, alone, second], LINES, 0, "combined")
    assert [(each.benefit.code, each.amount_minor) for each in both.off] == [("first", 300), ("second", 270)]
    most = benefit("most", percent=Decimal(30))
    assert [each.benefit.code for each in discounted([first, second, most], LINES, 0, "combined").off] == ["most"]


def test_free_shipping_stands_beside_a_discount_and_goes_by_what_is_left_to_pay() -> None:
    free = Benefit(code="free", name="free", gives=FreeShipping(at_least_minor=2800))
    tenth = benefit("tenth", percent=Decimal(10))
    assert [each.benefit.code for each in discounted([free], LINES, 495, "best").off] == ["free"]
    assert discounted([free], LINES, 495, "best").shipping_minor == 0
    assert [each.benefit.code for each in discounted([tenth, free], LINES, 495, "best").off] == ["tenth"]


@pytest.mark.parametrize("amount", [0, 1, 7, 100])
def test_what_is_shared_adds_up(amount: int) -> None:
    assert sum(shared(amount, [3, 0, 5, 11])) == amount
    assert shared(amount, [3, 0, 5, 11])[1] == 0
    assert shared(amount, [0, 0]) == [0, 0]


AMOUNTS = st.integers(0, 10_000)


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(st.tuples(AMOUNTS, AMOUNTS, st.sampled_from(["tea", "cups"])), min_size=1, max_size=6),
    percent=st.decimals("0.01", "100", places=2),
    amount=st.integers(1, 30_000),
    shipping=AMOUNTS,
    how=st.sampled_from(["best", "combined"]),
)
def test_whatever_the_cart_what_goes_off_is_what_the_lines_lose(
    parts: list[tuple[int, int, str]], percent: Decimal, amount: int, shipping: int, how: Any
) -> None:
    lines: list[dict[str, Any]] = [
        {"sku": str(at), "net_minor": net, "tax_minor": tax, "category": category}
        for at, (net, tax, category) in enumerate(parts)
    ]
    ways = [benefit("p", percent=percent, where=TEA, combines=True), benefit("a", amount_minor=amount, combines=True)]
    found = discounted([*ways, Benefit(code="f", name="f", gives=FreeShipping())], lines, shipping, how)
    before, after = sum(map(gross, lines)) + shipping, sum(map(gross, found.lines)) + found.shipping_minor
    assert before - after == sum(each.amount_minor for each in found.off)
    assert all(each["net_minor"] >= 0 and each.get("tax_minor", 0) >= 0 for each in found.lines)
    for each in found.off:
        assert each.amount_minor == sum(share for _at, share in each.lines) + each.shipping_minor
