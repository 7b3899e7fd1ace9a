"""What went wrong elsewhere and mustn't here. Races among the reports are in tests/concurrency/test_last_one.py."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from core.tables import OutboxMessage
from loyalty.ledger import ledger_invariants
from loyalty.models import Event, Order, PointsAccount, PointsEntry
from rewards.errors import LimitReached, SoldOut
from rewards.models import PoolCode, Redemption, Reward
from rewards.services import redemption_cancel, reward_redeem
from rewards.stock import stock_left, stock_set
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")
POLICIES = ("only_pending", "within_balance", "into_debt")


@pytest.fixture(autouse=True)
def _promises(brand: Any) -> Iterator[None]:
    yield
    assert ledger_invariants() == []


def _program(policy: str = "within_balance", **more: Any) -> Any:
    currency = {**shop.DOCUMENT["currencies"][0], "refund_policy": policy, **more}
    return shop.program({**shop.DOCUMENT, "currencies": [currency]})


def _reward(program: Any, **fields: Any) -> Reward:
    made = {"program": program, "code": "tea", "name": "Tea", "currency": "points", "price": 30, **fields}
    return Reward.objects.create(**made)


# Odoo 257854 and ERPNext 32951: a refund leaves the earned points. Odoo 212922: a refund spends again.
STEPS = ("spend", "part", "rest", "cancel")
ORDERS = [each for each in permutations(STEPS) if each.index("spend") < each.index("cancel")]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("steps", ORDERS, ids="-".join)
@pytest.mark.parametrize("other", [0, 500], ids=["alone", "with other points"])
def test_a_returned_order_leaves_nothing_of_what_it_gave_whatever_comes_first(
    policy: str, steps: tuple[str, ...], other: int
) -> None:
    program, anna = _program(policy), shop.member()
    place, reward = shop.place(anna, program), _reward(program)
    if other:
        shop.send(shop.order(anna, other))
    shop.send(shop.order(anna, 100, "INV"))
    spent = 0
    for step in steps:
        if step == "spend":
            account = PointsAccount.objects.get(enrollment=place)
            if account.balance < 30:
                return  # nothing left to spend: the member can't be at an advantage
            taken = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="k")
            spent = 30
        elif step == "cancel":
            redemption_cancel(redemption=taken, actor=shop.STAFF, reason="changed")
            spent = 0
        else:
            total = Order.objects.get(number="INV")
            rest = (total.total_minor - total.refunded_minor) / 100
            [answer] = shop.send(shop.returned(anna, "INV", str(40 if step == "part" and rest > 40 else rest or 1)))
            assert answer.status == (201 if rest else 409)
    account = PointsAccount.objects.get(enrollment=place)
    assert account.spent == spent
    lot = PointsEntry.objects.get(order_number="INV", kind="earn").lot
    assert lot.reversed == 100
    if policy == "into_debt" or (policy == "within_balance" and other):
        assert account.balance - account.debt == other - spent
    if policy == "only_pending":
        assert account.balance == other + 100 - spent


def test_pending_points_go_with_their_order_under_every_policy() -> None:
    program, anna = _program("only_pending", pending_days=14), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV"))
    [answer] = shop.send(shop.returned(anna, "INV", 100))
    assert answer.body["reversed"][0]["points"] == 100
    assert PointsAccount.objects.get(enrollment=place).pending == 0


# nopCommerce 2496: points earned on what was paid with points.
def test_the_part_paid_with_points_or_a_gift_card_earns_nothing() -> None:
    _program()
    anna = shop.member()
    [answer] = shop.send(shop.order(anna, 100, paid_in_points_minor=3000, gift_card_minor=2000))
    assert answer.body["awards"][0]["points"] == 50


# nopCommerce CVE-2024-58248 and Vendure 4930, one after the other: what isn't there isn't sold.
def test_who_comes_too_late_keeps_points_and_leaves_no_trace() -> None:
    program, anna, bram = _program(), shop.member("Anna"), shop.member("Bram")
    places = [shop.place(who, program) for who in (anna, bram)]
    shop.send(shop.order(anna, 100), shop.order(bram, 100))
    reward = _reward(program)
    stock_set(reward=reward, total=1, actor=shop.STAFF)
    reward_redeem(enrollment=places[0], reward=reward, actor=shop.PARTNER, key="a")
    before = (PointsEntry.objects.count(), OutboxMessage.objects.count())
    with pytest.raises(SoldOut):
        reward_redeem(enrollment=places[1], reward=reward, actor=shop.PARTNER, key="b")
    assert (PointsEntry.objects.count(), OutboxMessage.objects.count()) == before
    assert shop.balance(places[1]) == 100
    assert stock_left(reward) == 0


# Saleor 544: a limit per customer that a second order got around. 15855: the payment refunded, the order kept.
def test_a_limit_counts_what_is_kept_and_a_cancel_gives_everything_back() -> None:
    program, anna = _program(), shop.member()
    place, reward = shop.place(anna, program), _reward(program, limit_per_member=1)
    stock_set(reward=reward, total=5, actor=shop.STAFF)
    shop.send(shop.order(anna, 100))
    taken = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="a")
    with pytest.raises(LimitReached):
        reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="b")
    redemption_cancel(redemption=taken, actor=shop.STAFF, reason="changed")
    assert (shop.balance(place), stock_left(reward)) == (100, 5)
    assert Redemption.objects.get().state == "canceled"
    reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="c")
    assert PoolCode.objects.count() == 0


# Square forum 23847: one event id, two balances. Formance 364: a conflict answered as if all were well.
def test_one_id_with_two_bodies_is_a_conflict_that_changes_nothing() -> None:
    program, anna = _program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 30, "E"))
    for euros in ("25", "30.01"):
        [answer] = shop.send(shop.order(anna, euros, "E"))
        assert (answer.status, answer.body["code"]) == (409, "event_conflict")
    assert shop.balance(place) == 30
    assert Event.objects.filter(external_id="E").count() == 1


# A return of points that were spent, repeated by an impatient till.
def test_a_return_sent_twice_takes_once_also_when_it_makes_a_debt() -> None:
    program, anna = _program("into_debt"), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV"))
    reward_redeem(enrollment=place, reward=_reward(program, price=80), actor=shop.PARTNER, key="k")
    row = shop.returned(anna, "INV", 100)
    assert [shop.send(row)[0].status for _time in range(3)] == [201, 200, 200]
    account = PointsAccount.objects.get(enrollment=place)
    assert (account.balance, account.debt, account.reversed) == (0, 80, 20)


# Found by trial 1: a booking that was refused, since the debt was to be paid from points past their last day.
def test_a_late_award_past_its_last_day_still_pays_a_debt() -> None:
    program, anna = _program("into_debt"), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV"))
    reward_redeem(enrollment=place, reward=_reward(program, price=80), actor=shop.PARTNER, key="k")
    shop.send(shop.returned(anna, "INV", 100))
    [late] = shop.send(shop.order(anna, 50, days_ago=500))
    assert late.status == 201
    account = PointsAccount.objects.get(enrollment=place)
    assert (account.balance, account.debt) == (0, 30)


# Found by trial 1: a batch paid a debt from other lots than the same orders one by one.
def test_a_batch_pays_a_debt_order_by_order() -> None:
    program, anna = _program("into_debt"), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV"))
    reward_redeem(enrollment=place, reward=_reward(program, price=80), actor=shop.PARTNER, key="k")
    shop.send(shop.returned(anna, "INV", 100))
    shop.send(shop.order(anna, 60, "first"), shop.order(anna, 60, "second", days_ago=1))
    left = {entry.order_number: entry.lot.remaining for entry in PointsEntry.objects.filter(kind="earn")}
    assert left == {"INV": 0, "first": 0, "second": 40}
    assert shop.balance(place) == 40
