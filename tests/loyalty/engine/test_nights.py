"""The night's work: in order, caught up when missed, harmless when repeated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.tables import JobRun
from loyalty.ledger import ledger_invariants
from loyalty.models import PointsAccount, PointsEntry, TierChange, TierStanding
from loyalty.nightly import nightly_run
from loyalty.selectors import balances_of
from loyalty.tierviews import tiers_of
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture(autouse=True)
def _promises(brand):
    yield
    assert ledger_invariants() == []


@pytest.fixture
def ahead(brand):
    """ahead(days): move the brand's clock."""

    def move(days: float) -> None:
        brand.clock_shift += timedelta(days=days)

    return move


def _document(**currency):
    return {**shop.DOCUMENT, "currencies": [{**shop.DOCUMENT["currencies"][0], **currency}]}


def test_points_expire_at_the_midnight_after_their_last_day_and_no_sooner(ahead):
    program, anna = shop.program(_document(expiry={"kind": "after", "n": 10, "unit": "days"})), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 30))
    ahead(9)
    nightly_run(program=program)
    assert shop.balance(place) == 30
    ahead(2)
    assert shop.balance(place) == 0  # shown as gone before the night's work has run
    nightly_run(program=program)
    entry = PointsEntry.objects.get(kind="expire")
    assert (entry.points, entry.occurred_at) == (-30, entry.expires_at)
    assert PointsAccount.objects.get(enrollment=place).expired == 30


def test_pending_points_become_active_and_a_night_run_twice_changes_nothing(ahead):
    program, anna = shop.program(_document(pending_days=14)), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 30))
    [balance] = balances_of(place)
    assert (balance.balance, balance.pending) == (0, 30)
    ahead(15)
    reports = nightly_run(program=program)
    assert sum(report.lots for report in reports) >= 1
    [balance] = balances_of(place)
    assert (balance.balance, balance.pending) == (30, 0)
    assert nightly_run(program=program) == []


def test_a_return_of_pending_points_takes_the_pending_ones():
    program, anna = shop.program(_document(pending_days=14)), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 30, "INV-1"))
    shop.send(shop.returned(anna, "INV-1", 10))
    [balance] = balances_of(place)
    assert (balance.balance, balance.pending) == (0, 20)


def test_missed_days_are_caught_up_in_order(ahead):
    program = shop.program()
    nightly_run(program=program)
    ahead(4)
    assert [report.day for report in nightly_run(program=program)] == [
        run.local_date for run in JobRun.objects.order_by("local_date")
    ][1:]
    assert JobRun.objects.count() == 5


def test_a_tier_that_was_not_earned_again_falls_one_step_at_the_end_of_the_next_year(ahead):
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 1200))
    assert tiers_of(place)[0].code == "vip"
    ends = TierStanding.objects.get(enrollment=place).valid_until
    assert ends is not None
    ahead((ends - clock.now()).days + 2)
    nightly_run(program=program, today=None)
    assert tiers_of(place)[0].code == "advocate"
    change = TierChange.objects.latest("id")
    assert (change.from_tier, change.to_tier, change.cause, change.at) == ("vip", "advocate", "window_end", ends)
