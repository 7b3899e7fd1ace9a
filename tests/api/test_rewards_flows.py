"""Rewards over REST as a partner's systems use them: the till, gift cards, reservations, prices, and a checkout."""

from __future__ import annotations

from typing import Any

import pytest

from core.outbox import outbox_drain
from loyalty.holding import holds_sweep
from loyalty.models import PointsHold, PointsLot
from members.segments import segment_create, segment_member_add
from rewards.guessing import LOCKED, MOST
from rewards.models import CodePool, GuessCount, Redemption, VoucherUse
from rewards.pools import pool_import
from rewards.reserving import reservations_sweep
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.rewards.benefits.cast import somebody
from tests.rewards.carts.cast import cart, club, line
from tests.rewards.catalog import POINTS, later, made, rich

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(brand: Any, client_for: Any) -> Api:
    return Api(client_for(brand), key_made()[1])


@pytest.fixture
def program(brand: Any) -> Any:
    return shop.program()


def redeem(api: Api, reward: str, once: str = "r-1", **more: Any) -> Any:
    return api.post("redemptions", {"member": "ext:C-1", "reward": reward, **more}, once=once)


def code_taken(api: Api, reward: str, once: str = "r-1") -> str:
    answer = redeem(api, reward, once)
    assert answer.status_code == 201, answer.content
    code: str = api.get(answer["Location"]).json()["code"]
    return code


# --- at the till ----------------------------------------------------------------------------------------------------
def test_a_code_is_checked_then_used_up_once_per_key(api, program):
    anna = rich(program, external_id="C-1")
    made(program, kind={"kind": "discount_code", "percent": 15, "minimum_minor": 2000}, valid_days=30)
    code = code_taken(api, "coffee")
    for shown in (code, code.lower(), code.replace("-", " ")):
        body = api.post("vouchers/validate", {"code": shown, "member": "ext:C-1"}).json()
        assert body["worth"] == {"percent": 15, "minimum_minor": 2000, "currency": "EUR"}
    assert (body["member"], body["kind"], body["balance_minor"]) == (str(anna.member.public_id), "discount_code", None)
    refused(api.post("vouchers/redeem", {"code": code}), 400, "idempotency_key_missing")
    first = api.post("vouchers/redeem", {"code": code, "reference": "R-1"}, once="v-1")
    assert (first.status_code, first.json()["state"]) == (200, "used")
    assert api.post("vouchers/redeem", {"code": code, "reference": "R-1"}, once="v-1").json() == first.json()
    refused(api.post("vouchers/redeem", {"code": code}, once="v-2"), 409, "voucher_used")
    refused(api.post("vouchers/validate", {"code": code}), 409, "voucher_used")
    assert VoucherUse.objects.count() == 1
    assert Redemption.objects.get().state == "used"


def test_who_guesses_is_locked_out_and_right_codes_are_not_answered_either(api, program, monkeypatch):
    rich(program, external_id="C-1")
    made(program, kind={"kind": "discount_code", "percent": 15})
    code = code_taken(api, "coffee")
    for number in range(MOST):
        verb, once = ("redeem", f"g-{number}") if number % 2 else ("validate", None)
        refused(api.post(f"vouchers/{verb}", {"code": f"WRONG-{number}"}, once=once), 404, "voucher_not_found", "code")
    answer = api.post("vouchers/validate", {"code": code})
    refused(answer, 429, "guessing_locked")
    assert 0 < int(answer["Retry-After"]) <= LOCKED.total_seconds()
    refused(api.post("vouchers/redeem", {"code": code}, once="late"), 429, "guessing_locked")
    assert Redemption.objects.get().state == "redeemed"
    # Another key isn't locked out; it names the member, who is one of those that are counted.
    other = Api(api.client, key_made()[1])
    assert other.post("vouchers/validate", {"code": code}).status_code == 200
    later(monkeypatch, minutes=16)
    assert api.post("vouchers/validate", {"code": code}).status_code == 200


