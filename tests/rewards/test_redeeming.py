"""Who may take a reward and for what; reserved first or at once; given back, lapsed, paid with money besides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import IdempotencyKeyReused
from core.tables import OutboxMessage
from loyalty.errors import HoldKept
from loyalty.holding import points_capture, points_hold, points_release
from loyalty.models import PointsHold, PointsLot, Program, TierStanding
from members.segments import segment_create, segment_member_add
from rewards.errors import (
    AlreadyCanceled,
    LimitReached,
    MoneyDiffers,
    MoneyDue,
    NotForSegment,
    NotInCountry,
    NotOffered,
    NotReserved,
    PayUnknown,
    ReservationOver,
    SoldOut,
    StillReserved,
)
from rewards.models import CodePool, PoolCode, Redemption, Reward
from rewards.pools import pool_import
from rewards.reserving import redemption_capture, redemption_paid, reservations_sweep
from rewards.selectors import rewards_for
from rewards.services import redemption_cancel, redemption_use
from rewards.stock import stock_left
from rewards.vouchers import code_of, voucher_redeem
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.catalog import POINTS, later, made, rich, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def test_the_lowest_price_that_is_for_the_member_counts(program: Program) -> None:
    prices = [POINTS, {"points": 60, "currency": "points", "tiers": ["advocate"]},
              {"points": 40, "currency": "points", "segments": ["friends"]}]  # fmt: skip
    reward = made(program, prices=prices)
    plain, risen = rich(program, 300), rich(program, 600, "Bo")
    assert TierStanding.objects.filter(enrollment=risen, tier="advocate").exists()
    assert (take(plain, reward).price, take(risen, reward).price) == (100, 60)
    friends = segment_create(code="friends", name="Friends", description="", actor=shop.STAFF)
    segment_member_add(segment=friends, member=plain.member, actor=shop.STAFF)
    assert take(plain, reward).price == 40
    [offer] = rewards_for(plain)
    assert (offer.option.points, len(offer.options)) == (40, 1)


def test_a_price_that_is_for_nobody_here_is_no_offer(program: Program) -> None:
    reward = made(program, prices=[{"points": 10, "currency": "points", "tiers": ["vip"]}])
    place = rich(program)
    with pytest.raises(NotOffered):
        take(place, reward)
    assert [each.reason for each in rewards_for(place)] == ["reward_not_offered"]


def test_segments_and_countries_decide_who_it_is_for(program: Program) -> None:
    place = rich(program, attributes={"country": "de"})
    with pytest.raises(NotForSegment):
        take(place, made(program, "a", segments=["friends"]))
    with pytest.raises(NotInCountry) as refusal:
        take(place, made(program, "b", countries=["NL", "BE"]))
    assert refusal.value.context["countries"] == ["NL", "BE"]
    assert take(place, made(program, "c", countries=["DE"])).state == "redeemed"
    assert shop.balance(place) == 400
    with pytest.raises(NotInCountry, match="it isn’t known yet where the member lives"):
        take(rich(program, 200, "Bo"), Reward.objects.get(code="b"))


def test_limits_go_by_the_period_of_the_program(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    reward = made(program, limits=[{"times": 1, "per": "day"}, {"times": 2, "per": "year"}])
    place = rich(program)
    take(place, reward)
    with pytest.raises(LimitReached) as refusal:
        take(place, reward)
    assert refusal.value.context == {"limit": 1, "per": "day"}
    later(monkeypatch, days=1)
    take(place, reward)
    later(monkeypatch, days=1)
    with pytest.raises(LimitReached) as refusal:
        take(place, reward)
    assert refusal.value.context["per"] == "year"


def test_a_reward_without_a_price_is_only_given(program: Program) -> None:
    reward = made(program, prices=[])
    place = rich(program)
    with pytest.raises(NotOffered):
        take(place, reward)
    assert rewards_for(place) == []


def test_what_costs_nothing_is_taken_without_an_entry(program: Program) -> None:
    reward = made(program, prices=[{"points": 0}], kind={"kind": "content", "page": "Hello"}, limit_per_member=1)
    place = rich(program, 0)
    row = take(place, reward)
    assert (row.entry_id, row.price, row.state) == (None, 0, "redeemed")
    assert redemption_cancel(redemption=row, actor=shop.STAFF, reason="x").state == "canceled"


def test_months_of_validity_go_through_the_named_day(program: Program) -> None:
    row = take(rich(program), made(program, valid_months=11))
    assert row.use_until is not None
    assert 330 <= (row.use_until - row.redeemed_at).days <= 336
    assert row.use_until.astimezone().minute == 0


# --- reserved -------------------------------------------------------------------------------------------------------


def held(place: Any, program: Program, **fields: Any) -> Redemption:
    return take(place, made(program, **fields), reserve=timedelta(minutes=20))


def test_a_reservation_holds_points_stock_and_code_and_shows_none(program: Program) -> None:
    pool = CodePool.objects.create(name="Cinema")
    pool_import(pool=pool, codes=["SECRET-1"], actor=shop.STAFF)
    place = rich(program, 150)
    row = held(place, program, kind={"kind": "pool_code", "pool": "Cinema"}, stock=3)
    assert (row.state, shop.balance(place), stock_left(row.reward)) == ("reserved", 50, 0)
    assert code_of(row) is None
    with pytest.raises(StillReserved):
        redemption_use(redemption=row, actor=shop.PARTNER)
    row = redemption_capture(redemption=row, actor=shop.PARTNER)
    assert (row.state, code_of(row), shop.balance(place)) == ("redeemed", "SECRET-1", 50)
    assert row.entry is not None
    with pytest.raises(NotReserved):
        redemption_capture(redemption=row, actor=shop.PARTNER)


def test_a_reservation_is_made_once_per_key(program: Program) -> None:
    place, reward = rich(program), made(program)
    first = take(place, reward, key="same", reserve=timedelta(minutes=5))
    assert take(place, reward, key="same", reserve=timedelta(minutes=5)).pk == first.pk
    assert PointsHold.objects.count() == 1


def test_a_canceled_reservation_goes_back_to_the_lots_it_came_from(program: Program) -> None:
    place = rich(program, 60)
    shop.send(shop.order(place.member, 70, days_ago=20))
    before = dict(PointsLot.objects.values_list("pk", "remaining"))
    row = held(place, program, stock=1)
    assert dict(PointsLot.objects.values_list("pk", "remaining")) != before
    redemption_cancel(redemption=row, actor=shop.PARTNER, reason="changed their mind")
    assert dict(PointsLot.objects.values_list("pk", "remaining")) == before
    assert stock_left(row.reward) == 1
    with pytest.raises(AlreadyCanceled):
        redemption_capture(redemption=row, actor=shop.PARTNER)


def test_a_reservation_whose_time_is_up_gives_everything_back(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = rich(program, 130)
    row = held(place, program, stock=1)
    assert reservations_sweep() == 0
    later(monkeypatch, minutes=21)
    with pytest.raises(ReservationOver):
        redemption_capture(redemption=row, actor=shop.PARTNER)
    assert reservations_sweep() == 1
    assert reservations_sweep() == 0
    row.refresh_from_db()
    assert (row.state, shop.balance(place), stock_left(row.reward)) == ("lapsed", 130, 1)
    with pytest.raises(ReservationOver):
        redemption_cancel(redemption=row, actor=shop.PARTNER, reason="late")
    assert take(place, row.reward).state == "redeemed"


def _cinema(*codes: str) -> CodePool:
    pool = CodePool.objects.create(name="Cinema", low_at=0)
    pool_import(pool=pool, codes=codes, actor=shop.STAFF)
    return pool


def test_a_code_that_was_only_reserved_is_the_next_takers(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = _cinema("ONE", "TWO")
    anna, bo, cleo = rich(program), rich(program, name="Bo"), rich(program, name="Cleo")
    first = held(anna, program, kind={"kind": "pool_code", "pool": "Cinema"})
    second = take(bo, first.reward, reserve=timedelta(minutes=20))
    assert stock_left(first.reward) == 0
    redemption_cancel(redemption=second, actor=shop.PARTNER, reason="changed their mind")
    pool.refresh_from_db()
    assert (pool.left, pool.next_ordinal) == (1, 3)
    assert code_of(take(cleo, first.reward)) == "TWO"
    later(monkeypatch, minutes=21)
    reservations_sweep()
    first.refresh_from_db()
    assert (first.state, first.code_id) == ("lapsed", None)
    assert code_of(take(bo, first.reward)) == "ONE"
    with pytest.raises(SoldOut):
        take(anna, first.reward)
    assert sorted(PoolCode.objects.values_list("ordinal", "state")) == [(1, "taken"), (2, "taken")]


def test_a_code_that_was_shown_is_void_when_it_is_given_back(program: Program) -> None:
    _cinema("ONE")
    row = held(rich(program), program, kind={"kind": "pool_code", "pool": "Cinema"})
    redemption_capture(redemption=row, actor=shop.PARTNER)
    redemption_cancel(redemption=row, actor=shop.STAFF, reason="broken")
    assert PoolCode.objects.get().state == "void"
    with pytest.raises(SoldOut):
        take(rich(program, name="Bo"), row.reward)


def test_points_of_a_reservation_are_closed_with_it_alone(program: Program) -> None:
    place = rich(program, 150)
    row = held(place, program)
    assert row.hold is not None
    for close in (points_capture, points_release):
        with pytest.raises(HoldKept) as refusal:
            close(hold=row.hold, actor=shop.PARTNER)
        assert refusal.value.context["kept_for"] == "redemption"
    row.hold.refresh_from_db()
    assert (row.hold.state, shop.balance(place)) == ("held", 50)
    assert redemption_capture(redemption=row, actor=shop.PARTNER).state == "redeemed"
    alone = points_hold(enrollment=place, currency="points", points=10, actor=shop.PARTNER, key="own")
    assert points_release(hold=alone, actor=shop.PARTNER).state == "released"


def test_the_same_key_with_other_words_is_another_request(program: Program) -> None:
    place, reward = rich(program, 400), made(program, prices=BOTH)
    first = take(place, reward, key="same", pay_with="points")
    assert take(place, reward, key="same", pay_with="points").pk == first.pk
    for other in ({"pay_with": "points+EUR"}, {"pay_with": "points", "reserve": timedelta(minutes=5)},
                  {"pay_with": "points", "order_number": "O-1"}, {}):  # fmt: skip
        with pytest.raises(IdempotencyKeyReused):
            take(place, reward, key="same", **other)
    assert (Redemption.objects.count(), shop.balance(place)) == (1, 300)


def test_an_order_has_so_many_of_a_reward_at_most(program: Program) -> None:
    place = rich(program, 600)
    reward = made(program, kind={"kind": "discount_code", "percent": 10}, limit_per_order=1)
    take(place, reward, order_number="O-1")
    with pytest.raises(LimitReached) as refusal:
        take(place, reward, order_number="O-1")
    assert refusal.value.context == {"limit": 1, "per": "order"}
    second, third = take(place, reward, order_number="O-2"), take(place, reward)
    voucher_redeem(code=code_of(second) or "", actor=shop.PARTNER, reference="O-2")
    for order in ("O-1", "O-2"):
        with pytest.raises(LimitReached):
            voucher_redeem(code=code_of(third) or "", actor=shop.PARTNER, reference=order)
    voucher_redeem(code=code_of(third) or "", actor=shop.PARTNER, reference="O-3")
    with pytest.raises(LimitReached):
        take(place, reward, order_number="O-3")
    assert shop.balance(place) == 300


def test_codes_of_pools_count_for_the_order_they_are_used_on(program: Program) -> None:
    _cinema("ONE", "TWO")
    reward = made(program, kind={"kind": "pool_code", "pool": "Cinema"}, limit_per_order=1)
    place = rich(program)
    for _each in range(2):
        take(place, reward)
    voucher_redeem(code="ONE", actor=shop.PARTNER, reference="O-1")
    with pytest.raises(LimitReached):
        voucher_redeem(code="TWO", actor=shop.PARTNER, reference="O-1")
    assert Redemption.objects.get(state="used").order_number == "O-1"


# --- money besides --------------------------------------------------------------------------------------------------

BOTH = [{"points": 50, "currency": "points", "money_minor": 300}, POINTS]


def test_the_money_part_is_due_until_the_partner_has_it(program: Program) -> None:
    place = rich(program, 200)
    row = take(place, made(program, prices=BOTH))
    assert (row.state, row.money_state, row.money_minor, row.money_currency) == ("reserved", "due", 300, "EUR")
    assert shop.balance(place) == 150
    with pytest.raises(MoneyDue):
        redemption_capture(redemption=row, actor=shop.PARTNER)
    with pytest.raises(MoneyDiffers):
        redemption_paid(redemption=row, amount_minor=200, currency="EUR", reference="p", actor=shop.PARTNER)
    row = redemption_paid(redemption=row, amount_minor=300, currency="EUR", reference="p-1", actor=shop.PARTNER)
    assert (row.state, row.money_state, row.money_reference) == ("redeemed", "confirmed", "p-1")
    redemption_cancel(redemption=row, actor=shop.STAFF, reason="broken")
    told = OutboxMessage.objects.get(topic="redemption.canceled").payload
    assert told["money_back"] == {"amount_minor": 300, "currency": "EUR", "reference": "p-1"}
    assert shop.balance(place) == 200


def test_the_way_to_pay_is_chosen_by_its_key(program: Program) -> None:
    place, reward = rich(program, 300), made(program, prices=BOTH)
    [offer] = rewards_for(place)
    assert [each.key for each in offer.options] == ["points+EUR", "points"]
    assert take(place, reward, pay_with="points").state == "redeemed"
    with pytest.raises(PayUnknown) as refusal:
        take(place, reward, pay_with="gold")
    assert refusal.value.context["options"] == ["points+EUR", "points"]


def test_money_that_comes_too_late_is_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    place = rich(program, 200)
    row = take(place, made(program, prices=BOTH, hold_minutes=10))
    later(monkeypatch, minutes=11)
    with pytest.raises(ReservationOver):
        redemption_paid(redemption=row, amount_minor=300, currency="EUR", reference="p", actor=shop.PARTNER)
    reservations_sweep()
    assert shop.balance(place) == 200
