"""A household's one account: everybody earns into it and spends from it, tiers stay everybody's own."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.read import document_decode
from loyalty.errors import PoolRefused
from loyalty.holding import points_hold
from loyalty.models import TierStanding
from loyalty.nightly import nightly_run
from loyalty.pooling import pool_join, pool_leave
from loyalty.selectors import balances_of, entries_of
from loyalty.services import points_adjust
from loyalty.simulating import event_simulate
from loyalty.statements import period_of, statement_totals
from loyalty.tierpreview import tier_preview
from loyalty.tierviews import tiers_of
from rewards.models import Reward
from rewards.services import redemption_cancel, reward_redeem
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document, totals


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-01-10T12:00:00+00:00")


@pytest.fixture
def pair(brand: Any, time: Time) -> tuple[Any, Any]:
    program = shop.program(document(refund_policy="into_debt", pending_days=0))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    shop.send(shop.order(anna.member, 60, "A"), shop.order(bram.member, 40, "B"))
    return anna, bram


def test_joining_brings_everything_in_with_its_dates(pair):
    anna, bram = pair
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    assert (totals(anna, "balance"), totals(bram, "balance")) == ((100,), (0,))
    assert [each.balance for each in balances_of(bram)] == [100]
    assert entries_of(bram).count() == 2
    [total] = statement_totals(bram, period_of(bram, None, None))
    assert total.closing == 100


def test_joining_again_changes_nothing_and_leaving_leaves_it_there(pair):
    anna, bram = pair
    for _twice in range(2):
        pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    for _twice in range(2):
        pool_leave(enrollment=bram, actor=shop.STAFF)
    shop.send(shop.order(bram.member, 5, "C"))
    assert (totals(anna, "balance"), totals(bram, "balance")) == ((100,), (5,))


def test_both_earn_into_it_in_one_batch_and_each_for_their_own_tier(pair):
    anna, bram = pair
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    answers = shop.send(shop.order(anna.member, 10, "C"), shop.order(bram.member, 480, "D"))
    assert [each.body["balances"][0]["balance"] for each in answers] == [110, 590]
    assert totals(anna, "balance") == (590,)
    tiers = dict(TierStanding.objects.values_list("enrollment__member__name", "tier"))
    assert tiers == {"Anna": "enthusiast", "Bram": "advocate"}


def test_a_return_of_what_was_earned_before_joining_takes_from_what_is_shared(pair):
    anna, bram = pair
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    [answer] = shop.send(shop.returned(bram.member, "B", 40))
    assert answer.status == 201
    assert (totals(anna, "balance"), totals(bram, "balance", "debt")) == ((60,), (0, 0))


def test_a_debt_in_one_batch_is_paid_before_the_other_member_earns_on(pair):
    anna, bram = pair
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    points_adjust(enrollment=bram, currency="points", points=-100, reason="x", actor=shop.STAFF, key="k")
    rows = (
        shop.returned(bram.member, "B", 40),
        shop.order(anna.member, 25, "C"),
        shop.order(bram.member, 25, "D"),
    )
    assert [each.status for each in shop.send(*rows)] == [201, 201, 201]
    assert totals(anna, "balance", "debt") == (10, 0)


def test_rewards_are_taken_from_it_and_given_back_to_it(pair):
    anna, bram = pair
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    mug = Reward.objects.create(program=anna.program, code="mug", name="Mug", currency="points", price=90)
    taken = reward_redeem(enrollment=bram, reward=mug, actor=shop.PARTNER, key="k")
    assert totals(anna, "balance") == (10,)
    redemption_cancel(redemption=taken, actor=shop.STAFF, reason="x")
    assert totals(anna, "balance") == (100,)


def test_what_cant_be_shared_is_refused(pair):
    anna, bram = pair
    carla = shop.place(shop.member("Carla"), anna.program)
    points_hold(enrollment=bram, currency="points", points=5, actor=shop.PARTNER, key="h")
    with pytest.raises(PoolRefused):
        pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    pool_join(enrollment=carla, head=anna, actor=shop.STAFF)
    for who, head in ((anna, bram), (carla, bram), (bram, carla)):
        with pytest.raises(PoolRefused):
            pool_join(enrollment=who, head=head, actor=shop.STAFF)


def test_one_key_moves_points_once_for_each_of_who_share(pair):
    anna, bram = pair
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    for _twice in range(2):
        for place in (anna, bram):
            points_adjust(enrollment=place, currency="points", points=5, reason="x", actor=shop.STAFF, key="spring")
            points_hold(enrollment=place, currency="points", points=10, actor=shop.PARTNER, key="spring")
    assert totals(anna, "balance", "reserved") == (90, 20)


def test_a_tier_by_balance_goes_by_what_is_shared_at_night_too(brand, time):
    made = document()
    made["ladders"][0] |= {
        "qualify": {"kind": "balance", "currency": "points"},
        "window": {"kind": "lifetime"},
        "valid": "while_qualifying",
    }
    program = shop.program(made)
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    shop.send(shop.order(anna.member, 600, "A"), shop.order(bram.member, 10, "B"))
    time.set("2026-01-11T12:00:00+00:00")
    nightly_run(program=program)
    assert tiers_of(bram)[0].progress == 610
    [preview] = tier_preview(program, document_decode(made))
    assert preview.moves["full"] == []
    assert set(TierStanding.objects.values_list("enrollment__member__name", "tier")) == {
        ("Anna", "advocate"),
        ("Bram", "advocate"),
    }


def test_a_dry_run_of_a_return_settles_what_is_due_of_who_shares(brand, time):
    program = shop.program(document(refund_policy="into_debt"))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    shop.send(shop.order(bram.member, 60, "A"))
    time.set("2027-02-10T12:00:00+00:00")
    shop.send(shop.order(bram.member, 40, "B"))
    back = shop.returned(bram.member, "A", 30)
    [told] = event_simulate([back], actor=shop.PARTNER)
    [booked] = shop.send(back)
    assert told.answer.body["balances"] == booked.body["balances"]


def test_who_leaves_leaves_what_waits_there_and_nobody_loses_it(brand, time):
    waits = {"kind": "until_event", "type": "order.delivered", "at_most_days": 30, "then": "drop"}
    program = shop.program(document(release=waits, refund_policy="into_debt"))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    shop.send(shop.order(bram.member, 40, "B"), shop.order(anna.member, 60, "A"))
    pool_leave(enrollment=bram, actor=shop.STAFF)
    delivered = {**shop.review(bram.member, "D"), "type": "order.delivered", "data": {"order": {"number": "B"}}}
    shop.send(delivered)
    assert (totals(anna, "balance", "pending"), totals(bram, "balance", "pending")) == ((0, 100), (0, 0))
    time.set("2026-02-20T12:00:00+00:00")
    nightly_run(program=program)
    # Anna's own order was never delivered, so that its points are off.
    assert totals(anna, "balance", "pending", "expired") == (40, 0, 60)


def test_who_left_owes_what_an_order_gave_while_they_shared(brand, time):
    program = shop.program(document(refund_policy="into_debt"))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    shop.send(shop.order(bram.member, 40, "B"))
    pool_leave(enrollment=bram, actor=shop.STAFF)
    shop.send(shop.order(bram.member, 15, "C"), shop.returned(bram.member, "B", 40))
    assert (totals(anna, "balance"), totals(bram, "balance", "debt")) == ((40,), (0, 25))
