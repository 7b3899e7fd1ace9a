"""Events of a brand's own type at the door: held to their schema; how an order was paid must add up."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.utils import translation

from loyalty.models import Event
from members.models import Member
from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def document() -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    minutes = {"type": "integer", "minimum": 1}
    made["event_types"] = [
        {
            "type": "class.attended",
            "name": "A class",
            "schema": {"type": "object", "required": ["minutes"], "properties": {"minutes": minutes}},
        }
    ]
    made["rules"].append(
        {
            "code": "minutes",
            "name": "A point a minute",
            "trigger": "class.attended",
            "effects": [{"kind": "points_per_unit", "currency": "points", "of": "minutes"}],
        }
    )
    return made


def attended(who: Member, **data: Any) -> dict[str, Any]:
    return {**shop.review(who), "type": "class.attended", "data": data}


def test_an_event_that_does_not_fit_its_schema_is_refused_by_field_and_changes_nothing(brand: Brand) -> None:
    shop.place(anna := shop.member(), shop.program(document()))
    good, bad = shop.send(attended(anna, minutes=45), attended(anna, minutes="45"))
    assert (good.status, good.body["awards"][0]["points"]) == (201, 45)
    assert bad.status == 422
    assert bad.error is not None
    assert bad.error.field == "data.minutes"
    with translation.override("nl"):
        [dutch] = shop.send(attended(anna))
    assert "Dit ontbreekt." in str(dutch.body)
    assert Event.objects.filter(type="class.attended").count() == 1


def tenders(**amounts: int) -> list[dict[str, Any]]:
    return [{"kind": kind, "amount_minor": amount} for kind, amount in amounts.items()]


def test_an_order_tells_how_it_was_paid_and_a_gift_card_among_it_earns_nothing(brand: Brand) -> None:
    shop.place(anna := shop.member(), shop.program(document()))
    [paid] = shop.send(shop.order(anna, 100, tenders=tenders(card=6000, gift_card=4000)))
    assert paid.body["awards"][0]["points"] == 60
    [short] = shop.send(shop.order(anna, 100, tenders=tenders(card=6000)))
    [other] = shop.send(shop.order(anna, 100, tenders=tenders(card=6000, points=4000), paid_in_points_minor=3000))
    assert [each.error.field for each in (short, other) if each.error] == [
        "data.order.tenders",
        "data.order.paid_in_points_minor",
    ]
