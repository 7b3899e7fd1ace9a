"""Paying a part of an order in points: set aside, spent with the order, given back by article to the same lots."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.holding import holds_sweep
from loyalty.ledger import ledger_invariants
from loyalty.models import PointsHold, PointsLot
from rewards.carts.models import CartPayment, CartRefund
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.rewards.benefits.cast import somebody
from tests.rewards.carts.cast import PAYS, club, line

pytestmark = pytest.mark.django_db

TEA, CUP = line("TEA", 2000, quantity=4), line("CUP", 1000)


@pytest.fixture
def api(brand, client_for) -> Api:
    _row, key = key_made()
    return Api(client_for(brand), key)


@pytest.fixture
def place(brand):
    return somebody(club(), 900, external_id="C-1")


def reserve(api: Api, points: int = 600, once: str | None = "p-1", **more: Any) -> Any:
    body = {
        "member": "ext:C-1", "currency": "points", "points": points, "money": "EUR", "total_minor": 3000,
        "lines": [TEA, CUP], **more,
    }  # fmt: skip
    return api.post("carts/payments", body, once=once)


def captured(api: Api, order: str = "W-1") -> str:
    made = reserve(api)
    assert made.status_code == 201, made.content
    payment: str = made.json()["id"]
    done = api.post(f"carts/payments/{payment}/capture", {"order": order}, once=f"c-{order}")
    assert done.status_code == 200, done.content
    return payment


def refund(api: Api, payment: str, once: str = "r-1", **body: Any) -> Any:
    return api.post(f"carts/payments/{payment}/refunds", body, once=once)


def test_points_are_set_aside_then_spent_under_the_order_s_number(api, place):
    made = reserve(api)
    body = made.json()
    assert made["Location"] == f"/api/v1/carts/payments/{body['id']}"
    assert (body["state"], body["amount_minor"]) == ("held", 600)
    assert [(each["sku"], each["points"]) for each in body["lines"]] == [("TEA", 400), ("CUP", 200)]
    assert shop.balance(place) == 300
    done = api.post(f"carts/payments/{body['id']}/capture", {"order": "W-1"}, once="c-1").json()
    assert (done["state"], done["order"]) == ("captured", "W-1")
    entry = api.get("members/ext:C-1/ledger").json()["results"][0]
    assert (entry["id"], entry["points"], entry["order"]) == (done["entry"], -600, "W-1")
    assert api.post(f"carts/payments/{body['id']}/capture", {"order": "W-1"}, once="c-1").json() == done
    assert api.get(f"carts/payments/{body['id']}").json() == done
    refused(api.post(f"carts/payments/{body['id']}/release", {}, once="x"), 409, "hold_closed")
    refused(api.post(f"carts/payments/{body['id']}/capture", {"order": "W-2"}, once="c-2"), 409, "hold_closed")


def test_one_key_sets_points_aside_once(api, place):
    first = reserve(api)
    assert reserve(api).json() == first.json()
    refused(reserve(api, 601), 422, "idempotency_key_reused")
    refused(reserve(api, once=None), 400, "idempotency_key_missing")
    assert (CartPayment.objects.count(), PointsHold.objects.count()) == (1, 1)


def test_a_payment_that_is_released_or_forgotten_gives_everything_back(api, place):
    payment = reserve(api).json()["id"]
    gone = api.post(f"carts/payments/{payment}/release", {}, once="g").json()
    assert (gone["state"], shop.balance(place)) == ("released", 900)
    other = reserve(api, once="p-2").json()["id"]
    PointsHold.objects.filter(cart_payment=other).update(expires_at=clock.now() - timedelta(seconds=1))
    holds_sweep()
    assert (api.get(f"carts/payments/{other}").json()["state"], shop.balance(place)) == ("expired", 900)
    refused(api.post(f"carts/payments/{other}/capture", {"order": "W-1"}, once="c"), 409, "hold_closed")
    refused(refund(api, other), 409, "payment_not_captured")


def test_articles_go_back_by_the_piece_to_the_lots_that_paid_for_them(api, place):
    payment = captured(api)
    lot = PointsLot.objects.get(account__enrollment=place)
    assert lot.remaining == 300
    first = refund(api, payment, lines=[{"sku": "TEA", "quantity": 1}], reason="Broken")
    assert (first.status_code, first.json()["points"], first.json()["amount_minor"]) == (201, 100, 100)
    assert refund(api, payment, lines=[{"sku": "TEA", "quantity": 1}], reason="Broken").json() == first.json()
    lot.refresh_from_db()
    assert (lot.remaining, shop.balance(place)) == (400, 400)
    refused(refund(api, payment, "r-2", lines=[{"sku": "TEA", "quantity": 4}]), 409, "refund_too_large", "lines[0]")
    refused(refund(api, payment, "r-2", lines=[{"sku": "POT"}]), 409, "refund_too_large", "lines[0]")
    assert refund(api, payment, "r-3", lines=[{"sku": "TEA", "quantity": 3}, {"sku": "CUP"}]).json()["points"] == 500
    lot.refresh_from_db()
    assert (lot.remaining, shop.balance(place)) == (900, 900)
    refused(refund(api, payment, "r-4"), 409, "refund_too_large")
    told = api.get(f"carts/payments/{payment}").json()
    assert (told["refunded_points"], [each["refunded"] for each in told["lines"]]) == (600, [4, 1])
    assert ledger_invariants() == []


def test_so_many_points_or_all_that_is_left_go_back(api, place):
    payment = captured(api)
    assert refund(api, payment, points=150).json()["points"] == 150
    refused(refund(api, payment, "r-2", points=451), 409, "refund_too_large", "points")
    refused(refund(api, payment, "r-2", points=1, lines=[{"sku": "CUP"}]), 422, "invalid_input", "points")
    assert refund(api, payment, "r-3").json()["points"] == 450
    assert shop.balance(place) == 900
    assert CartRefund.objects.count() == 2


def order(place: Any, number: str = "W-1") -> dict[str, Any]:
    return {**shop.order(place.member, 30, number, paid_in_points_minor=600), "source": "api"}


def test_a_return_and_a_refund_of_the_same_goods_give_the_points_once(api, place):
    payment = captured(api)
    [answer] = shop.send(order(place))
    assert answer.error is None, answer
    earned = shop.balance(place) - 300
    assert earned == 24
    assert refund(api, payment, lines=[{"sku": "CUP"}]).json()["points"] == 200
    [answer] = shop.send({**shop.returned(place.member, "W-1", 10), "source": "api"})
    assert answer.error is None, answer
    # A third of the order: 200 of the 600, which the refund gave already; and a third of what it earned.
    assert shop.balance(place) == 300 + 200 + 16
    [answer] = shop.send({**shop.returned(place.member, "W-1", 20), "source": "api"})
    assert answer.error is None, answer
    assert refund(api, payment, "r-2", lines=[{"sku": "TEA", "quantity": 4}]).json()["points"] == 0
    assert shop.balance(place) == 900
    assert ledger_invariants() == []


def test_a_part_goes_back_to_the_lot_that_lives_longest_whatever_its_number(api, place):
    first = PointsLot.objects.get(account__enrollment=place)
    shop.send(shop.order(place.member, 300, "later"))
    second = PointsLot.objects.filter(account__enrollment=place).exclude(pk=first.pk).get()
    soon = clock.now() + timedelta(days=9)
    PointsLot.objects.filter(pk=second.pk).update(expires_at=soon)
    PointsLot.objects.filter(pk=first.pk).update(expires_at=soon + timedelta(days=90))

    def left() -> list[int]:
        return [PointsLot.objects.get(pk=each.pk).remaining for each in (first, second)]

    payment = captured(api)
    assert left() == [600, 0]
    assert refund(api, payment, points=200).json()["points"] == 200
    assert left() == [800, 0]
    assert refund(api, payment, "r-2", points=400).json()["points"] == 400
    assert left() == [900, 300]
    assert ledger_invariants() == []


def test_a_part_that_comes_back_by_a_return_does_so_too(api, place):
    first = PointsLot.objects.get(account__enrollment=place)
    shop.send(shop.order(place.member, 300, "later"))
    second = PointsLot.objects.filter(account__enrollment=place).exclude(pk=first.pk).get()
    PointsLot.objects.filter(pk=second.pk).update(expires_at=clock.now() + timedelta(days=9))
    captured(api)
    [answer] = shop.send(order(place))
    assert answer.error is None, answer
    [answer] = shop.send({**shop.returned(place.member, "W-1", 10), "source": "api"})
    assert answer.error is None, answer
    assert [PointsLot.objects.get(pk=each.pk).remaining for each in (first, second)] == [800, 0]


def test_a_capture_of_less_gives_the_rest_back_and_shares_what_was_taken(api, place):
    payment = reserve(api).json()["id"]
    done = api.post(f"carts/payments/{payment}/capture", {"order": "W-1", "points": 300}, once="c").json()
    assert (done["points"], done["amount_minor"], shop.balance(place)) == (300, 300, 600)
    assert [each["points"] for each in done["lines"]] == [200, 100]
    assert refund(api, payment, lines=[{"sku": "CUP"}]).json()["points"] == 100


def test_what_cant_pay_is_refused_and_nothing_is_set_aside(api, place):
    refused(reserve(api, 901, total_minor=10_000), 409, "part_payment_refused", "pay_with.points")
    refused(reserve(api, 600, total_minor=1100, lines=[]), 409, "part_payment_refused", "pay_with.points")
    refused(reserve(api, 50), 409, "part_payment_refused", "pay_with.points")
    refused(reserve(api, currency="gold"), 409, "part_payment_refused", "currency")
    refused(reserve(api, money="USD"), 422, "invalid_input", "money")
    refused(reserve(api, total_minor=2999), 422, "invalid_input", "total_minor")
    refused(reserve(api, member="ext:nobody"), 422, "unknown_member", "member")
    refused(api.get(f"carts/payments/{place.member.public_id}"), 404, "cart_payment_not_found", "payment")
    assert (PointsHold.objects.count(), shop.balance(place)) == (0, 900)


def test_refunds_by_points_pay_back_the_whole_amount_together(api, brand):
    """A cent each that is rounded away would be lost by the member, for ever."""
    somebody(club(pays={**PAYS, "at_least": 1, "value_minor": "0.5"}), 900, external_id="C-1")
    made = reserve(api, 9, lines=[], total_minor=3000)
    payment = made.json()["id"]
    api.post(f"carts/payments/{payment}/capture", {"order": "W-1"}, once="c")
    back = [refund(api, payment, f"r-{n}", points=3).json() for n in range(3)]
    assert sum(each["amount_minor"] for each in back) == made.json()["amount_minor"] == 4