def test_a_member_whose_codes_are_guessed_is_locked_out_at_every_key(api, program, client_for, brand):
    rich(program, external_id="C-1")
    for number in range(MOST):
        key = Api(client_for(brand), key_made()[1])
        refused(key.post("vouchers/validate", {"code": f"X{number}", "member": "ext:C-1"}), 404, "voucher_not_found")
    refused(api.post("vouchers/validate", {"code": "X", "member": "ext:C-1"}), 429, "guessing_locked")
    assert GuessCount.objects.filter(subject__startswith="member:").get().failures == MOST
    # A code without the member isn't theirs to answer for.
    refused(api.post("vouchers/validate", {"code": "X"}), 404, "voucher_not_found")


def test_somebody_elses_codes_count_as_guesses_too(api, program):
    rich(program, external_id="C-1")
    rich(program, 0, "Bo", external_id="C-2")
    made(program, kind={"kind": "discount_code", "percent": 15})
    code = code_taken(api, "coffee")
    for _each in range(MOST):
        refused(api.post("vouchers/validate", {"code": code, "member": "ext:C-2"}), 409, "voucher_not_theirs")
    refused(api.post("vouchers/validate", {"code": code, "member": "ext:C-2"}), 429, "guessing_locked")
    # Whose it is isn't locked out by who it isn't.
    assert api.post("vouchers/validate", {"code": code, "member": "ext:C-1"}).status_code == 200


def test_one_customers_wrong_codes_lock_only_where_they_were_typed(api, program):
    rich(program, external_id="C-1")
    made(program, kind={"kind": "discount_code", "percent": 15})
    code = code_taken(api, "coffee")
    for number in range(MOST):
        body = {"code": f"WRONG-{number}", "source": "till-3"}
        refused(api.post("vouchers/redeem", body, once=f"g-{number}"), 404, "voucher_not_found")
    refused(api.post("vouchers/validate", {"code": code, "source": "till-3"}), 429, "guessing_locked")
    assert api.post("vouchers/validate", {"code": code}).status_code == 200
    assert api.post("vouchers/redeem", {"code": code, "source": "till-4"}, once="v-1").status_code == 200


def test_a_gift_card_is_used_in_parts_and_filled_up_again_by_what_came_back(api, program):
    rich(program, external_id="C-1")
    made(program, kind={"kind": "gift_card", "amount_minor": 2500})
    code = code_taken(api, "coffee")
    used = api.post("vouchers/redeem", {"code": code, "amount_minor": 700, "currency": "EUR"}, once="v-1").json()
    assert (used["balance_minor"], used["used_minor"], used["state"]) == (1800, 700, "active")
    refused(api.post("vouchers/redeem", {"code": code, "amount_minor": 1801}, once="v-2"), 409,
            "voucher_balance_too_low", "amount_minor")  # fmt: skip
    back = {"use": used["use"], "amount_minor": 300}
    assert api.post("vouchers/return", back, once="b-1").json()["balance_minor"] == 2100
    assert api.post("vouchers/return", back, once="b-1").json()["balance_minor"] == 2100
    refused(api.post("vouchers/return", {**back, "amount_minor": 401}, once="b-2"), 409, "voucher_balance_too_low")
    last = api.post("vouchers/redeem", {"code": code, "amount_minor": 2100}, once="v-3").json()
    assert (last["balance_minor"], last["state"]) == (0, "used")
    refused(api.post("vouchers/validate", {"code": code}), 409, "voucher_used")


# --- reservations ---------------------------------------------------------------------------------------------------
def test_a_reservation_is_captured_once_and_shows_its_code_then(api, program):
    anna = rich(program, 300, external_id="C-1")
    pool_import(pool=CodePool.objects.create(name="Cinema"), codes=["SEAT-1"], actor=shop.STAFF)
    made(program, kind={"kind": "pool_code", "pool": "Cinema"})
    answer = redeem(api, "coffee", reserve_minutes=10, order="O-7")
    body, address = answer.json(), answer["Location"]
    assert (body["state"], body["order"]) == ("reserved", "O-7")
    assert (api.get(address).json()["code"], shop.balance(anna)) == (None, 200)
    done = api.post(f"{address}/capture", {}, once="c-1")
    assert (done.status_code, done.json()["state"]) == (200, "redeemed")
    assert api.post(f"{address}/capture", {}, once="c-1").json() == done.json()
    assert (api.get(address).json()["code"], shop.balance(anna)) == ("SEAT-1", 200)
    refused(api.post(f"{address}/capture", {}, once="c-2"), 409, "not_reserved")


