"""A purchase becomes points, a tier and a reward; a return takes back what the purchase gave."""

from __future__ import annotations

import pytest

from core import clock
from loyalty.ledger import ledger_invariants
from loyalty.models import Event, Order, PointsAccount, PointsEntry, TierChange
from loyalty.tierviews import tiers_of
from rewards.errors import SoldOut
from rewards.models import Redemption, Reward
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from rewards.stock import stock_left, stock_set
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture(autouse=True)
def _promises(brand):
    yield
    assert ledger_invariants() == []


def test_an_order_gives_a_point_per_euro_and_says_why():
    program, anna = shop.program(), shop.member()
    [answer] = shop.send(shop.order(anna, "25.50", "INV-1"))
    assert answer.status == 201, answer.body
    assert answer.body["awards"][0]["points"] == 25
    assert answer.body["awards"][0]["reason"] == {"en": "A point for every euro", "nl": "Een punt voor elke euro"}
    assert shop.balance(shop.place(anna, program)) == 25
    assert Order.objects.get(number="INV-1").net_minor == 2550
    assert PointsEntry.objects.get(kind="earn").allocated_minor == 2550 * 25 // 2575


def test_the_same_event_again_gets_the_first_answer_and_changes_nothing():
    shop.program()
    anna = shop.member()
    row = shop.order(anna, 10, "INV-1")
    [first] = shop.send(row)
    [again] = shop.send(row)
    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert PointsEntry.objects.count() == 1


def test_the_same_id_with_another_body_is_refused():
    shop.program()
    anna = shop.member()
    shop.send(shop.order(anna, 10, "INV-1"))
    [answer] = shop.send(shop.order(anna, 11, "INV-1"))
    assert (answer.status, answer.body["code"]) == (409, "event_conflict")
    assert PointsEntry.objects.count() == 1


def test_a_tier_is_reached_at_once_and_the_order_that_reached_it_is_told():
    program, anna = shop.program(), shop.member()
    [answer] = shop.send(shop.order(anna, 600))
    [tier] = answer.body["tiers"]
    assert tier == {"ladder": "main", "tier": "advocate", "changed_from": "enthusiast"}
    [view] = tiers_of(shop.place(anna, program))
    assert (view.code, view.missing, view.next_code) == ("advocate", 400, "vip")
    assert [change.to_tier for change in TierChange.objects.order_by("id")] == ["enthusiast", "advocate"]


def test_a_full_return_takes_points_and_the_tier_that_they_earned():
    program, anna = shop.program(), shop.member()
    shop.send(shop.order(anna, 600, "INV-1"))
    [half] = shop.send(shop.returned(anna, "INV-1", 300))
    assert half.body["reversed"] == [{"rule": "per_euro", "currency": "points", "points": 300, "debt": 0}]
    shop.send(shop.returned(anna, "INV-1", 300))
    place = shop.place(anna, program)
    assert shop.balance(place) == 0
    assert tiers_of(place)[0].code == "enthusiast"
    [over] = shop.send(shop.returned(anna, "INV-1", 1))
    assert (over.status, over.body["code"]) == (409, "return_too_large")


def test_a_return_of_spent_points_stays_within_the_balance():
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV-1"))
    reward_redeem(enrollment=place, reward=_reward(program, price=80), actor=shop.PARTNER, key="a")
    [answer] = shop.send(shop.returned(anna, "INV-1", 100))
    assert answer.body["reversed"][0]["points"] == 20
    assert shop.balance(place) == 0


def test_a_return_into_debt_is_paid_by_the_next_order():
    document = {**shop.DOCUMENT, "currencies": [{**shop.DOCUMENT["currencies"][0], "refund_policy": "into_debt"}]}
    program, anna = shop.program(document), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV-1"))
    reward_redeem(enrollment=place, reward=_reward(program, price=80), actor=shop.PARTNER, key="a")
    [answer] = shop.send(shop.returned(anna, "INV-1", 100))
    assert answer.body["reversed"][0] == {"rule": "per_euro", "currency": "points", "points": 20, "debt": 80}
    [paid] = shop.send(shop.order(anna, 100, "INV-2"))
    assert paid.body["balances"] == [{"currency": "points", "balance": 20, "pending": 0, "debt": 0}]
    account = PointsAccount.objects.get(enrollment=place)
    assert (account.balance, account.debt, account.reversed) == (20, 0, 100)


def test_a_guests_order_is_kept_and_earns_nothing():
    shop.program()
    [answer] = shop.send(shop.order(None, 50, "G-1"))
    assert (answer.status, answer.body["status"], answer.body["awards"]) == (201, "guest", [])
    assert Order.objects.get(number="G-1").member_id is None


def test_a_return_that_matches_no_order_is_kept_and_moves_nothing():
    shop.program()
    anna = shop.member()
    [answer] = shop.send(shop.returned(anna, "nowhere", 5))
    assert (answer.status, answer.body["status"]) == (201, "unmatched")
    assert Event.objects.get(type="order.returned").status == "unmatched"


def test_a_bulk_answers_each_row_on_its_own_and_in_order():
    program, anna = shop.program(), shop.member()
    good, bad = shop.order(anna, 10, "A"), {**shop.order(anna, 10, "B"), "type": "no.such_type"}
    answers = shop.send(
        good, bad, good, shop.returned(anna, "A", 4), shop.order(anna, 7, "C"), shop.order(anna, 1, "A")
    )
    assert [each.status for each in answers] == [201, 422, 200, 201, 201, 409]
    assert shop.balance(shop.place(anna, program)) == 13


def test_a_daily_cap_truncates_and_both_figures_are_kept():
    program, anna = shop.program(), shop.member()
    answers = shop.send(shop.review(anna), shop.review(anna), shop.review(anna))
    assert [sum(a["points"] for a in each.body["awards"]) for each in answers] == [25, 25, 0]
    assert shop.balance(shop.place(anna, program)) == 50


def _reward(program, **fields):
    return Reward.objects.create(
        **{"program": program, "code": "tea", "name": "Tea", "currency": "points", "price": 10, **fields}
    )


def test_a_reward_is_taken_once_per_key_and_given_back_whole():
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100))
    reward = _reward(program, price=40)
    stock_set(reward=reward, total=2, actor=shop.STAFF)
    first = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="one")
    assert reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="one") == first
    second = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="two")
    assert (shop.balance(place), stock_left(reward)) == (20, 0)
    redemption_use(redemption=second, actor=shop.PARTNER)
    redemption_cancel(redemption=first, actor=shop.STAFF, reason="wrong size")
    assert (shop.balance(place), stock_left(reward)) == (60, 1)
    shop.send(shop.order(anna, 100))
    reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="three")
    with pytest.raises(SoldOut):
        reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="four")
    assert Redemption.objects.exclude(state="canceled").count() == 2
    assert clock.now() >= first.redeemed_at
