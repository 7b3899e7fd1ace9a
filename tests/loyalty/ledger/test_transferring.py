"""Points given to another member: both sides sum to nothing, and nothing lives longer for it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import DomainError, IdempotencyKeyReused, InvalidInput
from loyalty.errors import InsufficientPoints, MemberSuspended, TransferLimit, TransferNotAllowed
from loyalty.models import PointsEntry, PointsTransfer
from loyalty.transferring import points_transfer
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document, lots, totals

RULES = {"allowed": True, "at_least": 5, "per_day": 50, "per_month": 80}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-03-02T12:00:00+00:00")


@pytest.fixture
def pair(brand: Any, time: Time) -> tuple[Any, Any]:
    program = shop.program(document(transfer=RULES))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    shop.send(shop.order(anna.member, 30, "A", days_ago=30), shop.order(anna.member, 70, "B"))
    return anna, bram


def give(sender: Any, recipient: Any, points: int, key: str = "t", **more: Any) -> PointsTransfer:
    return points_transfer(
        sender=sender, recipient=recipient, currency="points", points=points, actor=shop.PARTNER, key=key, **more
    )


def test_each_lot_arrives_with_the_dates_that_it_had(pair):
    anna, bram = pair
    made = give(anna, bram, 40)
    assert (totals(anna, "balance"), totals(bram, "balance")) == ((60,), (40,))
    assert [(lot.granted, lot.expires_at) for lot in lots(bram)] == [
        (30, lots(anna)[0].expires_at),
        (10, lots(anna)[1].expires_at),
    ]
    lines = PointsEntry.objects.filter(transfer=made).order_by("pk")
    assert [(each.account.enrollment_id, each.points, each.balance_after) for each in lines] == [
        (anna.pk, -40, 60),
        (bram.pk, 30, 30),
        (bram.pk, 10, 40),
    ]
    assert totals(bram, "issued", "spent", "reversed") == (0, 0, 0)


def test_a_transfer_happens_once_per_key(pair):
    anna, bram = pair
    assert give(anna, bram, 40).pk == give(anna, bram, 40).pk
    with pytest.raises(IdempotencyKeyReused):
        give(anna, bram, 41)
    assert totals(anna, "balance") == (60,)


def test_a_day_and_a_month_have_their_most_in_the_programs_own_time(pair, time):
    anna, bram = pair
    give(anna, bram, 50)
    with pytest.raises(TransferLimit) as refused:
        give(anna, bram, 5, "more")
    assert refused.value.context == {"left": 0, "period": "day"}
    time.set("2026-03-02T23:00:00+00:00")  # midnight in Amsterdam
    give(anna, bram, 30, "tomorrow")
    with pytest.raises(TransferLimit) as refused:
        give(anna, bram, 5, "more")
    assert refused.value.context == {"left": 0, "period": "month"}
    time.set("2026-03-31T22:00:00+00:00")
    give(anna, bram, 5, "next month")


def test_a_debt_of_the_recipient_is_paid_first(brand, time):
    program = shop.program(document(transfer=RULES, refund_policy="into_debt"))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    shop.send(shop.order(anna.member, 100, "A"), shop.order(bram.member, 20, "B"))
    give(bram, anna, 20)
    shop.send(shop.returned(bram.member, "B", 20))
    assert totals(bram) == (0, 0, 0, 20)
    give(anna, bram, 25)
    assert totals(bram) == (5, 0, 0, 0)


def test_a_return_takes_what_was_given_away_from_the_giver_alone(pair):
    anna, bram = pair
    give(anna, bram, 30)
    shop.send(shop.returned(anna.member, "A", 30))
    assert (totals(anna, "balance"), totals(bram, "balance")) == ((40,), (30,))


def test_it_is_off_unless_the_program_says_so(brand, time):
    program = shop.program()
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    shop.send(shop.order(anna.member, 30, "A"))
    with pytest.raises(TransferNotAllowed):
        give(anna, bram, 10)


def test_what_cant_be_given_is_refused_and_changes_nothing(pair):
    anna, bram = pair
    second = shop.program(document(transfer=RULES), slug="second")
    elsewhere = shop.place(bram.member, second)
    for recipient, points, error in (
        (bram, 4, InvalidInput),
        (bram, 0, InvalidInput),
        (bram, -10, InvalidInput),
        (anna, 10, InvalidInput),
        (elsewhere, 10, InvalidInput),
        (bram, 10**15, DomainError),
    ):
        with pytest.raises(error):
            give(anna, recipient, points, f"k{points}")
    bram.member.status = "suspended"
    bram.member.save()
    with pytest.raises(MemberSuspended):
        give(anna, bram, 10, "suspended")
    assert not PointsTransfer.objects.exists()
    assert totals(anna, "balance") == (100,)


def test_no_more_is_given_than_there_is(brand, time):
    program = shop.program(document(transfer={"allowed": True}))
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    shop.send(shop.order(anna.member, 30, "A"))
    with pytest.raises(InsufficientPoints):
        give(anna, bram, 31)
