"""What a bank was asked to take back, as rows: read with the customer, so that a lost event changes nothing."""

from __future__ import annotations

from billing.models import Dispute, Invoice, StripeConnection
from billing.reading import ReadCustomer
from members.models import Member


def disputes_follow(connection: StripeConnection, member: Member, read: ReadCustomer) -> None:
    """In the caller's transaction, under the member's billing lock; after the invoices were written."""
    for charge in read.charges:
        for each in charge.disputes:
            paid = Invoice.objects.filter(connection=connection, payment_intent=charge.payment_intent)
            Dispute.objects.update_or_create(
                connection=connection,
                stripe_id=each.id,
                defaults={
                    "member": member,
                    "invoice": paid.first() if charge.payment_intent else None,
                    "amount_minor": each.amount,
                    "currency": each.currency,
                    "reason": each.reason,
                    "status": each.status,
                    "opened_at": each.opened_at,
                    "answer_by": each.answer_by if each.status in Dispute.OPEN_STATES else None,
                },
            )


def disputes_of(invoice: Invoice) -> list[Dispute]:
    """Newest first."""
    return list(invoice.disputes.all())
