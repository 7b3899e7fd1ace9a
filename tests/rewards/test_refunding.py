"""Staff give the points of a used reward, or of a payment, back: with a reason, a permission, and once."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from core.errors import InvalidInput
from core.tables import AuditEntry
from loyalty.models import PointsLot, Program
from rewards.carts.models import CartPayment, CartRefund
from rewards.errors import NothingPaid, NotUsed, RefundedBefore
from rewards.refunding import redemption_refund
from rewards.services import redemption_cancel, redemption_use
from rewards.vouchers import code_of, voucher_redeem, voucher_return
from tenants.models import Brand
from tests.api.cast import Api, key_made
from tests.backoffice.conftest import entered  # noqa: F401  (a fixture)
from tests.loyalty import shop
from tests.rewards.benefits.cast import somebody
from tests.rewards.carts.cast import club, line
from tests.rewards.catalog import made, rich, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def page(name: str, pk: Any) -> str:
    return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[pk])


def test_the_points_of_a_used_reward_go_back_to_their_lots_and_it_stays_used(program: Program) -> None:
    place = rich(program, 60)
    shop.send(shop.order(place.member, 70, days_ago=20))
    before = dict(PointsLot.objects.values_list("pk", "remaining"))
    row = take(place, made(program, kind={"kind": "discount_code", "percent": 10}, stock=3))
    with pytest.raises(NotUsed):
        redemption_refund(redemption=row, actor=shop.STAFF, reason="bad coffee")
    redemption_use(redemption=row, actor=shop.PARTNER)
    with pytest.raises(InvalidInput):
        redemption_refund(redemption=row, actor=shop.STAFF, reason="  ")
    row = redemption_refund(redemption=row, actor=shop.STAFF, reason="bad coffee")
    assert (row.state, row.refund_reason, shop.balance(place)) == ("used", "bad coffee", 130)
    assert dict(PointsLot.objects.values_list("pk", "remaining")) == before
    assert AuditEntry.objects.filter(action="redemption.refund").count() == 1
    with pytest.raises(RefundedBefore):
        redemption_refund(redemption=row, actor=shop.STAFF, reason="again")
    assert shop.balance(place) == 130


def test_what_cost_nothing_has_nothing_to_give_back(program: Program) -> None:
    row = take(rich(program, 0), made(program, prices=[{"points": 0}]))
    redemption_use(redemption=row, actor=shop.PARTNER)
    with pytest.raises(NothingPaid):
        redemption_refund(redemption=row, actor=shop.STAFF, reason="x")


def test_what_was_refunded_and_then_put_back_gives_its_points_once(program: Program) -> None:
    place = rich(program, 150)
    row = take(place, made(program, kind={"kind": "gift_card", "amount_minor": 500}))
    _found, use = voucher_redeem(code=code_of(row) or "", amount_minor=500, actor=shop.PARTNER)
    assert use is not None
    redemption_refund(redemption=row, actor=shop.STAFF, reason="kind")
    voucher_return(use=use, amount_minor=500, reference="R", actor=shop.PARTNER)
    assert redemption_cancel(redemption=row, actor=shop.STAFF, reason="x").state == "canceled"
    assert shop.balance(place) == 150


@pytest.mark.parametrize(("role", "may"), [("support", True), ("marketer", False), ("analyst", False)])
def test_the_button_is_for_who_may(program: Program, entered: Any, role: str, may: bool) -> None:  # noqa: F811  (a fixture, by its name)
    place = rich(program, 100)
    row = take(place, made(program))
    redemption_use(redemption=row, actor=shop.PARTNER)
    client = entered(role)
    address = page("rewards_redemption_refund", row.pk)
    assert (address in client.get(page("rewards_redemption_change", row.pk)).content.decode()) is may
    assert client.post(address, {"reason": "bad coffee"}).status_code == (302 if may else 403)
    assert shop.balance(place) == (100 if may else 0)
    assert address not in client.get(page("rewards_redemption_change", row.pk)).content.decode()


def _paid(brand: Brand, client_for: Any) -> CartPayment:
    somebody(club(), 900, external_id="C-1")
    api = Api(client_for(brand), key_made()[1])
    lines = [line("TEA", 2000, quantity=4), line("CUP", 1000)]
    body = {"member": "ext:C-1", "currency": "points", "points": 600, "money": "EUR", "total_minor": 3000}
    made_one = api.post("carts/payments", {**body, "lines": lines}, once="p").json()["id"]
    api.post(f"carts/payments/{made_one}/capture", {"order": "W-1"}, once="c")
    return CartPayment.objects.get(pk=made_one)


def test_staff_refund_a_payment_by_article_by_points_and_the_rest(
    brand: Brand,
    client_for: Any,
    entered: Any,  # noqa: F811  (a fixture, by its name)
) -> None:
    payment = _paid(brand, client_for)
    place = payment.enrollment
    client, address = entered("support"), page("rewards_cartpayment_refund", payment.pk)
    assert address in client.get(page("rewards_cartpayment_change", payment.pk)).content.decode()
    assert shop.balance(place) == 300
    assert client.post(address, {"back_0": "1"}).status_code in (200, 422)  # no reason
    assert client.post(address, {"back_0": "5", "reason": "x"}).status_code in (200, 422)  # there are four
    assert client.post(address, {"back_0": "1", "points": "5", "reason": "x"}).status_code in (200, 422)  # both
    assert (CartRefund.objects.count(), shop.balance(place)) == (0, 300)
    assert client.post(address, {"back_0": "1", "reason": "broken"}).status_code == 302
    assert shop.balance(place) == 400
    assert client.post(address, {"points": "50", "reason": "kind"}).status_code == 302
    assert shop.balance(place) == 450
    assert client.post(address, {"reason": "all of it"}).status_code == 302
    assert shop.balance(place) == 900
    assert address not in client.get(page("rewards_cartpayment_change", payment.pk)).content.decode()
    assert client.post(address, {"reason": "more"}).status_code in (200, 422)
    assert (CartRefund.objects.count(), shop.balance(place)) == (3, 900)
    assert AuditEntry.objects.filter(action="cart_payment.refund").count() == 3


def test_a_marketer_refunds_nothing(brand: Brand, client_for: Any, entered: Any) -> None:  # noqa: F811  (a fixture, by its name)
    payment = _paid(brand, client_for)
    client, address = entered("marketer"), page("rewards_cartpayment_refund", payment.pk)
    assert client.post(address, {"reason": "x"}).status_code == 403
    assert address not in client.get(page("rewards_cartpayment_change", payment.pk)).content.decode()
    assert not CartRefund.objects.exists()
