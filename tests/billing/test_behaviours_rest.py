"""What the other files of behaviours leave: a payment that comes after leaving, a code that has run out, the judge of
requests and answers; and that each of the 32 has a test that is named after it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billing.errors import StripeRefused
from billing.gateway import ask
from billing.times import seconds_of
from core import clock
from sandbox.stripe.routing import ROUTES
from sandbox.stripe.server import LocalStripe
from sandbox.stripe.shapes import operations
from sandbox.stripe.specification import operation_of
from tenants.models import Brand
from tests.billing.cast import MONTHLY, Club
from tests.billing.test_behaviours_changes import bad_card
from tests.sandbox.stripe.specification import complaints, document

TESTS = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"^def test_behaviour_(\d+)_", re.MULTILINE)


def test_each_of_the_32_behaviours_has_a_test_named_after_it() -> None:
    found = {int(each) for file in TESTS.rglob("test_*.py") for each in NAMED.findall(file.read_text())}
    assert found == set(range(1, 33))


def test_behaviour_14_what_is_paid_after_the_dashboard_ended_it_brings_no_access(club: Club) -> None:
    """There the open invoice isn't voided, so its page can still be paid."""
    ann = club.somebody()
    row = club.joined(ann)
    bad_card(club, ann)
    club.advance(days=32)
    club.settle()
    ask(club.connection, lambda v1: v1.subscriptions.cancel(str(row.stripe_id)))
    club.settle()
    [owed] = [each for each in club.invoices(ann) if each.status != "paid"]
    customer = club.customer(ann)
    good = ask(club.connection, lambda v1: v1.payment_methods.attach("pm_card_visa", {"customer": customer}))["id"]
    ask(club.connection, lambda v1: v1.invoices.pay(owed.stripe_id, {"payment_method": good}))
    club.settle()
    owed.refresh_from_db()
    assert (owed.status, club.charged()) == ("paid", 2000)
    assert (club.state(ann), club.plan(ann)) == ("ended", None)


def test_behaviour_23_a_code_that_has_run_out_is_refused_and_the_page_can_still_be_paid(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any
) -> None:
    plan = {
        "code": "plus", "name": "Plus", "promotion_codes": True, "charge": {"kind": "recurring", "prices": [MONTHLY]}
    }  # fmt: skip
    shift = brand.clock_shift
    club = Club(stand_in, key, brand, client_for(brand), plans=[plan])
    ends = seconds_of(clock.now() + timedelta(days=2))
    coupon = ask(club.connection, lambda v1: v1.coupons.create({"percent_off": 20, "duration": "once"}))["id"]
    ask(
        club.connection,
        lambda v1: v1.promotion_codes.create(
            {"promotion": {"type": "coupon", "coupon": coupon}, "code": "SPRING", "expires_at": ends}
        ),
    )
    ann = club.somebody()
    club.advance(days=3)
    page = club.join(ann, "plus", "")
    assert club.press(page.url, code="SPRING").status == 402
    assert club.press(page.url).status == 303
    club.settle()
    assert club.charged() == 1000
    brand.clock_shift = shift


def test_behaviour_32_each_request_and_answer_is_judged_by_stripes_document(club: Club) -> None:
    """The judge sits in this folder's conftest, over every test; here it is seen to find something."""
    with pytest.raises(StripeRefused) as refused:
        ask(club.connection, lambda v1: v1.customers.create({"nonsense": "1"}))
    assert refused.value.context["stripe_code"] == "parameter_unknown"
    club.joined(club.somebody())
    [subscription] = club.things("subscription")
    answer = ask(club.connection, lambda v1: v1.subscriptions.retrieve(subscription["id"]))
    assert complaints(answer, "subscription") == []
    assert complaints({**answer, "status": "half"}, "subscription")
    assert complaints({name: value for name, value in answer.items() if name != "items"}, "subscription")
    unknown = [one.operation for one in ROUTES if operation_of(document(), one.method, one.path) is None]
    assert [each for each in unknown if each in operations()] == []
