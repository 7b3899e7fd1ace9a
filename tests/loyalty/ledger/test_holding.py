"""Points held for an order that isn't final: taken out of the balance, spent or given back, never lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.errors import DomainError, IdempotencyKeyReused
from loyalty.errors import HoldClosed, InsufficientPoints, NotSpendable
from loyalty.holding import holds_sweep, points_capture, points_hold, points_release
from loyalty.models import HoldLot, LotDraw, PointsEntry, PointsHold
from loyalty.nightly import nightly_run
from loyalty.selectors import balances_of
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document, lots, totals


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-03-02T12:00:00+00:00")


@pytest.fixture
def anna(brand: Any, time: Time) -> Any:
    program = shop.program()
    place = shop.place(shop.member("Anna"), program)
    shop.send(shop.order(place.member, 60, "A", days_ago=30), shop.order(place.member, 40, "B"))
    return place


def hold(place: Any, points: int, key: str = "h", **more: Any) -> PointsHold:
    return points_hold(enrollment=place, currency="points", points=points, actor=shop.PARTNER, key=key, **more)


def test_held_points_are_out_of_the_balance_and_in_no_ledger_line(anna):
    before = PointsEntry.objects.count()
    made = hold(anna, 70)
    assert totals(anna) == (30, 0, 70, 0)
    assert PointsEntry.objects.count() == before
    assert list(HoldLot.objects.filter(hold=made).order_by("lot").values_list("points", flat=True)) == [60, 10]
    [shown] = balances_of(anna)
    assert (shown.balance, shown.reserved) == (30, 70)


def test_no_more_can_be_held_than_there_is(anna):
    hold(anna, 70)
    with pytest.raises(InsufficientPoints):
        hold(anna, 31, "again")
    assert totals(anna) == (30, 0, 70, 0)


def test_a_hold_is_made_once_per_key_and_refused_for_another_sum(anna):
    assert hold(anna, 70).pk == hold(anna, 70).pk
    with pytest.raises(IdempotencyKeyReused):
        hold(anna, 71)
    assert PointsHold.objects.count() == 1


def test_a_capture_of_a_part_spends_from_the_soonest_to_expire_and_gives_the_rest_back(anna):
    done = points_capture(hold=hold(anna, 70, order_number="X-1"), points=65, actor=shop.PARTNER)
    assert (done.state, done.captured) == ("captured", 65)
    assert totals(anna, "balance", "reserved", "spent") == (35, 0, 65)
    assert done.entry is not None
    assert (done.entry.kind, done.entry.points, done.entry.order_number) == ("spend", -65, "X-1")
    assert list(LotDraw.objects.filter(entry=done.entry).order_by("lot").values_list("points", flat=True)) == [-60, -5]
    assert [(lot.remaining, lot.held) for lot in lots(anna)] == [(0, 0), (35, 0)]


def test_the_same_capture_again_is_the_first_one_and_another_is_refused(anna):
    made = hold(anna, 70)
    first = points_capture(hold=made, points=65, actor=shop.PARTNER)
    assert points_capture(hold=made, points=65, actor=shop.PARTNER).entry_id == first.entry_id
    with pytest.raises(HoldClosed):
        points_capture(hold=made, points=64, actor=shop.PARTNER)
    with pytest.raises(HoldClosed):
        points_release(hold=made, actor=shop.PARTNER)
    assert totals(anna, "balance", "spent") == (35, 65)


@pytest.mark.parametrize("points", [0, -1, 71])
def test_nothing_less_than_one_and_nothing_beyond_the_hold_can_be_captured(anna, points):
    made = hold(anna, 70)
    with pytest.raises(DomainError):
        points_capture(hold=made, points=points, actor=shop.PARTNER)
    assert totals(anna) == (30, 0, 70, 0)


def test_a_release_gives_everything_back_to_its_lots(anna):
    points_release(hold=hold(anna, 70), actor=shop.PARTNER)
    assert totals(anna) == (100, 0, 0, 0)
    assert [(lot.remaining, lot.held) for lot in lots(anna)] == [(60, 0), (40, 0)]


def test_a_hold_whose_time_is_up_goes_back_by_itself_whoever_comes_first(anna, time):
    made = hold(anna, 70, lasts=timedelta(minutes=10))
    time.set("2026-03-02T12:10:00+00:00")
    [shown] = balances_of(anna)
    assert (shown.balance, shown.reserved) == (100, 0)
    with pytest.raises(HoldClosed):
        points_capture(hold=made, actor=shop.PARTNER)
    assert holds_sweep() == 1
    made.refresh_from_db()
    assert made.state == "expired"
    assert totals(anna) == (100, 0, 0, 0)
    assert holds_sweep() == 0


def test_the_night_gives_back_what_is_due(anna, time):
    hold(anna, 70, lasts=timedelta(minutes=10))
    time.set("2026-03-03T12:00:00+00:00")
    nightly_run(program=anna.program)
    assert totals(anna) == (100, 0, 0, 0)


def test_held_points_outlive_their_last_day_until_they_come_back(anna, time):
    made = hold(anna, 70, lasts=timedelta(days=30))
    lot = lots(anna)[0]
    lot.expires_at = time.now + timedelta(days=1)
    lot.save()
    time.set("2026-03-05T12:00:00+00:00")
    nightly_run(program=anna.program)
    assert totals(anna, "balance", "reserved", "expired") == (30, 70, 0)
    points_release(hold=made, actor=shop.PARTNER)
    assert totals(anna, "balance", "reserved", "expired") == (40, 0, 60)


def test_where_the_currency_gives_them_again_they_get_a_new_last_day(brand, time):
    program = shop.program(document(restore_policy={"kind": "regrant", "days": 7}))
    place = shop.place(shop.member("Anna"), program)
    shop.send(shop.order(place.member, 60, "A"))
    made = hold(place, 50, lasts=timedelta(days=2))
    lot = lots(place)[0]
    lot.expires_at = time.now + timedelta(days=1)
    lot.save()
    time.set("2026-03-05T12:00:00+00:00")
    nightly_run(program=program)
    made.refresh_from_db()
    assert made.state == "expired"
    assert totals(place, "balance", "expired") == (50, 10)
    # The hold ended on 4 March; seven days later is the last day, and local midnight after it the end.
    assert lots(place)[0].expires_at == datetime.fromisoformat("2026-03-11T23:00:00+00:00")


def test_what_a_return_claimed_while_points_were_held_is_taken_when_they_come_back(anna):
    made = hold(anna, 100)
    shop.send(shop.returned(anna.member, "A", 60))
    assert totals(anna, "balance", "reserved", "reversed") == (0, 100, 0)
    points_release(hold=made, actor=shop.PARTNER)
    assert totals(anna, "balance", "reserved", "reversed") == (40, 0, 60)


def test_a_debt_is_paid_from_what_comes_back(brand, time):
    place = shop.place(shop.member("Anna"), shop.program(document(refund_policy="into_debt")))
    shop.send(shop.order(place.member, 60, "A"))
    made = hold(place, 60)
    shop.send(shop.returned(place.member, "A", 60))
    assert totals(place) == (0, 0, 60, 60)
    points_release(hold=made, actor=shop.PARTNER)
    assert totals(place) == (0, 0, 0, 0)


def test_points_for_tiers_alone_cant_be_held(brand, time):
    place = shop.place(shop.member("Anna"), shop.program(document(kind="qualifying")))
    shop.send(shop.order(place.member, 60, "A"))
    with pytest.raises(NotSpendable):
        hold(place, 1)
