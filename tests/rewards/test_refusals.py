"""Every refusal about rewards, over HTTP: its status and code, and points, stock, codes and balances as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from core.tables import OutboxMessage
from loyalty.models import Enrollment, PointsAccount, PointsEntry, PointsHold, PointsLot, Program
from members.models import Member
from rewards.models import (
    CodePool,
    Donation,
    Fulfilment,
    PoolCode,
    Redemption,
    Reward,
    RewardStock,
    StoreCredit,
    Voucher,
    VoucherUse,
    WaitingPlace,
)
from rewards.pools import pool_import
from rewards.reserving import reservations_sweep
from rewards.services import redemption_cancel, redemption_use
from rewards.vouchers import code_of
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.rewards.catalog import POINTS, later, made, rich, take

pytestmark = pytest.mark.django_db
KEPT = (
    PointsAccount, PointsLot, PointsEntry, PointsHold, Reward, RewardStock, CodePool, PoolCode, Redemption, Voucher,
    VoucherUse, StoreCredit, WaitingPlace, Donation, Fulfilment, OutboxMessage,
)  # fmt: skip
GIFT = {"kind": "gift_card", "amount_minor": 1500}
CODE = {"kind": "discount_code", "percent": 10}
POOL = {"kind": "pool_code", "pool": "Cinema"}


class Scene(NamedTuple):
    program: Program
    api: Api
    anna: Enrollment
    patch: pytest.MonkeyPatch

    def redeem(self, reward: Reward, **more: Any) -> Any:
        body = {"member": str(self.anna.member.public_id), "reward": reward.code, **more}
        return self.api.post("redemptions", body, once="ask")

    def of(self, row: Redemption, verb: str, **body: Any) -> Any:
        return self.api.post(f"redemptions/{row.pk}/{verb}", body, once="ask")

    def voucher(self, verb: str, code: str | None, **more: Any) -> Any:
        once = None if verb == "validate" else "ask"
        return self.api.post(f"vouchers/{verb}", {"code": code, **more}, once=once)


Ask = Callable[[], Any]
Case = Callable[[Scene], Ask]
CASES: dict[str, tuple[Case, int, str]] = {}


def case(status: int, code: str) -> Callable[[Case], Case]:
    """The function makes the scene and returns the request that must be refused so."""

    def register(arrange: Case) -> Case:
        CASES[arrange.__name__] = (arrange, status, code)
        return arrange

    return register


def everything() -> dict[str, list[tuple[Any, ...]]]:
    return {model.__name__: sorted(model.objects.values_list(), key=repr) for model in KEPT}


# --- taking ---------------------------------------------------------------------------------------------------------
@case(409, "insufficient_points")
def too_few_points(scene: Scene) -> Ask:
    reward = made(scene.program, prices=[{"points": 301, "currency": "points"}], kind=POOL, stock=2)
    return lambda: scene.redeem(reward)


@case(409, "insufficient_points")
def too_few_points_to_reserve(scene: Scene) -> Ask:
    reward = made(scene.program, prices=[{"points": 301, "currency": "points"}], kind=POOL, stock=2)
    return lambda: scene.redeem(reward, reserve_minutes=10)


@case(409, "tier_too_low")
def tier_too_low(scene: Scene) -> Ask:
    reward = made(scene.program, tiers=["vip"], stock=2)
    return lambda: scene.redeem(reward)


@case(409, "reward_not_offered")
def no_price_for_their_tier(scene: Scene) -> Ask:
    reward = made(scene.program, prices=[{**POINTS, "tiers": ["vip"]}])
    return lambda: scene.redeem(reward)


@case(409, "not_for_segment")
def another_segment(scene: Scene) -> Ask:
    reward = made(scene.program, segments=["friends"], stock=2)
    return lambda: scene.redeem(reward)


@case(409, "not_in_country")
def another_country(scene: Scene) -> Ask:
    reward = made(scene.program, countries=["BE"], stock=2)
    return lambda: scene.redeem(reward)


@case(409, "sold_out")
def no_stock(scene: Scene) -> Ask:
    reward = made(scene.program, stock=0, kind=POOL)
    return lambda: scene.redeem(reward)


@case(409, "sold_out")
def no_code(scene: Scene) -> Ask:
    reward = made(scene.program, kind=POOL, stock=9)
    for _each in range(2):
        take(rich(scene.program, 100, "Other"), reward)
    return lambda: scene.redeem(reward)


@case(409, "sold_out")
def others_wait_for_the_seat(scene: Scene) -> Ask:
    reward = made(scene.program, kind={"kind": "experience"}, stock=2)
    WaitingPlace.objects.create(
        reward=reward, enrollment=rich(scene.program, 100, "First"), joined_at=scene.anna.enrolled_at
    )
    return lambda: scene.redeem(reward)


@case(409, "limit_reached")
def taken_as_often_as_may_be(scene: Scene) -> Ask:
    reward = made(scene.program, limit_per_member=1, kind=POOL)
    take(scene.anna, reward)
    return lambda: scene.redeem(reward)


@case(409, "limit_reached")
def taken_today(scene: Scene) -> Ask:
    reward = made(scene.program, limits=[{"times": 1, "per": "day"}])
    take(scene.anna, reward)
    return lambda: scene.redeem(reward)


@case(409, "limit_reached")
def taken_for_this_order(scene: Scene) -> Ask:
    reward = made(scene.program, limit_per_order=1, stock=5)
    take(scene.anna, reward, order_number="O-1")
    return lambda: scene.redeem(reward, order="O-1")


@case(409, "reward_not_offered")
def closed(scene: Scene) -> Ask:
    reward = made(scene.program, ends_at="2020-01-01T00:00", stock=2)
    return lambda: scene.redeem(reward)


@case(409, "reward_not_offered")
def not_open_yet(scene: Scene) -> Ask:
    reward = made(scene.program, starts_at="2040-01-01T00:00", stock=2)
    return lambda: scene.redeem(reward)


@case(409, "reward_not_offered")
def switched_off(scene: Scene) -> Ask:
    reward = made(scene.program, offered=False)
    return lambda: scene.redeem(reward)


@case(409, "member_suspended")
def suspended(scene: Scene) -> Ask:
    reward = made(scene.program, kind=POOL)
    Member.objects.filter(pk=scene.anna.member_id).update(status=Member.Status.SUSPENDED)
    return lambda: scene.redeem(reward)


@case(409, "pay_option_unknown")
def another_way_to_pay(scene: Scene) -> Ask:
    reward = made(scene.program)
    return lambda: scene.redeem(reward, pay_with="gold")


@case(422, "reward_not_found")
def no_such_reward(scene: Scene) -> Ask:
    return lambda: scene.api.post(
        "redemptions", {"member": str(scene.anna.member.public_id), "reward": "none"}, once="ask"
    )


@case(422, "idempotency_key_reused")
def one_key_for_two_requests(scene: Scene) -> Ask:
    reward = made(scene.program, stock=5)
    assert scene.redeem(reward).status_code == 201
    return lambda: scene.redeem(reward, reserve_minutes=10)


# --- reservations and redemptions ----------------------------------------------------------------------------------
@case(409, "reservation_over")
def captured_too_late(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL), reserve=timedelta(minutes=5))
    later(scene.patch, minutes=6)
    return lambda: scene.of(row, "capture")


@case(409, "reservation_over")
def canceled_after_it_lapsed(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL), reserve=timedelta(minutes=5))
    later(scene.patch, minutes=6)
    reservations_sweep()
    return lambda: scene.of(row, "cancel", reason="late")


@case(409, "redemption_canceled")
def captured_after_it_was_canceled(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL), reserve=timedelta(minutes=5))
    redemption_cancel(redemption=row, actor=shop.STAFF, reason="x")
    return lambda: scene.of(row, "capture")


@case(409, "not_reserved")
def captured_twice(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL))
    return lambda: scene.of(row, "capture")


@case(409, "still_reserved")
def used_while_reserved(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL), reserve=timedelta(minutes=5))
    return lambda: scene.of(row, "use")


@case(409, "hold_kept")
def its_points_captured_alone(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program), reserve=timedelta(minutes=5))
    return lambda: scene.api.post(f"holds/{row.hold_id}/capture", {}, once="ask")


@case(409, "hold_kept")
def its_points_released_alone(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program), reserve=timedelta(minutes=5))
    return lambda: scene.api.post(f"holds/{row.hold_id}/release", {}, once="ask")


MONEY = [{**POINTS, "money_minor": 300}]


@case(409, "money_due")
def captured_before_the_money_is_there(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, prices=MONEY))
    return lambda: scene.of(row, "capture")


@case(409, "money_differs")
def paid_too_little(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, prices=MONEY))
    return lambda: scene.of(row, "payment", amount_minor=299, currency="EUR", reference="p")


@case(409, "redemption_used")
def canceled_after_use(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL, stock=2))
    redemption_use(redemption=row, actor=shop.PARTNER)
    return lambda: scene.of(row, "cancel", reason="x")


@case(409, "redemption_canceled")
def canceled_twice(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=POOL, stock=2))
    redemption_cancel(redemption=row, actor=shop.STAFF, reason="x")
    return lambda: scene.of(row, "cancel", reason="x")


@case(409, "redemption_expired")
def used_too_late(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, valid_days=1))
    later(scene.patch, days=2)
    return lambda: scene.of(row, "use")


@case(409, "redemption_used")
def a_gift_card_that_was_used_canceled(scene: Scene) -> Ask:
    row = take(scene.anna, made(scene.program, kind=GIFT))
    assert scene.voucher("redeem", code_of(row), amount_minor=1).status_code == 200
    return lambda: scene.api.post(f"redemptions/{row.pk}/cancel", {"reason": "x"}, once="cancel")


# --- codes at the till ----------------------------------------------------------------------------------------------
def _shown(scene: Scene, kind: dict[str, Any], **fields: Any) -> Redemption:
    return take(scene.anna, made(scene.program, kind=kind, **fields))


@case(409, "voucher_used")
def a_code_used_twice(scene: Scene) -> Ask:
    row = _shown(scene, CODE)
    redemption_use(redemption=row, actor=shop.PARTNER)
    return lambda: scene.voucher("redeem", code_of(row))


@case(409, "voucher_used")
def a_used_code_checked(scene: Scene) -> Ask:
    row = _shown(scene, POOL)
    redemption_use(redemption=row, actor=shop.PARTNER)
    return lambda: scene.voucher("validate", code_of(row))


@case(409, "voucher_void")
def a_code_of_what_was_canceled(scene: Scene) -> Ask:
    row = _shown(scene, CODE)
    code = code_of(row)
    redemption_cancel(redemption=row, actor=shop.STAFF, reason="x")
    return lambda: scene.voucher("redeem", code)


@case(409, "voucher_expired")
def a_code_whose_time_is_over(scene: Scene) -> Ask:
    row = _shown(scene, CODE, valid_days=1)
    later(scene.patch, days=2)
    return lambda: scene.voucher("redeem", code_of(row))


@case(409, "voucher_not_theirs")
def someone_elses_code(scene: Scene) -> Ask:
    row = _shown(scene, GIFT)
    other = rich(scene.program, 0, "Other").member.public_id
    return lambda: scene.voucher("redeem", code_of(row), member=str(other), amount_minor=100)


@case(404, "voucher_not_found")
def a_code_of_a_pool_that_nobody_has(scene: Scene) -> Ask:
    return lambda: scene.voucher("redeem", "CODE-2")


@case(404, "voucher_not_found")
def a_code_that_is_only_reserved(scene: Scene) -> Ask:
    take(scene.anna, made(scene.program, kind=POOL), reserve=timedelta(minutes=5))
    return lambda: scene.voucher("redeem", "CODE-1")


@case(409, "voucher_balance_too_low")
def more_than_is_on_the_card(scene: Scene) -> Ask:
    row = _shown(scene, GIFT)
    return lambda: scene.voucher("redeem", code_of(row), amount_minor=1501)


@case(409, "voucher_currency_differs")
def a_card_in_other_money(scene: Scene) -> Ask:
    row = _shown(scene, GIFT)
    return lambda: scene.voucher("redeem", code_of(row), amount_minor=100, currency="USD")


@case(422, "invalid_input")
def a_balance_without_an_amount(scene: Scene) -> Ask:
    row = _shown(scene, GIFT)
    return lambda: scene.voucher("redeem", code_of(row))


@case(422, "invalid_input")
def an_amount_of_a_code_without_a_balance(scene: Scene) -> Ask:
    row = _shown(scene, CODE)
    return lambda: scene.voucher("redeem", code_of(row), amount_minor=5)


@case(409, "limit_reached")
def two_codes_on_one_order(scene: Scene) -> Ask:
    reward = made(scene.program, kind=CODE, limit_per_order=1)
    first, second = take(scene.anna, reward), take(scene.anna, reward)
    done = scene.api.post("vouchers/redeem", {"code": code_of(first), "reference": "O-1"}, once="first")
    assert done.status_code == 200
    return lambda: scene.voucher("redeem", code_of(second), reference="O-1")


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_refusal_leaves_points_stock_and_codes_as_they_were(
    brand: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    arrange, status, code = CASES[name]
    program = shop.program()
    pool_import(pool=CodePool.objects.create(name="Cinema", low_at=0), codes=["CODE-1", "CODE-2"], actor=shop.STAFF)
    anna = rich(program, 300, attributes={"country": "NL"})
    ask = arrange(Scene(program, Api(client_for(brand), key_made()[1]), anna, monkeypatch))
    before = everything()
    refused(ask(), status, code)
    after = everything()
    assert {model for model in before if before[model] != after[model]} == set()