def test_a_reservation_that_is_canceled_or_forgotten_leaves_nothing_behind(api, program, monkeypatch):
    anna = rich(program, 300, external_id="C-1")
    made(program, stock=1)
    lots = dict(PointsLot.objects.values_list("pk", "remaining"))
    address = redeem(api, "coffee", reserve_minutes=10)["Location"]
    refused(redeem(api, "coffee", "r-2"), 409, "sold_out")
    assert api.post(f"{address}/cancel", {"reason": "Changed"}, once="x").json()["state"] == "canceled"
    address = redeem(api, "coffee", "r-3", reserve_minutes=10)["Location"]
    later(monkeypatch, minutes=11)
    refused(api.post(f"{address}/capture", {}, once="c"), 409, "reservation_over")
    reservations_sweep()
    assert api.get(address).json()["state"] == "lapsed"
    assert dict(PointsLot.objects.values_list("pk", "remaining")) == lots
    assert (shop.balance(anna), api.get("rewards/coffee").json()["left"]) == (300, 1)
    assert not PointsHold.objects.filter(state="held").exists()


# --- prices and who it is for ---------------------------------------------------------------------------------------
def test_prices_go_by_tier_and_segment_and_the_answer_is_the_members_own(api, program):
    made(program, prices=[POINTS, {"points": 60, "currency": "points", "tiers": ["advocate"]},
                          {"points": 40, "currency": "points", "segments": ["friends"]}])  # fmt: skip
    rich(program, 600, external_id="C-1")
    plain = rich(program, 300, "Bo", external_id="C-2")

    def price(member: str) -> int:
        [option] = api.get(f"rewards/coffee?member={member}").json()["options"]
        return int(option["points"])

    assert (price("ext:C-1"), price("ext:C-2"), api.get("rewards/coffee").json()["price"]) == (60, 100, 100)
    friends = segment_create(code="friends", name="Friends", description="", actor=shop.STAFF)
    segment_member_add(segment=friends, member=plain.member, actor=shop.STAFF)
    assert price("ext:C-2") == 40
    assert redeem(api, "coffee").json()["price"] == 60
    assert redeem(api, "coffee", "r-2", member="ext:C-2").json()["price"] == 40


def test_countries_and_the_schedule_are_told_and_refused(api, program, monkeypatch):
    rich(program, 300, external_id="C-1", attributes={"country": "DE"})
    made(program, "here", countries=["NL", "BE"])
    made(program, "spring", starts_at="2040-03-01T09:00", ends_at="2040-03-02T09:00")
    assert api.get("rewards/here?member=ext:C-1").json()["member"]["reason"] == "not_in_country"
    problem = refused(redeem(api, "here"), 409, "not_in_country")
    assert problem["countries"] == ["NL", "BE"]
    refused(redeem(api, "spring", "r-2"), 409, "reward_not_offered")
    assert not Redemption.objects.exists()


def test_points_and_money_are_one_bargain(api, program):
    anna = rich(program, 300, external_id="C-1")
    made(program, prices=[{"points": 50, "currency": "points", "money_minor": 300}, POINTS], stock=1)
    refused(redeem(api, "coffee", pay_with="gold"), 409, "pay_option_unknown")
    answer = redeem(api, "coffee", "r-2", pay_with="points+EUR")
    body, address = answer.json(), answer["Location"]
    assert (body["state"], body["money_state"], body["money_minor"]) == ("reserved", "due", 300)
    paid = {"amount_minor": 300, "currency": "EUR", "reference": "pay-1"}
    refused(api.post(f"{address}/capture", {}, once="c"), 409, "money_due")
    refused(api.post(f"{address}/payment", {**paid, "currency": "USD"}, once="p-0"), 409, "money_differs")
    done = api.post(f"{address}/payment", paid, once="p-1")
    assert (done.json()["state"], done.json()["money_state"]) == ("redeemed", "confirmed")
    assert api.post(f"{address}/payment", paid, once="p-1").json() == done.json()
    assert shop.balance(anna) == 250


