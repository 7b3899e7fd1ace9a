"""Above the limit it takes two: who asks and somebody else who agrees."""

from __future__ import annotations

from typing import Any

import pytest

from core.actor import Actor
from core.errors import IdempotencyKeyReused, InvalidInput
from core.tables import AuditEntry
from loyalty.adjusting import adjustment_approve, adjustment_make, adjustment_refuse, adjustments_expire
from loyalty.errors import AdjustmentClosed, InsufficientPoints, SecondPersonNeeded
from loyalty.models import PointsAdjustment, PointsEntry
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document, totals

ANNE, BOB = Actor("staff", "user:1", "admin"), Actor("staff", "user:2", "admin")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-03-02T12:00:00+00:00")


@pytest.fixture
def place(brand: Any, time: Time) -> Any:
    return shop.place(shop.member("Anna"), shop.program(document(adjustment_limit=100)))


def ask(place: Any, points: int, key: str = "k", actor: Actor = ANNE, **more: Any) -> PointsAdjustment:
    return adjustment_make(
        enrollment=place, currency="points", points=points, reason="Sorry", actor=actor, key=key, **more
    )


def test_up_to_the_limit_it_is_booked_at_once_with_its_kind_of_reason(place):
    made = ask(place, 100, reason_code="goodwill")
    assert made.entry is not None
    assert (made.state, made.entry.points, made.reason_code) == ("approved", 100, "goodwill")
    assert totals(place, "balance") == (100,)


def test_above_the_limit_it_waits_and_books_nothing(place):
    made = ask(place, 101)
    assert (made.state, made.entry) == ("requested", None)
    assert not PointsEntry.objects.exists()


def test_another_person_approves_and_the_line_is_under_the_name_of_who_asked(place):
    done = adjustment_approve(adjustment=ask(place, 500), actor=BOB, note="fine")
    assert done.entry is not None
    assert (done.state, done.decided_by, done.entry.actor) == ("approved", "user:2", "user:1")
    assert totals(place, "balance") == (500,)
    assert AuditEntry.objects.filter(action="points.adjustment_approved", actor="user:2").count() == 1


def test_nobody_approves_their_own(place):
    made = ask(place, 500)
    with pytest.raises(SecondPersonNeeded):
        adjustment_approve(adjustment=made, actor=ANNE)
    assert totals(place, "balance") == (0,)


def test_it_is_decided_once(place):
    made = ask(place, 500)
    adjustment_approve(adjustment=made, actor=BOB)
    with pytest.raises(AdjustmentClosed):
        adjustment_approve(adjustment=made, actor=BOB)
    with pytest.raises(AdjustmentClosed):
        adjustment_refuse(adjustment=made, actor=BOB, note="no")
    assert totals(place, "balance") == (500,)


def test_a_refusal_needs_a_reason_and_books_nothing(place):
    made = ask(place, 500)
    with pytest.raises(InvalidInput):
        adjustment_refuse(adjustment=made, actor=BOB, note="  ")
    assert adjustment_refuse(adjustment=made, actor=BOB, note="not ours").state == "refused"
    assert not PointsEntry.objects.exists()


def test_small_ones_of_one_person_count_together_for_a_day(place, time):
    ask(place, 60, "a")
    assert ask(place, 60, "b").state == "requested"
    assert ask(place, -60, "c").state == "requested"
    assert ask(place, 60, "d", actor=BOB).state == "approved"
    time.set("2026-03-03T12:00:01+00:00")
    assert ask(place, 60, "e").state == "approved"


def test_what_nobody_looks_at_in_time_is_off(place, time):
    made = ask(place, 500)
    time.set("2026-03-09T12:00:00+00:00")
    with pytest.raises(AdjustmentClosed):
        adjustment_approve(adjustment=made, actor=BOB)
    assert (adjustments_expire(), adjustments_expire()) == (1, 0)
    made.refresh_from_db()
    assert made.state == "expired"


def test_what_isnt_there_any_more_cant_be_taken_at_approval_and_it_stays_open(place):
    adjustment_approve(adjustment=ask(place, 500, "a"), actor=BOB)
    made = ask(place, -450, "b")
    ask(place, -90, "c", actor=BOB)
    with pytest.raises(InsufficientPoints):
        adjustment_approve(adjustment=made, actor=BOB)
    made.refresh_from_db()
    assert made.state == "requested"


def test_what_isnt_there_is_refused_at_once_and_doesnt_wait_for_anybody(place):
    ask(place, 90, "a")
    with pytest.raises(InsufficientPoints):
        ask(place, -150, "b")
    assert (PointsAdjustment.objects.count(), totals(place, "balance")) == (1, (90,))


def test_the_same_key_is_the_same_adjustment(place):
    assert ask(place, 500).pk == ask(place, 500).pk
    with pytest.raises(IdempotencyKeyReused):
        ask(place, 501)
    assert PointsAdjustment.objects.count() == 1


def test_an_unknown_kind_of_reason_is_refused(place):
    with pytest.raises(InvalidInput):
        ask(place, 5, reason_code="because")
