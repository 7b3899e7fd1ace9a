"""The next invoice as Stripe would write it: with discounts, credit and tax, which Stripe alone knows; and what is
charged after payments that are left out, with the discounts that still hold by then."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import Struct

from billing.acting import account_of, reread
from billing.customers import customer_of
from billing.gateway import ask
from billing.metering import uses_wait
from billing.models import Subscription
from billing.renewing import renewal_at
from billing.selectors import charged_each_time, next_charge
from billing.times import at_known

Json = dict[str, Any]


class Upcoming(Struct, frozen=True):
    """due_minor: what is charged. price_minor: what the plan costs, as our own rows have it."""

    due_minor: int
    price_minor: int
    currency: str


class LeftOut(Struct, frozen=True):
    """Of a payment that is to be left out: what it would be, and what the one after it is. lapses: it takes a discount
    with it that holds for one payment."""

    due_minor: int
    then_minor: int
    currency: str
    lapses: bool


def next_invoice(subscription: Subscription) -> Upcoming | None:
    """None where nothing is charged next; where Stripe knows only of the plan before the one that follows; and while
    it hasn't heard of every use yet, so that it would say too little. Nothing is changed by asking.

    Not in a transaction. StripeUnavailable, StripeRefused, StripeKeyRefused.
    """
    row = reread(subscription)
    charge = next_charge(row)
    if charge is None or row.connection is None or row.kept_price is not None:
        return None
    if row.collection_paused:
        due, _lapses = _lasting(row, charge.amount_minor, charge.at)
        return Upcoming(due, charge.amount_minor, charge.currency)
    customer = customer_of(account_of(row), row.member)
    if customer is None or uses_wait(row):
        return None
    # What follows by a schedule is the schedule's to tell: the subscription knows only what holds now.
    of = {"schedule": row.schedule_id} if row.schedule_id else {"subscription": str(row.stripe_id)}
    params = {"customer": customer, **of}
    told = ask(account_of(row), lambda v1: v1.invoices.create_preview(params))
    return Upcoming(int(told["amount_due"]), charge.amount_minor, charge.currency)


def skip_foreseen(subscription: Subscription) -> LeftOut | None:
    """Where the next payment is left out, which also takes back a plan that was to follow. None, and raises, as
    next_invoice."""
    told, row = next_invoice(subscription), reread(subscription)
    if told is None or row.price is None:
        return None
    then, lapses = _lasting(row, charged_each_time(row, row.price), renewal_at(row, 1))
    return LeftOut(told.due_minor, then, told.currency, lapses and told.due_minor < then)


def resume_due(subscription: Subscription) -> int:
    """What going on charges now, where that begins a new period: with discounts, add-ons and credit, in minor units.
    Nothing is changed by asking. Raises as next_invoice."""
    row = reread(subscription)
    begins = (
        {"resume_at": "now"}
        if row.billing == Subscription.Billing.PAUSED
        else {"billing_cycle_anchor": "now", "proration_behavior": "none"}
    )
    params = {
        "customer": customer_of(account_of(row), row.member),
        "subscription": str(row.stripe_id),
        "subscription_details": begins,
    }
    return int(ask(account_of(row), lambda v1: v1.invoices.create_preview(params))["amount_due"])


def _lasting(row: Subscription, minor: int, at: datetime) -> tuple[int, bool]:
    """Less the discounts that hold then, and whether one doesn't any more: one for a single payment is used up by the
    first that is left out, whose invoice Stripe writes and voids."""
    named, lapses = str(row.stripe_id), False
    asked = {"expand": ["discounts.source.coupon"]}
    for each in ask(account_of(row), lambda v1: v1.subscriptions.retrieve(named, asked))["discounts"]:
        coupon = each["source"]["coupon"]
        if coupon["duration"] == "once":
            lapses = True
        elif each["end"] is None or at_known(each["end"]) > at:
            minor = _less(minor, coupon)
    return minor, lapses


def _less(minor: int, coupon: Json) -> int:
    if coupon["percent_off"] is None:
        return max(0, minor - int(coupon["amount_off"]))
    off = minor * Decimal(str(coupon["percent_off"])) / 100
    return minor - int(off.quantize(Decimal(1), ROUND_HALF_UP))
