"""A backtest of the version in force equals history: points that wait, live on, are held, and what a tier gives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.outbox import outbox_drain
from loyalty.backtests.feed import nights_of, people
from loyalty.backtests.memory import ReplayState, setting_of
from loyalty.backtests.replay import Replay
from loyalty.backtests.tally import Tally
from loyalty.definition.compile import compile_program
from loyalty.definition.read import document_decode
from loyalty.holding import holds_sweep, points_capture, points_hold, points_release
from loyalty.models import Enrollment, PointsHold
from loyalty.nightly import nightly_run
from loyalty.services import points_adjust
from loyalty.versions import ALWAYS, ProgramState, VersionRow, programs_fresh
from tests.loyalty import shop
from tests.loyalty.engine import test_promotions
from tests.loyalty.ledger.cast import Time, document, totals
from tests.loyalty.properties import test_backtest as backtest

SLEEPING = {"kind": "inactivity", "months": 3, "resets": ["order.paid", "review.posted"]}
DELIVERED = {"kind": "until_event", "type": "order.delivered", "at_most_days": 30}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-01-10T12:00:00+00:00")


def anna_in(made: dict[str, Any]) -> Enrollment:
    return shop.place(shop.member("Anna"), shop.program(made))


def deliver(place: Enrollment, number: str, time: Time) -> None:
    event = {"id": f"D-{number}", "type": "order.delivered", "member": str(place.member.public_id)}
    shop.send({**event, "occurred_at": time.now.isoformat(), "data": {"order": {"number": number}}})


def night(place: Enrollment, time: Time, at: str) -> None:
    time.set(at)
    nightly_run(program=place.program)


def replay(place: Enrollment, time: Time, since: str = "2026-01-01T00:00:00+00:00") -> Any:
    """What the version in force comes to again, which is what happened."""
    [found], tally = backtest.replayed(place.program_id, datetime.fromisoformat(since), time.now + timedelta(hours=1))
    backtest.assert_as_it_was(found)
    return tally.flows["points"]


@pytest.mark.parametrize(("then", "left"), [("release", (100, 0)), ("drop", (60, 0))])
def test_points_that_wait_become_active_by_their_event_or_at_the_latest_day(brand, time, then, left):
    place = anna_in(document(release={**DELIVERED, "then": then}))
    shop.send(shop.order(place.member, 60, "A"), shop.order(place.member, 40, "B"))
    replay(place, time)
    time.set("2026-01-20T12:00:00+00:00")
    deliver(place, "A", time)
    replay(place, time)
    night(place, time, "2026-02-12T01:00:00+00:00")
    assert totals(place, "balance", "pending") == left
    assert replay(place, time).get("expired", 0) == (40 if then == "drop" else 0)


def test_waking_points_pay_a_debt_before_what_comes_next(brand, time):
    place = anna_in(document(release=DELIVERED, refund_policy="into_debt"))
    shop.send(shop.order(place.member, 60, "A"), shop.order(place.member, 40, "B"))
    deliver(place, "A", time)
    points_adjust(enrollment=place, currency="points", points=-50, reason="tea", actor=shop.STAFF, key="k")
    time.set("2026-01-21T12:00:00+00:00")
    shop.send(shop.returned(place.member, "A", 60))
    assert totals(place, "debt") == (50,)
    replay(place, time)
    time.set("2026-01-22T12:00:00+00:00")
    deliver(place, "B", time)
    assert totals(place, "balance", "debt") == (0, 10)
    replay(place, time)


def test_an_activity_moves_the_end_of_what_is_valid(brand, time):
    place = anna_in(document(expiry=SLEEPING))
    shop.send(shop.order(place.member, 60, "A"))
    points_adjust(enrollment=place, currency="points", points=5, reason="tea", actor=shop.STAFF, key="k")
    time.set("2026-03-31T12:00:00+00:00")
    shop.send(shop.review(place.member))
    night(place, time, "2026-05-01T01:00:00+00:00")
    assert totals(place, "balance") == (90,)
    replay(place, time)
    night(place, time, "2026-07-02T01:00:00+00:00")
    assert totals(place, "balance") == (0,)
    assert replay(place, time)["expired"] == 90


def test_a_draft_without_the_activity_lets_them_run_out(brand, time):
    place = anna_in(document(expiry=SLEEPING))
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-03-31T12:00:00+00:00")
    shop.send(shop.review(place.member))
    for day in ("2026-04-12", "2026-05-01"):
        night(place, time, f"{day}T01:00:00+00:00")
    draft = document(expiry={**SLEEPING, "resets": ["order.paid"]})
    assert drafted(place, time, draft).flows["points"]["expired"] == 60


def drafted(place: Enrollment, time: Time, draft: dict[str, Any]) -> Any:
    """The tally of a draft over everything."""
    state = next(each for each in programs_fresh().values() if each.id == place.program_id)
    compiled = compile_program(document_decode(draft))
    fields = {name: getattr(state, name) for name in ProgramState.__struct_fields__}
    trial = ReplayState(**fields, since=ALWAYS, row=VersionRow(0, 0, ALWAYS, b"draft"), compiled=compiled)
    until = time.now + timedelta(hours=1)
    setting = setting_of(trial, until, nights_of(state.slug, compiled))
    scope: dict[str, Any] = {"program_id": place.program_id, "since": ALWAYS, "until": until}
    [person] = people(**scope, part=0, parts=1, after=0)
    tally = Tally()
    Replay(setting, person.member, person.accounts, person.enrolled_at, tally, person.given).run(
        person.events, person.hands
    )
    return tally


def test_expiry_by_tier_is_of_the_tier_when_it_was_earned(brand, time):
    short = [{"ladder": "main", "tiers": ["advocate"], "expiry": {"kind": "after", "n": 10, "unit": "days"}}]
    place = anna_in(document(expiry_by_tier=short))
    shop.send(shop.order(place.member, 600, "A"))
    time.set("2026-01-11T12:00:00+00:00")
    shop.send(shop.order(place.member, 40, "B"))
    replay(place, time)
    night(place, time, "2026-01-25T01:00:00+00:00")
    assert totals(place, "balance") == (600,)
    assert replay(place, time)["expired"] == 40


# --- what a tier gives -----------------------------------------------------------------------------------------------


def test_what_a_tier_gives_follows_from_the_rise_when_it_followed_then(brand, time):
    place = anna_in(test_promotions.document())
    shop.send(shop.order(place.member, 120, "A"))
    time.set("2026-01-10T15:00:00+00:00")
    outbox_drain()
    assert totals(place, "balance") == (127,)
    assert replay(place, time)["issued"] == 127
    replay(place, time, since="2026-01-10T13:00:00+00:00")


def test_a_draft_in_which_nobody_rises_gives_nothing_for_it_and_one_where_they_rise_does(brand, time):
    place = anna_in(test_promotions.document())
    shop.send(shop.order(place.member, 120, "A"))
    outbox_drain()
    high, low = test_promotions.document(), test_promotions.document()
    high["ladders"][0]["tiers"][1]["threshold"] = 300
    low["ladders"][0]["tiers"][2]["threshold"] = 110
    assert drafted(place, time, high).flows["points"]["issued"] == 120
    assert drafted(place, time, low).flows["points"]["issued"] == 170


# --- holds -----------------------------------------------------------------------------------------------------------


def held(place: Enrollment, points: int, key: str = "h", **more: Any) -> PointsHold:
    return points_hold(enrollment=place, currency="points", points=points, actor=shop.PARTNER, key=key, **more)


def with_points(time: Time, **currency: Any) -> Enrollment:
    place = anna_in(document(**currency))
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-01-11T12:00:00+00:00")
    shop.send(shop.order(place.member, 40, "B"))
    return place


def test_a_hold_is_captured_in_part_or_released(brand, time):
    place = with_points(time)
    one, other = held(place, 70), held(place, 20, "other")
    replay(place, time)
    time.set("2026-01-11T12:10:00+00:00")
    points_capture(hold=one, actor=shop.PARTNER, points=65)
    points_release(hold=other, actor=shop.PARTNER)
    assert totals(place) == (35, 0, 0, 0)
    assert replay(place, time)["spent"] == 65


@pytest.mark.parametrize("swept", [True, False])
def test_a_hold_whose_time_is_up_goes_back_by_the_sweep_or_by_the_night(brand, time, swept):
    place = with_points(time, expiry={"kind": "after", "n": 1, "unit": "days"})
    held(place, 70, lasts=timedelta(days=2))
    night(place, time, "2026-01-12T01:00:00+00:00")
    replay(place, time)
    if swept:
        time.set("2026-01-13T12:01:00+00:00")
        holds_sweep()
    night(place, time, "2026-01-14T01:00:00+00:00")
    assert totals(place) == (0, 0, 0, 0)
    assert replay(place, time)["expired"] == 100


def test_what_returns_claimed_of_held_points_is_taken_when_they_come_back(brand, time):
    place = with_points(time)
    made = held(place, 100)
    time.set("2026-01-11T12:05:00+00:00")
    shop.send(shop.returned(place.member, "A", 60))
    replay(place, time)
    time.set("2026-01-11T12:10:00+00:00")
    points_release(hold=made, actor=shop.PARTNER)
    assert totals(place, "balance") == (40,)
    replay(place, time)


@pytest.mark.parametrize("restore", [{"kind": "lost"}, {"kind": "regrant", "days": 9}])
def test_points_that_were_spent_on_an_order_come_back_with_it(brand, time, restore):
    place = with_points(time, expiry={"kind": "after", "n": 20, "unit": "days"}, restore_policy=restore)
    points_capture(hold=held(place, 80, order_number="C"), actor=shop.PARTNER)
    time.set("2026-01-11T12:05:00+00:00")
    shop.send(shop.order(place.member, 50, "C"), shop.returned(place.member, "A", 30))
    time.set("2026-01-12T12:00:00+00:00")
    shop.send(shop.returned(place.member, "C", 25))
    replay(place, time)
    time.set("2026-02-01T12:00:00+00:00")
    shop.send(shop.returned(place.member, "C", 25))
    replay(place, time)
    night(place, time, "2026-02-20T01:00:00+00:00")
    assert replay(place, time)["spent"] == 0
