"""What waits to be credited on the next invoice of a subscription that has ended, or was put on the customer's balance
by one of its own: no invoice is to come, so it is paid back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from billing.acting import account_of
from billing.customers import customer_of
from billing.errors import NotPossibleNow, StripeMissing, StripeRefused
from billing.gateway import ask, ask_all
from billing.lastbalances import balance_lower, balance_owed
from billing.models import BillingOperation, Invoice, Subscription, SubscriptionChange
from billing.refunding import invoice_refund
from billing.sweeping import one_by_one
from billing.timeline import happened
from core import clock
from core.actor import system
from core.errors import InvalidInput

Json = dict[str, Any]
ACTOR = system("billing")
KIND = "credit_settled"
# Extras of boxes that aren't sent are taken off first, and a last invoice, a draft for an hour, uses what it may. What
# ended longer ago was seen to then.
AFTER, LATELY = timedelta(hours=2), timedelta(days=7)
AT_ONCE = 200


def credits_settle() -> int:
    """The sweep's part: each subscription once, a while after it has ended. How many were looked at."""
    now = clock.now()
    seen = SubscriptionChange.objects.filter(subscription=OuterRef("pk"), kind=KIND)
    rows = Subscription.objects.filter(
        ~Exists(seen), plan__kind="recurring", duplicate=False, connection__isnull=False, ended_at__lte=now - AFTER,
        ended_at__gt=now - LATELY,
    )  # fmt: skip
    rows = rows.select_related("plan__program", "member", "connection").order_by("pk")
    return one_by_one(rows[:AT_ONCE], _settled, "the last credit of subscription")


def _settled(row: Subscription) -> None:
    waiting = _waiting(row)
    amount = -sum(int(each["amount"]) for each in waiting)
    paid_back = _paid_back(row, amount, f"credit:{row.pk}")
    if paid_back:
        for each in waiting:
            _taken_off(row, str(each["id"]))
    owed = balance_owed(row)
    off_balance = _paid_back(row, owed, f"balance:{row.pk}")
    # Who had all of it back by leaving, as within the withdrawal, doesn't have it once more.
    if lower := off_balance or (0 if _left_of(row) else owed):
        balance_lower(row, lower, ACTOR)
    with transaction.atomic():
        currency = row.price.currency if row.price else ""
        happened(row, KIND, topic="", amount_minor=paid_back + off_balance, currency=currency)


def _waiting(row: Subscription) -> list[Json]:
    """Of a change, or of a use that was taken back: what the brand gives by hand isn't money that was paid."""
    customer = customer_of(account_of(row), row.member)
    if customer is None:
        return []
    asked = {"customer": customer, "pending": True}
    found = ask_all(account_of(row), lambda v1, page: v1.invoice_items.list({**page, **asked}))
    return [
        each
        for each in found
        if _subscription_of(each) == row.stripe_id and (each["proration"] or "use" in (each.get("metadata") or {}))
    ]


def _subscription_of(item: Json) -> str | None:
    return ((item.get("parent") or {}).get("subscription_details") or {}).get("subscription")


def _paid_back(row: Subscription, amount: int, key: str) -> int:
    """How much was: off the last payment that has so much left, or else whatever it has; once, whoever asks again."""
    done = BillingOperation.objects.filter(
        kind="refund", subject__endswith=f":{key}", state=BillingOperation.State.DONE
    ).first()
    if done is not None:
        return int(ask(account_of(row), lambda v1: v1.refunds.retrieve(done.stripe_id))["amount"])
    if amount <= 0:
        return 0
    rows = _left_of(row)
    if not rows:
        return 0
    whole = [each for each in rows if each.paid_minor - each.refunded_minor >= amount]
    invoice = whole[0] if whole else max(rows, key=lambda each: each.paid_minor - each.refunded_minor)
    part = min(amount, invoice.paid_minor - invoice.refunded_minor)
    try:
        invoice_refund(
            invoice=invoice, amount_minor=part, reason="credit with no invoice to come", key=key, actor=ACTOR
        )
    except (InvalidInput, NotPossibleNow, StripeRefused):
        return 0
    return part


def _left_of(row: Subscription) -> list[Invoice]:
    """Its payments of which something wasn't paid back."""
    paid = Invoice.objects.filter(subscription=row, status=Invoice.Status.PAID, paid_minor__gt=F("refunded_minor"))
    return list(paid)


def _taken_off(row: Subscription, item: str) -> None:
    try:
        ask(account_of(row), lambda v1: v1.invoice_items.delete(item))
    except (StripeMissing, StripeRefused):
        # On an invoice meanwhile, or gone.
        return
