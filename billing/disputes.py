"""What a bank was asked to take back: as Stripe's events told it, since rows keep only whether one is open."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from billing.models import Invoice, StripeEvent
from billing.times import at_known

OPEN = frozenset({"needs_response", "under_review", "warning_needs_response", "warning_under_review"})


class Dispute(Struct, frozen=True, kw_only=True):
    """answer_by: until when Stripe takes proof; None where it is too late or not asked."""

    id: str
    amount_minor: int
    currency: str
    reason: str
    status: str
    opened_at: datetime
    answer_by: datetime | None

    @property
    def open(self) -> bool:
        return self.status in OPEN


def disputes_of(invoice: Invoice) -> list[Dispute]:
    """Each as its latest event has it, newest first."""
    if not invoice.payment_intent:
        return []
    # A dispute's events name no customer: those few are all that is looked through.
    events = StripeEvent.objects.filter(
        connection_id=invoice.connection_id, customer="", type__startswith="charge.dispute.",
        body__data__object__payment_intent=invoice.payment_intent,
    ).order_by("created_at", "pk")  # fmt: skip
    found = {str(each.body["data"]["object"]["id"]): _dispute(each.body["data"]["object"]) for each in events}
    return sorted(found.values(), key=lambda each: each.opened_at, reverse=True)


def _dispute(thing: dict[str, object]) -> Dispute:
    evidence = thing.get("evidence_details")
    due = evidence.get("due_by") if isinstance(evidence, dict) else None
    status = str(thing.get("status") or "")
    return Dispute(
        id=str(thing["id"]),
        amount_minor=int(str(thing.get("amount") or 0)),
        currency=str(thing.get("currency") or "").upper(),
        reason=str(thing.get("reason") or ""),
        status=status,
        opened_at=at_known(thing["created"]),
        answer_by=at_known(due) if due and status in OPEN else None,
    )
