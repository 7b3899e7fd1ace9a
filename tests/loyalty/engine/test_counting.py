"""Counters in the ledger's company: kept with the booking, followed within a batch, taken back by a whole return."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loyalty.models import Enrollment, Event, ProgressCounter
from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def document() -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    made["counters"] = [
        {"code": "orders", "name": "Orders", "trigger": "order.paid"},
        {"code": "days", "name": "Days", "trigger": "order.paid", "measure": {"kind": "distinct_days"}},
        {
            "code": "spent",
            "name": "Spent",
            "trigger": "order.paid",
            "measure": {"kind": "sum", "path": "order.net_minor"},
        },
    ]
    return made


def values(place: Enrollment) -> dict[str, int]:
    rows = ProgressCounter.objects.filter(enrollment=place, period="", key__startswith="count:")
    return {row.key.split(":")[1]: row.value for row in rows}


def test_orders_days_and_money_are_counted_and_a_whole_return_takes_them_back(brand: Brand) -> None:
    anna = shop.member()
    place = shop.place(anna, shop.program(document()))
    # Two orders of 30 and 50 euros on one day, one of 20 the day before, in one batch.
    shop.send(shop.order(anna, 20, "A", days_ago=1), shop.order(anna, 30, "B", days_ago=0), shop.order(anna, 50, "C"))
    assert values(place) == {"orders": 3, "days": 2, "spent": 10_000}

    # Half of C's money comes back: the sum falls by it, the order still counts.
    shop.send(shop.returned(anna, "C", 25))
    assert values(place) == {"orders": 3, "days": 2, "spent": 7_500}
    # The rest of C: one order less; its day still has B.
    shop.send(shop.returned(anna, "C", 25))
    assert values(place) == {"orders": 2, "days": 2, "spent": 5_000}
    # B too: nothing is left of that day.
    shop.send(shop.returned(anna, "B", 30))
    assert values(place) == {"orders": 1, "days": 1, "spent": 2_000}


def test_a_program_without_counters_keeps_nothing_about_them_with_the_event(brand: Brand) -> None:
    anna = shop.member()
    shop.place(anna, shop.program())
    shop.send(shop.order(anna, 20, "A"))
    assert "raised" not in Event.objects.get(external_id="A").trace


def test_a_return_of_an_order_that_cost_nothing_is_booked_and_takes_no_share(brand: Brand) -> None:
    made = document()
    made["counters"][2]["measure"] = {"kind": "sum", "path": "order.discount_minor"}
    anna = shop.member()
    place = shop.place(anna, shop.program(made))
    shop.send(shop.order(anna, 0, "A", discount_minor=500))
    [answer] = shop.send(shop.returned(anna, "A", 0))
    assert answer.status == 201
    assert values(place)["spent"] == 500
