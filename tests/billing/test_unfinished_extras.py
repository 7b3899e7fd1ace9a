"""An extra whose process ended between Stripe's line and our own: it is in the box or it isn't charged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.boxes import paying
from billing.boxes.paying import box_add
from billing.boxes.unfinished import extras_settle
from billing.errors import StripeUnavailable
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
