"""A change of plan and what is counted: nothing that was used goes unpaid, and the new plan counts by its own terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.changing import Preview, subscription_change, subscription_preview
from billing.errors import StripeUnavailable
from billing.leaving import subscription_cancel
from billing.metering import usage_cap_set, usage_of
from billing.models import MeteredUse, Subscription
from billing.plans import plan_named
from billing.savings import uses_saved
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import MONTHLY, Club
from tests.billing.test_metering import METER, PLUS, renew, uses
from tests.conftest import ClientFor
from tests.loyalty import shop

Json = dict[str, Any]
MAX: Json = {
    "code": "max", "name": "Max", "level": 2,
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 2500}]},
}  # fmt: skip
LEAN: Json = {
    "code": "lean", "name": "Lean", "level": 0,
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 700}]},
}  # fmt: skip
MORE: Json = {
    "code": "deliveries_max", "name": "Deliveries with Max",
    "charge": {
        "kind": "metered", "benefit": "delivery", "included": 4, "to": ["max"],
        "prices": [{**MONTHLY, "amount_minor": 100}],
    },
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, MAX, LEAN, METER, MORE])
    brand.clock_shift = shift


def changed(row: Subscription, plan: str) -> Preview:
    shown = subscription_preview(subscription=row, plan=plan_named(plan))
    subscription_change(
        subscription=row, plan=plan_named(plan), shown_at=shown.shown_at, due_minor=shown.due_minor, actor=shop.STAFF
    )
    return shown


def test_an_upgrade_bills_what_was_used_and_counts_on_by_the_new_plans_terms(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    assert row.period_start is not None
    assert row.period_end is not None
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=5000, actor=shop.PARTNER)
    club.advance(to=row.period_start + (row.period_end - row.period_start) / 2)
    # Nothing of it was told to Stripe yet: the amount waits for that.
    uses(ann, "a", units=5)
    club.advance(days=0.01)
    shown = changed(row, "max")
    # Half of the dearer plan less half of what was paid, to the second, and three uses beyond what is included.
    assert shown.due_minor - 450 in (749, 750)
    assert club.charged() == 1000 + shown.due_minor
    row = club.subscription(ann)
    [told] = usage_of(row)
    assert (told.item.plan.code, told.used, told.included, told.due_minor) == ("deliveries_max", 0, 4, 0)
    assert told.cap_minor == 5000
    club.advance(days=1)
    uses(ann, "b", units=6)
    club.work()
    before = club.charged()
    renew(club, ann)
    assert club.charged() - before == 2500 + 200


def test_less_from_the_next_period_on_bills_what_was_used_until_then(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.advance(days=1)
    assert changed(row, "lean").due_minor == 0
    uses(ann, "a", units=4)
    club.work()
    row = renew(club, ann)
    assert (row.plan.code, usage_of(row)) == ("lean", [])
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 700 + 300]
    renew(club, ann)
    assert club.charged() == 1000 + 1000 + 700


def test_no_amount_is_shown_while_a_use_cannot_be_told(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.advance(days=1)
    uses(ann, "a", units=5)
    club.control(
        "faults", faults=[{"method": "POST", "path": "/v1/billing/meter_events", "kind": "status", "status": 503,
                           "times": 9}]
    )  # fmt: skip
    with pytest.raises(StripeUnavailable):
        subscription_preview(subscription=row, plan=plan_named("max"))
    assert (club.charged(), MeteredUse.objects.get().state) == (1000, "waiting")


def test_an_upgrade_shows_what_the_same_uses_would_have_been_and_nothing_where_there_is_nothing(
    club: Club, client_for: ClientFor
) -> None:
    anna = Visitor(club, client_for)
    anna.joins("plus", price="month-EUR")
    club.settle()
    address = f"{anna.base()}/change/max/month-EUR/"
    assert "you paid" not in anna.open(address)
    for number in (7, 1, 3):
        club.advance(days=1)
        uses(anna.member, f"u{number}", units=number)
        club.work()
        renew(club, anna.member)
    # 7 and 3 uses at 1.50 after two; with the other plan 3 at 1.00 after four.
    shown = anna.open(address)
    assert "In 2 periods of the last year you paid €9 for uses beyond what’s included." in shown
    assert "With this plan it would have been €3." in shown
    # A plan that doesn't give them isn't said to save them.
    row = club.subscription(anna.member)
    lean = plan_named("lean").prices.get()
    assert uses_saved(row, lean) is None


def test_who_leaves_with_the_period_pays_what_they_used_in_it(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.advance(days=1)
    subscription_cancel(subscription=row, actor=shop.STAFF)
    uses(ann, "a", units=4)
    club.work()
    row = renew(club, ann)
    assert (club.state(ann), club.charged()) == ("ended", 1000 + 300)
