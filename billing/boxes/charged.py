"""Extras that were charged before their box, as with a change of plan in between: what is paid for is sent. Who skips
that box has them in the next one that goes out."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from billing.errors import StripeMissing
from billing.gateway import ask
from billing.models import BillingProfile, Invoice, Shipment, Subscription

State = Shipment.State


def extras_charged_note(row: Subscription) -> None:
    """Before the next cycle is left out: which of its box' extras are paid already. Not in a transaction."""
    mine = Shipment.objects.filter(subscription=row, state=State.PLANNED)
    box = mine.filter(cycle_at=row.period_end).first() if row.period_end is not None else None
    if box is None:
        return
    paid = {each["item_id"] for each in box.extras if not each.get("charged") and _paid(row, each["item_id"])}
    if not paid:
        return
    with transaction.atomic():
        BillingProfile.objects.select_for_update().get(member_id=row.member_id)
        box.refresh_from_db()
        box.extras = [{**each, "charged": True} if each["item_id"] in paid else each for each in box.extras]
        box.save(update_fields=["extras"])


def _paid(row: Subscription, item: str) -> bool:
    assert row.connection is not None
    try:
        told = ask(row.connection, lambda v1: v1.invoice_items.retrieve(item))
    except StripeMissing:
        return False
    on = told.get("invoice")
    named = on["id"] if isinstance(on, dict) else on
    return bool(named) and Invoice.objects.filter(stripe_id=named, status=Invoice.Status.PAID).exists()


def extras_carried(row: Subscription) -> list[dict[str, Any]]:
    """Taken out of the boxes that were skipped, for one that goes out. In the caller's transaction, under the member's
    billing lock."""
    found: list[dict[str, Any]] = []
    for box in Shipment.objects.filter(subscription=row, state=State.SKIPPED, extras__contains=[{"charged": True}]):
        found += [each for each in box.extras if each.get("charged")]
        box.extras = [each for each in box.extras if not each.get("charged")]
        box.save(update_fields=["extras"])
    return found
