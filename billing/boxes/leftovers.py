"""Extras of boxes that aren't sent, since their member leaves or goes to a plan without boxes.

Stripe would charge what waits for the next invoice, so it is taken off there, and out of the box; what was charged
before its box is paid back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from billing.acting import account_of
from billing.boxes.charged import extra_paid_on
from billing.boxes.choosing import box_reread
from billing.boxes.planning import member_locked
from billing.errors import NotPossibleNow, StripeKeyRefused, StripeMissing, StripeRefused, StripeUnavailable
from billing.gateway import ask
from billing.models import Invoice, Shipment
from billing.refunding import invoice_refund
from core import clock
from core.actor import system
from core.errors import InvalidInput

State, Why = Shipment.State, Shipment.Why
ACTOR = system("billing")
# A box that was stopped longer ago was seen to then.
LATELY = timedelta(days=7)
AT_ONCE = 200
# Beside an extra that stands on an invoice already, which is Stripe's to collect or to void.
BILLED = "billed"


def extras_drop() -> int:
    """The sweep's part. How many boxes had something taken out. Not in a transaction."""
    rows = Shipment.objects.filter(
        state=State.CANCELED, why__in=(Why.LEFT, Why.MOVED), paid_at__isnull=True, changed_at__gt=clock.now() - LATELY
    ).exclude(extras=[])
    found = rows.select_related("subscription__member", "subscription__connection").order_by("pk")[:AT_ONCE]
    done = 0
    for box in found:
        try:
            done += _dropped(box)
        except (StripeUnavailable, StripeKeyRefused):
            break
    return done


def _dropped(box: Shipment) -> bool:
    waiting = [each["item_id"] for each in box.extras if not each.get(BILLED)]
    gone = {each["item_id"] for each in box.extras if each["item_id"] in waiting and extra_taken_off(box, each)}
    if not waiting:
        return False
    with transaction.atomic():
        member_locked(box.subscription.member)
        fresh = box_reread(box)
        fresh.extras = [_kept(each, waiting) for each in fresh.extras if each["item_id"] not in gone]
        fresh.save(update_fields=["extras"])
    return bool(gone)


def extra_taken_off(box: Shipment, extra: dict[str, Any]) -> bool:
    """Whether it isn't charged any more."""
    row, item = box.subscription, str(extra["item_id"])
    try:
        ask(account_of(row), lambda v1: v1.invoice_items.delete(item))
    except StripeMissing:
        return True
    except StripeRefused:
        invoice = extra_paid_on(row, item)
        return invoice is not None and _paid_back(invoice, item, int(extra["amount_minor"]))
    return True


def _paid_back(invoice: Invoice, item: str, amount: int) -> bool:
    """Once for each extra, whoever asks again."""
    left = invoice.paid_minor - invoice.refunded_minor
    try:
        invoice_refund(
            invoice=invoice, amount_minor=min(amount, left), reason="extra of a box that isn’t sent",
            key=f"extra:{item}", actor=ACTOR,
        )  # fmt: skip
    except (InvalidInput, NotPossibleNow, StripeRefused):
        # Paid back whole already, or not to be had back by card.
        return False
    return True


def _kept(extra: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    return {**extra, BILLED: True} if extra["item_id"] in waiting else extra
