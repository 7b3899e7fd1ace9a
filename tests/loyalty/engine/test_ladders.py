"""Ladders of other kinds than points a year, through the one way in and the night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty.models import TierChange
from loyalty.nightly import nightly_run
from loyalty.tierviews import tiers_named, tiers_of
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")

ORDERS = {"code": "orders", "name": {"en": "Orders", "nl": "Bestellingen"}, "trigger": "order.paid"}


@pytest.fixture
def ahead(brand):
    def move(days: float) -> None:
        brand.clock_shift += timedelta(days=days)

    return move


def document(*tiers: Any, **ladder: Any) -> dict[str, Any]:
    rungs = [
        {
            "code": code,
            "name": code.title(),
            **({"thresholds": list(at)} if isinstance(at, tuple) else {"threshold": at}),
        }
        for code, at in tiers
    ]
    return {
        **shop.DOCUMENT,
        "counters": [ORDERS],
        "ladders": [{**shop.DOCUMENT["ladders"][0], "tiers": rungs, **ladder}],
    }


def tier(place: Any) -> str:
    views = tiers_of(place)
    named = tiers_named({"public_id": place.member.public_id}, place.program.slug)
    assert named is not None
    assert (named[0].pk, named[1]) == (place.pk, views), "the API reads the same in one call"
    return views[0].code


def test_orders_and_money_together_and_a_return_takes_both_back() -> None:
    both = {"kind": "all_of", "of": [{"kind": "counter", "counter": "orders"}, {"kind": "money_spent"}]}
    program, anna = shop.program(document(("one", (0, 0)), ("two", (2, 100)), qualify=both)), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 400, "A"))
    assert tier(place) == "one"
    view = tiers_of(place)[0]
    assert [(each.kind, each.reached, each.missing) for each in view.metrics] == [
        ("counter", 1, 1),
        ("money", 40000, 0),
    ]
    assert view.percent == 50
    shop.send(shop.order(anna, 20, "B"))
    assert tier(place) == "two"
    shop.send(shop.returned(anna, "A", 330))
    assert tier(place) == "one"  # 70 + 20 euros are left
    assert [each.to_tier for each in TierChange.objects.order_by("id")] == ["one", "two", "one"]


def test_a_rolling_tier_is_lost_on_the_day_that_the_sum_falls_below(ahead) -> None:
    rolling = {
        "window": {"kind": "rolling", "months": 1},
        "valid": "while_qualifying",
        "downgrade": "full",
        "qualify": {"kind": "counter", "counter": "orders"},
    }
    program, anna = shop.program(document(("one", 0), ("two", 2), **rolling)), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 5))
    ahead(10)
    shop.send(shop.order(anna, 5))
    assert tier(place) == "two"
    ahead(20)
    nightly_run(program=program)
    ahead(13)
    nightly_run(program=program)
    assert tier(place) == "one"
    change = TierChange.objects.latest("id")
    assert change.cause == "window_end"


def test_at_the_next_window_the_night_raises(ahead) -> None:
    later = {"window": {"kind": "month"}, "upgrade": "next_window", "valid": "end_of_window", "downgrade": "full"}
    program, anna = shop.program(document(("one", 0), ("two", 100), **later)), shop.member()
    place = shop.place(anna, program)
    nightly_run(program=program)
    shop.send(shop.order(anna, 150))
    assert tier(place) == "one"
    ahead(32)
    nightly_run(program=program)
    assert tier(place) == "two"
    ahead(31)
    nightly_run(program=program)
    assert tier(place) == "one"
