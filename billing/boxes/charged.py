"""Extras that were charged before their box, as with a change of plan in between: what is paid for is sent. Who skips
that box has them in the next one that goes out."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.errors import NotPossibleNow, StripeMissing
from billing.gateway import ask
from billing.models import BillingProfile, Invoice, PlanPrice, Shipment, Subscription
from billing.plans import definition_of

State = Shipment.State


def extras_charged_note(row: Subscription) -> None:
    """Before the next cycle is left out: which of its box' extras are paid already. Not in a transaction."""
    mine = Shipment.objects.filter(subscription=row, state=State.PLANNED)
    box = mine.filter(cycle_at=row.period_end).first() if row.period_end is not None else None
    if box is None:
        return
    paid = {each["item_id"] for each in box.extras if not each.get("charged") and extra_paid_on(row, each["item_id"])}
    if not paid:
        return
    with transaction.atomic():
        BillingProfile.objects.select_for_update().get(member_id=row.member_id)
        box.refresh_from_db()
        box.extras = [{**each, "charged": True} if each["item_id"] in paid else each for each in box.extras]
        box.save(update_fields=["extras"])


def extra_paid_on(row: Subscription, item: str) -> Invoice | None:
    """The invoice that it was paid with, if it was. Not in a transaction."""
    assert row.connection is not None
    try:
        told = ask(row.connection, lambda v1: v1.invoice_items.retrieve(item))
    except StripeMissing:
        return None
    on = told.get("invoice")
    named = on["id"] if isinstance(on, dict) else on
    return Invoice.objects.filter(stripe_id=named, status=Invoice.Status.PAID).first() if named else None


def extras_refuse(row: Subscription, chosen: PlanPrice) -> None:
    """Another plan at once charges what waits for the next invoice: not for a box that isn't sent. NotPossibleNow."""
    if definition_of(chosen.plan).box is not None:
        return
    ahead = Shipment.objects.filter(subscription=row, state=State.PLANNED, paid_at__isnull=True).exclude(extras=[])
    if ahead.exists():
        raise NotPossibleNow(
            _("This plan sends no boxes. Take what you added out of your next box first."), field="plan"
        )


def extras_carried(row: Subscription) -> list[dict[str, Any]]:
    """Taken out of the boxes that were skipped, for one that goes out. In the caller's transaction, under the member's
    billing lock."""
    found: list[dict[str, Any]] = []
    for box in Shipment.objects.filter(subscription=row, state=State.SKIPPED, extras__contains=[{"charged": True}]):
        found += [each for each in box.extras if each.get("charged")]
        box.extras = [each for each in box.extras if not each.get("charged")]
        box.save(update_fields=["extras"])
    return found
