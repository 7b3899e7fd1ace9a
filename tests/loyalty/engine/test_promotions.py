"""What a tier gives who rises to it: once for each promotion, and not for keeping it."""

from __future__ import annotations

from typing import Any

import pytest

from core import clock
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.errors import NotBooked
from loyalty.judging import refusal
from loyalty.models import Event, PointsEntry
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def document(**ladder: Any) -> dict[str, Any]:
    def gift(points: int) -> list[dict[str, Any]]:
        return [{"kind": "points_fixed", "currency": "points", "points": points}]

    tiers = [
        {"code": "one", "name": {"en": "One", "nl": "Een"}},
        {"code": "two", "name": {"en": "Two", "nl": "Twee"}, "threshold": 100, "entry_effects": gift(7)},
        {"code": "three", "name": {"en": "Three", "nl": "Drie"}, "threshold": 500, "entry_effects": gift(50)},
    ]
    return {**shop.DOCUMENT, "ladders": [{**shop.DOCUMENT["ladders"][0], "tiers": tiers, **ladder}]}


def gifts() -> list[tuple[str, int]]:
    found = PointsEntry.objects.filter(event__type="tier.reached").order_by("id")
    return [(entry.reason["en"], entry.points) for entry in found]


def test_rising_pays_once_and_keeping_pays_nothing() -> None:
    program, anna = shop.program(document()), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 120, "A"))
    outbox_drain()
    assert gifts() == [("You reached Two", 7)]
    assert shop.balance(place) == 127
    shop.send(shop.order(anna, 100))
    outbox_drain()
    assert gifts() == [("You reached Two", 7)]
    event = Event.objects.get(type="tier.reached")
    assert event.payload == {"ladder": "main", "tier": "two", "from_tier": "one", "skipped": False}


def test_a_tier_lost_by_a_return_and_reached_again_pays_no_second_time() -> None:
    program, anna = shop.program(document()), shop.member()
    shop.place(anna, program)
    shop.send(shop.order(anna, 120, "A"))
    outbox_drain()
    shop.send(shop.returned(anna, "A", 120))
    shop.send(shop.order(anna, 130, "B"))
    outbox_drain()
    assert gifts() == [("You reached Two", 7)]


@pytest.mark.parametrize(("pay", "told"), [(False, [50]), (True, [7, 50])])
def test_whether_tiers_that_were_passed_over_pay_is_a_setting(pay: bool, told: list[int]) -> None:
    program, anna = shop.program(document(skipped_tiers_pay=pay)), shop.member()
    shop.place(anna, program)
    shop.send(shop.order(anna, 600))
    outbox_drain()
    assert [points for _reason, points in gifts()] == told


def test_rules_can_wait_for_it_and_nobody_outside_can_say_it() -> None:
    rule = {
        "code": "cheer",
        "name": "Cheer",
        "trigger": "tier.reached",
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 3}],
    }
    made = {**document(), "rules": [*shop.DOCUMENT["rules"], rule]}
    program, anna = shop.program(made), shop.member()
    shop.place(anna, program)
    shop.send(shop.order(anna, 120))
    outbox_drain()
    assert sorted(points for _reason, points in gifts()) == [3, 7]
    said = {"type": "tier.reached", "id": "x", "member": str(anna.public_id), "occurred_at": shop.when(0)}
    [answer] = shop.send({**said, "data": {"ladder": "main", "tier": "three"}})
    assert answer.status == 422


def test_a_gift_that_could_not_be_booked_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    anna = shop.member()
    shop.place(anna, shop.program(document(skipped_tiers_pay=True)))
    shop.send(shop.order(anna, 600, "A"))
    with monkeypatch.context() as patch:
        patch.setattr("loyalty.promotions.event_ingest", lambda events, actor: [refusal(NotBooked())] * len(events))
        outbox_drain()
    assert gifts() == []
    OutboxMessage.objects.filter(topic="tier.changed").update(available_at=clock.now())
    outbox_drain()
    assert [points for _told, points in gifts()] == [7, 50]
