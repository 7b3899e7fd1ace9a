"""Giving money back: always said explicitly. It is neither leaving nor a credit, and neither of those is this."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from billing.customers import customer_of
from billing.errors import NotPossibleNow
from billing.gateway import ask
from billing.models import BillingOperation, Invoice, Refund
from billing.operations import operation_run
from billing.syncing import customer_sync
from billing.times import at_known
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput


def invoice_refund(*, invoice: Invoice, amount_minor: int | None, reason: str, key: str, actor: Actor) -> Refund:
    """Pay back this much of what was paid; None: all that is left. key: the wish's own: the same wish again gives the
    same refund. Not in a transaction. InvalidInput, NotPossibleNow, StripeRefused, StripeUnavailable."""
    again = _earlier(invoice, key, reason, actor)
    if again is not None:
        return again
    invoice = Invoice.objects.select_related("connection", "member", "subscription").get(pk=invoice.pk)
    left = invoice.paid_minor - invoice.refunded_minor
    if invoice.status != Invoice.Status.PAID or left <= 0 or not invoice.payment_intent:
        raise NotPossibleNow(_("Nothing is left to be paid back."))
    amount = left if amount_minor is None else amount_minor
    if not 0 < amount <= left:
        raise InvalidInput(_("At most what is left of it can be paid back."), field="amount_minor", left_minor=left)
    if not reason.strip() or len(reason) > 200:
        raise InvalidInput(_("Say why, in 200 characters at most."), field="reason")
    params = {
        "payment_intent": invoice.payment_intent,
        "amount": amount,
        "reason": "requested_by_customer",
        "metadata": {"key": key, "invoice": str(invoice.public_id)},
    }
    made = operation_run(
        connection=invoice.connection, kind="refund", subject=subject_of(invoice, key), params=params, actor=actor,
        request=lambda v1, given, options: v1.refunds.create(given, options),
    )  # fmt: skip
    row = _kept(invoice, made, reason.strip(), actor)
    customer = customer_of(invoice.connection, invoice.member)
    if customer is not None:
        customer_sync(invoice.connection, customer)
    return row


def subject_of(invoice: Invoice, key: str) -> str:
    """What the wish's operations are of."""
    return f"{invoice.pk}:{key}"[:80]


def _earlier(invoice: Invoice, key: str, reason: str, actor: Actor) -> Refund | None:
    done = BillingOperation.objects.filter(
        connection_id=invoice.connection_id, kind="refund", subject=subject_of(invoice, key),
        state=BillingOperation.State.DONE,
    )  # fmt: skip
    made = done.first()
    if made is None:
        return None
    row = Refund.objects.filter(stripe_id=made.stripe_id).first()
    if row is not None:
        return row
    # The process ended between Stripe's answer and our row: asked for anew it would be paid back twice.
    told = ask(invoice.connection, lambda v1: v1.refunds.retrieve(made.stripe_id))
    return _kept(invoice, told, reason.strip(), actor)


def _kept(invoice: Invoice, made: dict[str, object], reason: str, actor: Actor) -> Refund:
    with transaction.atomic():
        row, new = Refund.objects.get_or_create(
            stripe_id=str(made["id"]),
            defaults={
                "invoice": invoice, "amount_minor": int(str(made["amount"])), "currency": invoice.currency,
                "status": str(made["status"]), "reason": reason, "actor": actor.name[:120],
                "created_at": at_known(made["created"]),
            },
        )  # fmt: skip
        if new and actor.initiated_by == "staff":
            audit_record(
                actor=actor.name, action="invoice.refund", object_type="invoice", object_id=str(invoice.public_id),
                changes={"amount_minor": row.amount_minor, "currency": row.currency, "reason": row.reason},
            )  # fmt: skip
    return row
