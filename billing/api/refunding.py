"""Paying back what a member paid for a subscription: always said explicitly, with a scope of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.shapes import TAG
from billing.errors import InvoiceNotFound
from billing.models import Invoice, Refund, Subscription
from billing.refunding import invoice_refund
from billing.selectors import invoices_of, subscription_named
from core.api.schema import describe
from core.api.shapes import Body
from core.idempotency import Reply


class InvoiceRefund(Body):
    """amount_minor null: all that is left of it."""

    invoice: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    amount_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None


class InvoiceRefundOut(Struct):
    """status: the payment service's word, such as succeeded or pending. left_minor: what could still be paid back."""

    id: str
    subscription: UUID
    invoice: UUID
    amount_minor: int
    currency: str
    status: str
    reason: str
    created_at: datetime
    left_minor: int


class SubscriptionRefundsView(ActionView):
    scopes = {"POST": "memberships:refund"}

    @describe(
        summary="Pay back an invoice",
        tag=TAG,
        body=InvoiceRefund,
        answers={201: InvoiceRefundOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": examples.REFUND_IN, "201": examples.REFUND},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Whole or in part. It doesn't end the subscription, and ending one pays nothing back.

        A whole refund takes back what the payment earned. 409 when nothing is left to be paid back.
        """
        body, actor, key = self.read_body(InvoiceRefund), self.principal.actor, self.key_needed()

        def run() -> Reply:
            invoice = invoice_named(subscription_named(subscription), body.invoice)
            made = invoice_refund(
                invoice=invoice, amount_minor=body.amount_minor, reason=body.reason, key=key, actor=actor
            )
            return 201, refund_out(made, subscription)

        return self.done_once(run, location=f"/api/v1/subscriptions/{subscription}")


def invoice_named(row: Subscription, invoice: UUID) -> Invoice:
    """One of the subscription's. Another's isn't there either; it is the body that is wrong."""
    found = invoices_of(row.member).filter(subscription=row, public_id=invoice).first()
    if found is None:
        raise InvoiceNotFound(field="invoice", status=422)
    return found


def refund_out(row: Refund, subscription: UUID) -> InvoiceRefundOut:
    invoice = Invoice.objects.get(pk=row.invoice_id)
    return InvoiceRefundOut(
        id=row.stripe_id, subscription=subscription, invoice=invoice.public_id, amount_minor=row.amount_minor,
        currency=row.currency, status=row.status, reason=row.reason, created_at=row.created_at,
        left_minor=invoice.paid_minor - invoice.refunded_minor,
    )  # fmt: skip
