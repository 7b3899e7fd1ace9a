"""An extra whose process ended between Stripe's line and our own: it is in the box or it isn't charged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.boxes import paying
from billing.boxes.paying import box_add, box_extra_remove
from billing.boxes.unfinished import extras_settle
from billing.errors import NotPossibleNow, StripeUnavailable
from billing.gateway import ask
from billing.models import BillingOperation
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.boxcast import PLANS, boxes, member, renewed
from tests.billing.cast import Club
from tests.loyalty import shop

MEMBER = shop.STAFF


class Ended(BaseException):
    """The process is gone."""


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=PLANS)
    brand.clock_shift = shift


def ended(club: Club, monkeypatch: pytest.MonkeyPatch, who: Any) -> None:
    """Asked for, made at Stripe, and never written here."""

    def gone(_name: str) -> None:
        raise Ended

    with monkeypatch.context() as here:
        here.setattr(paying, "failpoint", gone)
        with pytest.raises(Ended):
            box_add(shipment=boxes(who)[1], extra="mug", count=1, key="wish", actor=MEMBER)
    assert (boxes(who)[1].extras, len(club.things("invoiceitem"))) == ([], 1)


def test_an_extra_that_stripe_made_comes_into_its_box_by_itself(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = member(club)
    ended(club, monkeypatch, ann)
    # Who asked may still be on their way.
    assert extras_settle() == 0
    club.advance(days=0.02)
    assert [extras_settle(), extras_settle()] == [1, 0]
    [line] = boxes(ann)[1].extras
    assert (line["code"], line["amount_minor"], line["key"]) == ("mug", 7_95, "wish")
    box_add(shipment=boxes(ann)[1], extra="mug", count=1, key="wish", actor=MEMBER)
    renewed(club, club.subscription(ann))
    assert club.charged() == 2 * 19_95 + 7_95


def test_it_is_taken_off_the_invoice_where_the_box_is_closed(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = member(club)
    ended(club, monkeypatch, ann)
    club.at("2027-02-03T09:00")
    assert extras_settle() == 1
    assert (boxes(ann)[1].extras, club.things("invoiceitem")) == ([], [])
    renewed(club, club.subscription(ann))
    assert club.charged() == 2 * 19_95


def test_an_answer_that_never_came_is_undone_and_can_be_asked_for_again(club: Club) -> None:
    ann = member(club)
    club.control("faults", faults=[{"method": "POST", "path": "/v1/invoiceitems", "kind": "lost_reply", "times": 3}])
    with pytest.raises(StripeUnavailable):
        box_add(shipment=boxes(ann)[1], extra="mug", count=1, key="wish", actor=MEMBER)
    assert len(club.things("invoiceitem")) == 1
    club.advance(days=0.02)
    assert (extras_settle(), club.things("invoiceitem"), extras_settle()) == (1, [], 0)
    box_add(shipment=boxes(ann)[1], extra="mug", count=1, key="wish", actor=MEMBER)
    assert (len(boxes(ann)[1].extras), len(club.things("invoiceitem"))) == (1, 1)
    assert not BillingOperation.objects.filter(follow__isnull=False).exists()


# --- taking one out --------------------------------------------------------------------------------------------------
def added(club: Club) -> Any:
    who = member(club)
    box_add(shipment=boxes(who)[1], extra="mug", count=1, key="wish", actor=MEMBER)
    return who


def taken_out(who: Any) -> None:
    box = boxes(who)[1]
    box_extra_remove(shipment=box, item_id=box.extras[0]["item_id"], actor=MEMBER)


@pytest.mark.parametrize("told", [False, True])
def test_an_extra_whose_removal_broke_off_is_neither_in_the_box_nor_charged(
    club: Club, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    ann = added(club)

    def gone(*given: Any) -> Any:
        if told:
            ask(*given)
        raise Ended

    with monkeypatch.context() as here:
        here.setattr(paying, "ask", gone)
        with pytest.raises(Ended):
            taken_out(ann)
    assert (boxes(ann)[1].extras, len(club.things("invoiceitem"))) == ([], 0 if told else 1)
    # The form sent again doesn't bring it back before Stripe has heard.
    box_add(shipment=boxes(ann)[1], extra="mug", count=1, key="wish", actor=MEMBER)
    club.advance(days=0.02)
    assert [extras_settle(), extras_settle()] == [1, 0]
    assert (boxes(ann)[1].extras, club.things("invoiceitem")) == ([], [])
    renewed(club, club.subscription(ann))
    assert club.charged() == 2 * 19_95


def test_it_stays_out_of_a_box_that_was_closed_meanwhile_and_is_paid_back_where_it_was_charged(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = added(club)

    def gone(name: str) -> None:
        raise Ended(name)

    with monkeypatch.context() as here:
        here.setattr(paying, "failpoint", gone)
        with pytest.raises(Ended, match="box_extra_out"):
            taken_out(ann)
    renewed(club, club.subscription(ann))
    assert (boxes(ann)[1].state, boxes(ann)[1].extras, club.charged()) == ("locked", [], 2 * 19_95 + 7_95)
    assert [extras_settle(), extras_settle()] == [1, 0]
    assert (boxes(ann)[1].extras, club.charged()) == ([], 2 * 19_95)


def test_it_comes_off_the_invoice_later_where_stripe_is_away_and_back_into_the_box_where_stripe_refuses(
    club: Club,
) -> None:
    ann = added(club)
    refuses = {"method": "DELETE", "path": "/v1/invoiceitems/", "kind": "status", "status": 400}
    club.control("faults", faults=[refuses])
    with pytest.raises(NotPossibleNow, match="on an invoice"):
        taken_out(ann)
    assert [each["key"] for each in boxes(ann)[1].extras] == ["wish"]
    club.control("faults", faults=[{**refuses, "status": 503, "times": 10}])
    taken_out(ann)
    assert (boxes(ann)[1].extras, len(club.things("invoiceitem"))) == ([], 1)
    club.control("faults", faults=[])
    club.advance(days=0.02)
    assert (extras_settle(), club.things("invoiceitem")) == (1, [])
    assert not BillingOperation.objects.filter(follow__isnull=False).exists()