# --- a whole checkout -----------------------------------------------------------------------------------------------
def test_from_the_quote_to_the_refund_of_one_article(api):
    anna = somebody(club(), 900, external_id="C-1")
    basket = cart(line("TEA", 2000, quantity=4, category="tea"), line("CUP", 1000))
    quote = api.post("carts/quote", {"member": "ext:C-1", "cart": basket}).json()
    [money] = quote["points_as_money"]
    assert (quote["after_minor"], money["points"], money["amount_minor"]) == (2800, 900, 900)
    asked = {"currency": "points", "points": 560}
    quote = api.post("carts/quote", {"member": "ext:C-1", "cart": basket, "pay_with": asked}).json()
    assert (quote["to_pay_minor"], quote["order"]["paid_in_points_minor"]) == (2240, 560)
    reserve = {
        "member": "ext:C-1", **asked, "money": "EUR", "total_minor": quote["after_minor"],
        "lines": quote["order"]["lines"],
    }  # fmt: skip
    held = api.post("carts/payments", reserve, once="p-1").json()
    assert (held["state"], shop.balance(anna)) == ("held", 340)
    refused(api.post(f"holds/{held['hold']}/release", {}, once="h"), 409, "hold_kept")
    done = api.post(f"carts/payments/{held['id']}/capture", {"order": "W-1"}, once="c-1").json()
    assert (done["state"], done["order"]) == ("captured", "W-1")
    sent = {
        "id": "W-1", "type": "order.paid", "member": "ext:C-1", "occurred_at": shop.when(0),
        "data": {"order": {**quote["order"], "number": "W-1"}},
    }  # fmt: skip
    answer = api.post("events", {**sent, "member": {"external_id": "C-1"}})
    assert answer.status_code == 201, answer.content
    assert [each["points"] for each in answer.json()["awards"]] == [each["points"] for each in quote["earns"]]
    earned = sum(each["points"] for each in quote["earns"])
    assert shop.balance(anna) == 340 + earned
    tea = next(each for each in done["lines"] if each["sku"] == "TEA")
    back = {"lines": [{"sku": "TEA", "quantity": 1}], "reason": "Broken"}
    refund = api.post(f"carts/payments/{held['id']}/refunds", back, once="b-1").json()
    assert refund["points"] == tea["points"] // 4
    assert api.post(f"carts/payments/{held['id']}/refunds", back, once="b-1").json() == refund
    refused(api.post(f"carts/payments/{held['id']}/refunds", {"lines": [{"sku": "TEA", "quantity": 4}]}, once="b-2"),
            409, "refund_too_large")  # fmt: skip
    rest = api.post(f"carts/payments/{held['id']}/refunds", {}, once="b-3").json()
    assert refund["points"] + rest["points"] == 560
    assert shop.balance(anna) == 900 + earned
    while outbox_drain():
        pass


def test_points_that_nobody_captures_come_back_by_themselves(api, monkeypatch):
    anna = somebody(club(), 900, external_id="C-1")
    body = {"member": "ext:C-1", "currency": "points", "points": 500, "money": "EUR", "total_minor": 2000}
    held = api.post("carts/payments", body, once="p-1").json()
    later(monkeypatch, minutes=31)
    holds_sweep()
    assert api.get(f"carts/payments/{held['id']}").json()["state"] == "expired"
    refused(api.post(f"carts/payments/{held['id']}/capture", {"order": "W"}, once="c"), 409, "hold_closed")
    assert shop.balance(anna) == 900
