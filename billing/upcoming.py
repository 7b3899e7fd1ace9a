"""The next invoice as Stripe would write it: with discounts, credit and tax, which Stripe alone knows."""

from __future__ import annotations

from msgspec import Struct

from billing.acting import account_of, reread
from billing.customers import customer_of
from billing.gateway import ask
from billing.metering import uses_wait
from billing.models import Subscription
from billing.selectors import next_charge


class Upcoming(Struct, frozen=True):
    """due_minor: what is charged. price_minor: what the plan costs, as our own rows have it."""

    due_minor: int
    price_minor: int
    currency: str


def next_invoice(subscription: Subscription) -> Upcoming | None:
    """None where nothing is charged next, or only after payments that are left out; and while Stripe hasn't heard of
    every use yet, so that it would say too little. Nothing is changed by asking.

    Not in a transaction. StripeUnavailable, StripeRefused, StripeKeyRefused.
    """
    row = reread(subscription)
    charge = next_charge(row)
    if charge is None or row.collection_paused or row.connection is None or uses_wait(row):
        return None
    customer = customer_of(account_of(row), row.member)
    if customer is None:
        return None
    # What follows by a schedule is the schedule's to tell: the subscription knows only what holds now.
    of = {"schedule": row.schedule_id} if row.schedule_id else {"subscription": str(row.stripe_id)}
    params = {"customer": customer, **of}
    told = ask(account_of(row), lambda v1: v1.invoices.create_preview(params))
    return Upcoming(int(told["amount_due"]), charge.amount_minor, charge.currency)
