"""Refunds, disputes, coupons, tiers, tax: figures worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from sandbox.stripe.coupons import _spread
from sandbox.stripe.periods import after_months, period_end
from sandbox.stripe.routing import ROUTES
from sandbox.stripe.specification import EXTRACT, ROOTS, extract, fetch, operation_of
from tests.sandbox.stripe.story import Story, at, day


def intent_of(story: Story, subscription: Any) -> str:
    payments = story.v1.invoice_payments.list({"invoice": subscription.latest_invoice.id}).data
    return str(payments[0].payment.payment_intent)


def test_a_refund_in_parts_never_gives_back_more_than_was_paid(story: Story) -> None:
    intent = intent_of(story, story.subscribe())
    story.v1.refunds.create({"payment_intent": intent, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        story.v1.refunds.create({"payment_intent": intent, "amount": 700})
    story.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        story.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    charge = story.v1.charges.list({"payment_intent": intent}).data[0]
    assert (charge.amount_refunded, charge.refunded) == (1000, True)


def test_a_dispute_is_opened_and_decided(story: Story) -> None:
    intent = intent_of(story, story.subscribe())
    charge = story.v1.charges.list({"payment_intent": intent}).data[0].id
    opened = story.control("dispute", charge=charge)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        story.v1.refunds.create({"charge": charge})
    story.control("dispute", dispute=opened["id"], won=False)
    assert story.v1.disputes.retrieve(opened["id"]).status == "lost"
    told = [one for one in story.happened() if "dispute" in one]
    assert told == ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]


def test_a_card_of_its_own_is_disputed_as_soon_as_it_has_paid(story: Story) -> None:
    subscription = story.subscribe(customer=story.new_customer("pm_card_createDispute"))
    charge = story.v1.charges.list({"customer": subscription.customer}).data[0]
    assert (subscription.status, charge.disputed) == ("active", True)
    assert story.v1.disputes.list({"charge": charge.id}).data[0].status == "needs_response"


def test_the_name_of_a_test_card_is_the_card_that_was_attached(story: Story) -> None:
    settings = {"default_payment_method": "pm_card_visa"}
    customer = story.v1.customers.create({"payment_method": "pm_card_visa", "invoice_settings": settings})
    kept = story.v1.payment_methods.retrieve(customer.invoice_settings.default_payment_method)
    assert (kept.customer, kept.card.last4) == (customer.id, "4242")


def test_an_amount_off_is_spread_to_the_cent() -> None:
    assert _spread(100, [333, 333, 334]) == [33, 33, 34]
    assert sum(_spread(1000, [999, 2])) == 1000
    assert _spread(5000, [300, 200]) == [300, 200]
    assert _spread(100, [0, 0]) == [0, 0]


def test_tiers_are_filled_one_after_the_other_or_all_priced_by_the_last(story: Story) -> None:
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    filled = story.price(0, unit_amount=None, billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    by_last = story.price(0, unit_amount=None, billing_scheme="tiered", tiers_mode="volume", tiers=tiers)
    bills = []
    for price in (filled, by_last):
        made: Any = story.subscribe(items=[{"price": price, "quantity": 15}])
        bills.append(made.latest_invoice.amount_paid)
    assert bills == [10 * 100 + 5 * 50, 15 * 50]


def test_tax_comes_on_top_or_is_inside_and_an_unknown_place_is_refused(story: Story) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        story.subscribe(automatic_tax={"enabled": True})
    assert refused.value.code == "customer_tax_location_invalid"
    story.v1.customers.update(story.customer, {"address": {"country": "NL"}})
    on_top = story.subscribe(story.price(1000, tax_behavior="exclusive"), automatic_tax={"enabled": True})
    inside = story.subscribe(story.price(1210, tax_behavior="inclusive"), automatic_tax={"enabled": True})
    assert on_top.latest_invoice.total == 1210
    assert (inside.latest_invoice.total, inside.latest_invoice.total_excluding_tax) == (1210, 1000)


def test_yen_have_no_cents(story: Story) -> None:
    subscription = story.subscribe(story.price(980, currency="jpy"))
    assert (subscription.currency, subscription.latest_invoice.amount_paid) == ("jpy", 980)


def test_a_change_gives_back_a_share_of_what_was_paid_not_of_the_price(story: Story) -> None:
    half = story.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    subscription = story.subscribe(discounts=[{"coupon": half}])
    assert subscription.latest_invoice.amount_paid == 500
    story.advance(days=14)
    changed = story.change(subscription, story.large, proration_behavior="always_invoice")
    # Half of 28 days left: 250 of the 500 that were paid come off 1,250; the coupon has had its one time.
    assert changed.latest_invoice.amount_paid == 1000


@pytest.mark.parametrize(
    ("anchor", "start", "interval", "count", "ends"),
    [
        ("2027-01-31 10:00", "2027-01-31 10:00", "month", 1, "2027-02-28 10:00"),
        ("2027-01-31 10:00", "2027-02-28 10:00", "month", 1, "2027-03-31 10:00"),
        ("2028-02-29 00:00", "2028-02-29 00:00", "year", 1, "2029-02-28 00:00"),
        ("2028-02-29 00:00", "2031-02-28 00:00", "year", 1, "2032-02-29 00:00"),
        ("2027-01-30 12:00", "2027-01-30 12:00", "month", 3, "2027-04-30 12:00"),
        ("2027-03-25 08:00", "2027-03-25 08:00", "week", 2, "2027-04-08 08:00"),
    ],
)
def test_a_period_ends_by_the_calendar_from_its_anchor(
    anchor: str, start: str, interval: str, count: int, ends: str
) -> None:
    assert day(period_end(at(anchor), at(start), interval, count)) == ends


def test_months_are_the_calendars() -> None:
    assert day(after_months(at("2027-10-31 09:30"), 4)) == "2028-02-29 09:30"


def test_the_extract_is_what_stripes_document_says() -> None:
    document = json.loads(fetch().read_text())
    made = extract(document, [(one.method, one.path) for one in ROUTES], ROOTS)
    assert json.loads(EXTRACT.read_text()) == json.loads(json.dumps(made))


def test_every_address_is_one_of_stripes() -> None:
    document = json.loads(fetch().read_text())
    assert [one.operation for one in ROUTES if operation_of(document, one.method, one.path) is None] == []
