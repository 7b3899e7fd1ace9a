"""By which tier the order earns that causes an upgrade."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def document(**program: Any) -> dict[str, Any]:
    """A point per euro; whoever is Advocate (500) gets as much again."""
    made = deepcopy(shop.DOCUMENT)
    made["program"].update(program)
    made["rules"].append(
        {
            "code": "double",
            "name": "Double for advocates",
            "trigger": "order.paid",
            "audience": {"kind": "tier", "ladder": "main", "any_of": ["advocate", "vip"]},
            "effects": [{"kind": "multiply", "currency": "points", "factor": 2}],
        }
    )
    return made


@pytest.mark.parametrize(("program", "expected"), [({}, 600), ({"upgrade_rate": "after"}, 1200)])
def test_it_earns_at_the_old_rate_unless_the_program_says_otherwise(
    brand: Brand, program: dict[str, Any], expected: int
) -> None:
    place = shop.place(anna := shop.member(), shop.program(document(**program)))
    [answer] = shop.send(shop.order(anna, 600, "A"))
    assert answer.body["tiers"][0]["changed_from"] == "enthusiast"
    assert shop.balance(place) == expected
    # The next one earns at the new rate in any case.
    shop.send(shop.order(anna, 10))
    assert shop.balance(place) == expected + 20


def test_an_order_that_causes_no_upgrade_earns_as_ever(brand: Brand) -> None:
    place = shop.place(anna := shop.member(), shop.program(document(upgrade_rate="after")))
    shop.send(shop.order(anna, 499, "A"))
    assert shop.balance(place) == 499
    # A whole return of the order that did leaves nothing behind.
    shop.send(shop.order(anna, 100, "B"))
    assert shop.balance(place) == 699
    shop.send(shop.returned(anna, "B", 100))
    assert shop.balance(place) == 499
