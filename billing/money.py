"""Invoices and fees as rows, and what is told of them: `invoice.paid` once for each, however often it is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.models import Checkout, Invoice, PlanPrice, StripeConnection, Subscription
from billing.plans import definition_of
from billing.reading import ReadCharge, ReadCustomer, ReadInvoice
from billing.section import OneFee
from billing.timeline import happened
from billing.times import months_later
from core import clock
from members.models import Member

Status, Billing = Invoice.Status, Subscription.Billing
PAID = "invoice.paid"


def invoices_follow(connection: StripeConnection, member: Member, read: ReadCustomer) -> list[Subscription]:
    """In the caller's transaction, under the member's billing lock; after the subscriptions were written. Returns the
    fees that were paid beside a plan that the member has, and must be given back."""
    rows = {
        row.stripe_id: row
        for row in Subscription.objects.filter(member=member).select_related("plan__program", "member")
    }
    charges: dict[str, list[ReadCharge]] = {}
    for charge in read.charges:
        charges.setdefault(charge.payment_intent, []).append(charge)
    for each in read.invoices:
        of = [one for name in each.payment_intents for one in charges.get(name, ())]
        _invoice_follow(connection, member, each, rows.get(each.subscription), of)
    fees = [
        _fee_follow(connection, member, charge)
        for charge in read.charges
        if charge.paid and str(charge.metadata.get("price", "")).isdigit()
    ]
    return [row for row in fees if row is not None and row.duplicate and row.ended_at is None]


def _invoice_follow(
    connection: StripeConnection,
    member: Member,
    read: ReadInvoice,
    subscription: Subscription | None,
    charges: list[ReadCharge],
) -> None:
    refunded = min(read.paid, sum(each.refunded for each in charges))
    values: dict[str, Any] = {
        "subscription": subscription, "number": read.number, "status": read.status, "reason": read.reason,
        "currency": read.currency, "subtotal_minor": read.subtotal, "tax_minor": read.tax, "total_minor": read.total,
        "due_minor": read.due, "paid_minor": read.paid, "refunded_minor": refunded, "period_start": read.covers_from,
        "period_end": read.covers, "created_at": read.created_at, "finalized_at": read.finalized_at,
        "paid_at": read.paid_at, "next_attempt_at": read.next_attempt_at, "attempts": read.attempts,
        "hosted_url": read.hosted_url, "pdf_url": read.pdf_url, "lines": read.lines,
        "payment_intent": read.payment_intents[-1] if read.payment_intents else "",
        "disputed": any(each.dispute == "open" for each in charges),
    }  # fmt: skip
    row = _row_follow(connection, member, read.id, values)
    if subscription is None or subscription.duplicate:
        return
    if row.status == Status.PAID and row.paid_minor > 0:
        paid_tell(row, subscription)
    if row.status == Status.OPEN and row.attempts:
        happened(
            subscription, "payment_failed", key=f"{row.stripe_id}:{row.attempts}", topic="invoice.payment_failed",
            at=clock.now(), **invoice_told(row), attempts=row.attempts,
            next_attempt_at=row.next_attempt_at.isoformat() if row.next_attempt_at else None,
        )  # fmt: skip
    if row.refunded_minor:
        refund_tell(row, subscription)


def _row_follow(connection: StripeConnection, member: Member, name: str, values: dict[str, Any]) -> Invoice:
    row = Invoice.objects.filter(stripe_id=name).first()
    if row is None:
        return Invoice.objects.create(connection=connection, stripe_id=name, member=member, **values)
    changed = [key for key, value in values.items() if getattr(row, key) != value]
    for key in changed:
        setattr(row, key, values[key])
    if changed:
        row.save(update_fields=changed)
    return row


def paid_tell(row: Invoice, subscription: Subscription) -> None:
    """What earns. Its key is the invoice, so that it earns once whatever is read again."""
    happened(subscription, "paid", key=row.stripe_id, at=row.paid_at or row.created_at, topic=PAID, **invoice_told(row))


def refund_tell(row: Invoice, subscription: Subscription) -> None:
    happened(
        subscription, "refunded", key=f"{row.stripe_id}:{row.refunded_minor}", topic="invoice.refunded",
        **invoice_told(row), whole=row.refunded_minor == row.paid_minor,
    )  # fmt: skip


def invoice_told(row: Invoice) -> dict[str, Any]:
    """An invoice as others know it. net_minor: without tax."""
    return {
        "invoice_id": str(row.public_id),
        "invoice": {
            "number": row.number,
            "currency": row.currency,
            "total_minor": row.paid_minor,
            "net_minor": max(0, row.paid_minor - row.tax_minor),
            "tax_minor": row.tax_minor,
            "refunded_minor": row.refunded_minor,
            "reason": row.reason,
        },
    }


# --- fees that are paid once -----------------------------------------------------------------------------------------
def _fee_follow(connection: StripeConnection, member: Member, charge: ReadCharge) -> Subscription | None:
    """A plan that was paid for once: a subscription row without a subscription at Stripe. None where it is no fee."""
    price = PlanPrice.objects.select_related("plan__program").filter(pk=int(charge.metadata["price"])).first()
    if price is None or price.plan.kind != "one_fee":
        return None
    row = Subscription.objects.select_related("plan__program", "member").filter(stripe_id=charge.payment_intent).first()
    if row is None:
        row = _fee_row(connection, member, charge, price)
    whole = charge.refunded >= charge.amount
    if (whole or charge.dispute == "lost") and row.ended_at is None:
        row.billing, row.ended_at = Billing.CANCELED, clock.now()
        happened(row, "ended", because="refunded" if whole else "dispute_lost")
    row.disputed, row.synced_at = charge.dispute == "open", clock.now()
    row.save()
    invoice = _fee_invoice(connection, member, charge, row)
    if not row.duplicate:
        happened(row, "started", at=row.started_at, trial=False, billing=row.billing)
        paid_tell(invoice, row)
        if invoice.refunded_minor:
            refund_tell(invoice, row)
    return row


def _fee_row(connection: StripeConnection, member: Member, charge: ReadCharge, price: PlanPrice) -> Subscription:
    definition = definition_of(price.plan).charge
    assert isinstance(definition, OneFee)
    other = Subscription.objects.filter(member=member, group=price.plan.group, ended_at__isnull=True, duplicate=False)
    other = other.exclude(billing__in=(*Subscription.OVER_STATES, Billing.INCOMPLETE))
    for free in other.filter(plan__kind="free").select_related("plan__program", "member"):
        gives_way(free, at=charge.created_at, to=price.plan.code)
    row = Subscription(
        member=member, connection=connection, stripe_id=charge.payment_intent, plan=price.plan, price=price,
        group=price.plan.group, billing=Billing.ACTIVE, started_at=charge.created_at, created_at=clock.now(),
        period_start=charge.created_at, charged_at=charge.created_at, duplicate=other.exists(),
        period_end=fee_ends(definition, charge.created_at),
    )  # fmt: skip
    row.save()
    Checkout.objects.filter(member=member, price=price, subscription=None).update(subscription=row)
    return row


def gives_way(row: Subscription, *, at: datetime, to: str) -> None:
    """A free plan ends where one of its group is paid for. to: that one's code."""
    row.billing, row.ended_at, row.cancel_at = Billing.CANCELED, at, at
    row.save(update_fields=["billing", "ended_at", "cancel_at"])
    happened(row, "ended", key="replaced", at=at, by=to)


def fee_ends(fee: OneFee, paid_at: datetime) -> datetime | None:
    """Until when what was paid for holds: to the second, so many days or months later; None: for life."""
    if fee.valid_days is not None:
        return paid_at + timedelta(days=fee.valid_days)
    return months_later(paid_at, fee.valid_months) if fee.valid_months is not None else None


def _fee_invoice(connection: StripeConnection, member: Member, charge: ReadCharge, row: Subscription) -> Invoice:
    values: dict[str, Any] = {
        "subscription": row, "status": Status.PAID, "reason": "fee", "currency": charge.currency,
        "subtotal_minor": charge.amount, "total_minor": charge.amount, "due_minor": charge.amount,
        "paid_minor": charge.amount, "refunded_minor": min(charge.amount, charge.refunded),
        "created_at": charge.created_at, "finalized_at": charge.created_at, "paid_at": charge.created_at,
        "payment_intent": charge.payment_intent, "disputed": charge.dispute == "open",
        "hosted_url": charge.receipt_url,
    }  # fmt: skip
    return _row_follow(connection, member, charge.payment_intent, values)
