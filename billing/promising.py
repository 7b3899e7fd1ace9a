"""Money that was promised to who leaves: noted before Stripe is asked for anything, and paid back by the sweep where
the process ended, or Stripe was away, between the leaving and the refund."""

from __future__ import annotations

import logging
from datetime import timedelta

from billing.acting import note
from billing.errors import StripeKeyRefused, StripeUnavailable
from billing.models import BillingOperation, Invoice, Refund, Subscription, SubscriptionChange
from billing.refunding import invoice_refund, subject_of
from core import clock
from core.actor import Actor, system
from core.errors import DomainError

log = logging.getLogger(__name__)

KIND = "refund_promised"
ACTOR = system("billing")
# What ended later than this after the promise wasn't ended by it: the promise is void then.
WITHIN = timedelta(hours=1)
LOOKED_AT, AGAIN_AFTER = timedelta(days=30), timedelta(hours=1)


def refund_promise(*, subscription: Subscription, invoice: Invoice, why: str, actor: Actor) -> None:
    """Note that the invoice is paid back once the subscription has ended by what is done now."""
    at = clock.now().isoformat()
    note(subscription, KIND, actor, key=f"{invoice.pk}:{at}", invoice_id=str(invoice.public_id), why=why)


def promises_of(*, subscription: Subscription, actor: Actor) -> list[Refund]:
    """Pay back what was promised, where it ended by that and wasn't paid back yet. Not in a transaction.

    InvalidInput, NotPossibleNow, StripeRefused, StripeUnavailable.
    """
    rows = SubscriptionChange.objects.filter(subscription=subscription, kind=KIND).select_related("subscription")
    return [made for row in rows.order_by("pk") if (made := _kept(row, actor)) is not None]


def _kept(row: SubscriptionChange, actor: Actor) -> Refund | None:
    ended_at = row.subscription.ended_at
    if ended_at is None or row.at < ended_at - WITHIN:
        return None
    invoice = Invoice.objects.get(public_id=row.details["invoice_id"])
    if invoice.refunded_minor >= invoice.paid_minor:
        return None
    why = str(row.details["why"])
    return invoice_refund(invoice=invoice, amount_minor=None, reason=why, key=refund_key(why, invoice), actor=actor)


def refund_key(why: str, invoice: Invoice) -> str:
    """One refund for one leaving, whoever asks for it."""
    return f"{why}:{invoice.pk}"


def promises_keep() -> int:
    """The sweep's part. How many were paid back. Not in a transaction."""
    now, kept = clock.now(), 0
    rows = SubscriptionChange.objects.filter(kind=KIND, at__gt=now - LOOKED_AT).select_related("subscription")
    for row in rows.filter(subscription__ended_at__isnull=False).order_by("pk"):
        invoice = Invoice.objects.get(public_id=row.details["invoice_id"])
        if invoice.refunded_minor >= invoice.paid_minor or _tried(invoice, str(row.details["why"])):
            continue
        try:
            kept += _kept(row, ACTOR) is not None
        except (StripeUnavailable, StripeKeyRefused):
            break
        except DomainError as error:
            log.warning("the refund of invoice %s was refused: %s", invoice.pk, error.code)
    return kept


def _tried(invoice: Invoice, why: str) -> bool:
    """Refused a moment ago: it isn't asked for every few seconds."""
    found = BillingOperation.objects.filter(
        kind="refund", subject=subject_of(invoice, refund_key(why, invoice)), state=BillingOperation.State.FAILED,
        made_at__gt=clock.now() - AGAIN_AFTER,
    )  # fmt: skip
    return found.exists()
