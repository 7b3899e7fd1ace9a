"""Invoices and fees as rows, and what is told of them: `invoice.paid` once for each, however often it is read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from billing.models import Checkout, Invoice, PlanPrice, StripeConnection, Subscription
from billing.passes import fee_ends, fee_of, fee_void, paid_elsewhere, pass_follow, pass_more, pass_over
from billing.reading import ReadCharge, ReadCustomer, ReadInvoice
from billing.timeline import happened
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
    fees = _fees_follow(connection, member, read.charges)
    found = {row.pk: row for row in fees if row is not None}
    return [row for row in found.values() if row.duplicate and row.ended_at is None]


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
def _fees_follow(
    connection: StripeConnection, member: Member, charges: Iterable[ReadCharge]
) -> list[Subscription | None]:
    """What was paid for once, and what each payment of it stands for. A pass may have several."""
    paid = [each for each in charges if each.paid and str(each.metadata.get("price", "")).isdigit()]
    rows: dict[int, Subscription] = {}
    of: dict[int, list[ReadCharge]] = {}
    for charge in paid:
        row = _fee_paid(connection, member, charge)
        if row is not None:
            row = rows.setdefault(row.pk, row)
            of.setdefault(row.pk, []).append(charge)
    for pk, row in rows.items():
        _fee_follow(row, of[pk])
    return list(rows.values())


def _fee_paid(connection: StripeConnection, member: Member, charge: ReadCharge) -> Subscription | None:
    """A plan that was paid for once: a subscription row without a subscription at Stripe. None where it is no fee."""
    price = PlanPrice.objects.select_related("plan__program").filter(pk=int(charge.metadata["price"])).first()
    if price is None or price.plan.kind != "one_fee":
        return None
    known = Subscription.objects.select_related("plan__program", "member")
    row = known.filter(Q(stripe_id=charge.payment_intent) | Q(invoices__stripe_id=charge.payment_intent)).first()
    if row is None:
        row = pass_more(member, charge, price.plan) or _fee_row(connection, member, charge, price)
    invoice = _fee_invoice(connection, member, charge, row)
    if not row.duplicate:
        happened(row, "started", at=row.started_at, trial=False, billing=row.billing)
        paid_tell(invoice, row)
        if invoice.refunded_minor:
            refund_tell(invoice, row)
    return row


def _fee_follow(row: Subscription, charges: list[ReadCharge]) -> None:
    """It is over where none of its payments stands any more."""
    # One that was paid for later may have ended it.
    row.refresh_from_db()
    if all(fee_void(each) for each in charges) and row.ended_at is None and not paid_elsewhere(row, charges):
        row.billing, row.ended_at = Billing.CANCELED, clock.now()
        whole = any(each.refunded >= each.amount for each in charges)
        happened(row, "ended", because="refunded" if whole else "dispute_lost")
    row.disputed = Invoice.objects.filter(subscription=row, reason="fee", disputed=True).exists()
    row.synced_at = clock.now()
    row.save()
    pass_follow(row, charges)


def _fee_row(connection: StripeConnection, member: Member, charge: ReadCharge, price: PlanPrice) -> Subscription:
    there = Subscription.objects.filter(member=member, group=price.plan.group, ended_at__isnull=True, duplicate=False)
    there = there.exclude(billing__in=(*Subscription.OVER_STATES, Billing.INCOMPLETE))
    doubled = False
    for other in there.select_related("plan__program", "member"):
        if other.plan.kind == "free":
            gives_way(other, at=charge.created_at, to=price.plan.code)
        else:
            doubled |= not pass_over(other, charge.created_at)
    row = Subscription(
        member=member, connection=connection, stripe_id=charge.payment_intent, plan=price.plan, price=price,
        group=price.plan.group, billing=Billing.ACTIVE, started_at=charge.created_at, created_at=clock.now(),
        period_start=charge.created_at, charged_at=charge.created_at, duplicate=doubled,
        period_end=fee_ends(fee_of(price.plan), charge.created_at),
    )  # fmt: skip
    row.save()
    Checkout.objects.filter(member=member, price=price, subscription=None).update(subscription=row)
    return row


def gives_way(row: Subscription, *, at: datetime, to: str) -> None:
    """A free plan ends where one of its group is paid for. to: that one's code."""
    row.billing, row.ended_at, row.cancel_at = Billing.CANCELED, at, at
    row.save(update_fields=["billing", "ended_at", "cancel_at"])
    happened(row, "ended", key="replaced", at=at, by=to)


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
