"""Extras of boxes that aren't sent, since their member leaves: Stripe would charge what waits for the last invoice, so
it is taken off there, and out of the box."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from billing.acting import account_of
from billing.boxes.choosing import box_reread
from billing.boxes.planning import member_locked
from billing.errors import StripeKeyRefused, StripeMissing, StripeRefused, StripeUnavailable
from billing.gateway import ask
from billing.models import Shipment
from core import clock

State, Why = Shipment.State, Shipment.Why
# A box that was stopped longer ago was seen to then.
LATELY = timedelta(days=7)
AT_ONCE = 200
# Beside an extra that stands on an invoice already, which is Stripe's to collect or to void.
BILLED = "billed"


def extras_drop() -> int:
    """The sweep's part. How many boxes had something taken out. Not in a transaction."""
    rows = Shipment.objects.filter(
        state=State.CANCELED, why=Why.LEFT, paid_at__isnull=True, changed_at__gt=clock.now() - LATELY
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
    gone = {item for item in waiting if _taken_off(box, item)}
    if not waiting:
        return False
    with transaction.atomic():
        member_locked(box.subscription.member)
        fresh = box_reread(box)
        fresh.extras = [_kept(each, waiting) for each in fresh.extras if each["item_id"] not in gone]
        fresh.save(update_fields=["extras"])
    return bool(gone)


def _taken_off(box: Shipment, item: str) -> bool:
    """Whether it isn't charged any more."""
    try:
        ask(account_of(box.subscription), lambda v1: v1.invoice_items.delete(item))
    except StripeMissing:
        return True
    except StripeRefused:
        return False
    return True


def _kept(extra: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    return {**extra, BILLED: True} if extra["item_id"] in waiting else extra
