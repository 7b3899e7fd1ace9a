"""Reading a customer anew and following what was read; what must be undone at Stripe is undone after it."""

from __future__ import annotations

from contextlib import suppress

from billing.catalog import OWN
from billing.connections import key_refused
from billing.customers import customer_forget, customer_of
from billing.errors import StripeKeyRefused, StripeMissing, StripeRefused
from billing.locking import customer_alone
from billing.models import Invoice, StripeConnection, Subscription
from billing.operations import operation_run
from billing.projecting import Followed, customer_follow
from billing.reading import customer_read


def customer_sync(connection: StripeConnection, customer: str) -> Followed:
    """Bring our rows in line with what Stripe says of the customer now. Not in a transaction.

    StripeUnavailable, StripeKeyRefused (the team is told), Busy.
    """
    with customer_alone(f"{connection.pk}:{customer}"):
        try:
            read = customer_read(connection, customer)
        except StripeKeyRefused as error:
            key_refused(connection, str(error.detail))
            raise
        followed = customer_follow(connection, read)
        if read.gone:
            customer_forget(connection, customer)
    if followed.duplicates:
        for row in followed.duplicates:
            duplicate_undo(connection, row)
        followed = customer_sync_once(connection, customer, followed)
    return followed


def customer_sync_once(connection: StripeConnection, customer: str, before: Followed) -> Followed:
    """Once more, after what was doubled was undone."""
    with customer_alone(f"{connection.pk}:{customer}"):
        again = customer_follow(connection, customer_read(connection, customer))
    again.changed = [*before.changed, *again.changed]
    return again


def subscription_sync(row: Subscription) -> Subscription:
    """The same for the member of a subscription; the row as it is then."""
    if row.connection is not None:
        customer = customer_of(row.connection, row.member)
        if customer is not None:
            customer_sync(row.connection, customer)
    row.refresh_from_db()
    return row


def duplicate_undo(connection: StripeConnection, row: Subscription) -> None:
    """A second plan of a group, such as from two pages open at once: cancelled at once, and paid back whole."""
    named = str(row.stripe_id)
    if row.plan.kind == "recurring":
        with suppress(StripeMissing):
            operation_run(
                connection=connection, kind="duplicate_cancel", subject=named, actor=OWN,
                params={"prorate": False, "invoice_now": False},
                request=lambda v1, given, options: v1.subscriptions.cancel(named, given, options),
            )  # fmt: skip
    for invoice in Invoice.objects.filter(subscription=row, paid_minor__gt=0, refunded_minor=0):
        try:
            operation_run(
                connection=connection, kind="duplicate_refund", subject=invoice.stripe_id, actor=OWN,
                params={"payment_intent": invoice.payment_intent, "reason": "duplicate"},
                request=lambda v1, given, options: v1.refunds.create(given, options),
            )  # fmt: skip
        except StripeRefused as error:
            if error.context.get("stripe_code") != "charge_already_refunded":
                raise
    if row.plan.kind != "recurring":
        Subscription.objects.filter(pk=row.pk).update(billing=Subscription.Billing.CANCELED, ended_at=row.started_at)
