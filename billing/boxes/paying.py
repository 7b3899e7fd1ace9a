"""What a member changes of boxes that costs money: an extra, how many, the next one now. None of it in a transaction.

What stands in the next box is on the invoice of its cycle, so that a box that is skipped or never paid costs nothing.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.acting import account_of, change, note, running
from billing.boxes.choosing import box_open, box_reread
from billing.boxes.closing import closed_refuse
from billing.boxes.planning import member_locked
from billing.boxes.shape import BoxExtra
from billing.boxes.words import box_told
from billing.customers import customer_of
from billing.errors import NotPossibleNow, PreviewStale, StripeMissing, StripeRefused, StripeUnavailable
from billing.gateway import ask
from billing.models import BillingOperation, Shipment, Subscription
from billing.operations import operation_open, operation_run
from billing.plans import definition_of
from billing.syncing import subscription_sync
from core import clock
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.failpoint import failpoint
from loyalty.definition.translation import text_in

State, Billing = Shipment.State, Subscription.Billing
MOST_EXTRAS = 20
EXTRA, EXTRA_OUT = "box_extra", "box_extra_out"


def box_add(*, shipment: Shipment, extra: str, count: int, key: str, actor: Actor) -> Shipment:
    """Put so many of an extra into this box, on its invoice. key: the wish’s own: the same wish again adds nothing.

    BoxClosed, NotPossibleNow, InvalidInput, billing.errors.
    """
    if any(each.get("key") == key for each in shipment.extras):
        return shipment
    row = running(shipment.subscription)
    with transaction.atomic():
        member_locked(row.member)
        fresh = box_reread(shipment)
        wanted = _extra(fresh, extra, count)
    assert row.price is not None
    amount = wanted.amount(row.price.currency)
    if amount is None:
        raise InvalidInput(_("This can’t be chosen."), field="extra")
    line = {
        "code": wanted.code, "name": wanted.name, "sku": wanted.sku, "count": count, "amount_minor": amount * count,
        "currency": row.price.currency, "key": key,
    }  # fmt: skip
    item = _item_made(fresh, row, wanted, line, actor)
    if item is None:
        return fresh
    failpoint("billing.box_extra_made")
    try:
        return extra_kept(shipment, {**line, "item_id": item})
    except DomainError:
        # Closed while Stripe was asked: it isn't in the box, so it isn't paid for.
        ask(account_of(row), lambda v1: v1.invoice_items.delete(item))
        wishes(shipment, key).update(follow=None)
        raise


def _extra(box: Shipment, code: str, count: int) -> BoxExtra:
    """What is wanted, of a box that is still to be paid."""
    shape = box_open(box)
    row, found = box.subscription, shape.addable(code)
    if found is None:
        raise InvalidInput(_("This can’t be chosen."), field="extra")
    if not 1 <= count <= 9 or len(box.extras) >= MOST_EXTRAS:
        raise InvalidInput(_("Choose 1 to %(n)d.") % {"n": 9}, field="count")
    if box.paid_at is not None:
        raise NotPossibleNow(_("This box is paid for already. Add it to the next one."))
    if row.cancel_scheduled or row.billing not in (Billing.ACTIVE, Billing.TRIALING):
        raise NotPossibleNow(_("There is no next invoice that it could be on."), state=row.billing)
    return found


def extra_kept(shipment: Shipment, line: dict[str, Any]) -> Shipment:
    """It stands in the box, once, and nothing is left to be written of it. BoxClosed, NotPossibleNow."""
    with transaction.atomic():
        member_locked(shipment.subscription.member)
        fresh = box_reread(shipment)
        if line["item_id"] not in [each["item_id"] for each in fresh.extras]:
            box_open(fresh)
            fresh = _extras_kept(fresh, [*fresh.extras, line])
        wishes(shipment, line["key"]).update(follow=None)
    return fresh


def wishes(box: Shipment, key: str) -> QuerySet[BillingOperation]:
    """What was asked of Stripe for this extra of the box."""
    return BillingOperation.objects.filter(kind=EXTRA, subject=f"{box.public_id}:{key}"[:80])


def taken_out(box: Shipment, key: str) -> QuerySet[BillingOperation]:
    """That this extra isn't to be in the box, nor charged, any more."""
    return BillingOperation.objects.filter(kind=EXTRA_OUT, subject=f"{box.public_id}:{key}"[:80]).exclude(
        state=BillingOperation.State.FAILED
    )


def _item_made(box: Shipment, row: Subscription, extra: BoxExtra, line: dict[str, Any], actor: Actor) -> str | None:
    """The line that waits for the invoice: its id at Stripe. Of a wish carried out already, the one it made; None where
    that was taken out again, or nobody would pay for it."""
    key = line["key"]
    done = wishes(box, key).filter(state=BillingOperation.State.DONE).first()
    if done is not None:
        return None if taken_out(box, key).exists() else _still_there(row, done.stripe_id)
    params = {
        "customer": customer_of(account_of(row), row.member),
        "subscription": str(row.stripe_id),
        "amount": line["amount_minor"],
        "currency": line["currency"].lower(),
        "description": f"{line['count']} × {text_in(extra.name, row.member.language or 'en')}",
        "tax_behavior": "inclusive",
        "metadata": {"box": str(box.public_id), "extra": extra.code, "wish": key},
    }
    made = operation_run(
        connection=account_of(row), kind=EXTRA, subject=f"{box.public_id}:{key}"[:80], params=params, actor=actor,
        follow={"box": str(box.public_id), "line": line},
        request=lambda v1, given, options: v1.invoice_items.create(given, options),
    )  # fmt: skip
    return str(made["id"])


def _still_there(row: Subscription, item: str) -> str | None:
    try:
        ask(account_of(row), lambda v1: v1.invoice_items.retrieve(item))
    except StripeMissing:
        return None
    return item


def _extras_kept(box: Shipment, extras: list[dict[str, Any]]) -> Shipment:
    box.extras, box.changed_at = extras, clock.now()
    box.save(update_fields=["extras", "changed_at"])
    box_told(box, box.subscription, "changed", box.changed_at)
    return box


def box_extra_remove(*, shipment: Shipment, item_id: str, actor: Actor) -> Shipment:
    """Take an extra out again; it isn't charged. BoxClosed, NotPossibleNow: it is on an invoice already.

    It is out of the box before Stripe is asked: what is still to be said there is noted with that, for the sweep
    (billing.boxes.unfinished), so that a process that ends on the way leaves nobody an extra for nothing.
    """
    row = running(shipment.subscription)
    with transaction.atomic():
        member_locked(row.member)
        fresh = box_reread(shipment)
        box_open(fresh)
        line = next((each for each in fresh.extras if each["item_id"] == item_id), None)
        if line is None:
            return fresh
        out = _out_noted(fresh, line, actor)
        fresh = _extras_kept(fresh, [each for each in fresh.extras if each["item_id"] != item_id])
    failpoint("billing.box_extra_out")
    try:
        ask(account_of(row), lambda v1: v1.invoice_items.delete(item_id))
    except StripeMissing:
        # Taken out there already, and the answer was lost.
        pass
    except StripeRefused as error:
        _put_back(shipment, line, out)
        raise NotPossibleNow(_("It is on an invoice already.")) from error
    except StripeUnavailable:
        # It is out of the box, and the sweep says so there.
        return fresh
    extra_out_done(out)
    return fresh


def _out_noted(box: Shipment, line: dict[str, Any], actor: Actor) -> BillingOperation:
    return BillingOperation.objects.create(
        connection=account_of(box.subscription), kind=EXTRA_OUT, subject=f"{box.public_id}:{line['key']}"[:80],
        stripe_id=line["item_id"], follow={"box": str(box.public_id), "line": line}, actor=actor.name[:120],
        made_at=clock.now(),
    )  # fmt: skip


def extra_out_done(out: BillingOperation) -> None:
    """Stripe knows of it."""
    state = BillingOperation.State.DONE
    BillingOperation.objects.filter(pk=out.pk).update(state=state, follow=None, done_at=clock.now())


def _put_back(shipment: Shipment, line: dict[str, Any], out: BillingOperation) -> None:
    """It is paid for, or will be: so it is in the box."""
    with transaction.atomic():
        member_locked(shipment.subscription.member)
        fresh = box_reread(shipment)
        _extras_kept(fresh, [*fresh.extras, line])
        BillingOperation.objects.filter(pk=out.pk).update(
            state=BillingOperation.State.FAILED, error="on an invoice already", follow=None, done_at=clock.now()
        )


def box_quantity_set(*, subscription: Subscription, quantity: int, actor: Actor) -> Subscription:
    """So many of the box from the next cycle on, at so many times the price. BoxClosed, NotPossibleNow,
    InvalidInput."""
    row = running(subscription)
    box = definition_of(row.plan).box
    if box is None:
        raise NotPossibleNow(_("The plan sends no boxes any more."))
    if not 1 <= quantity <= box.most_quantity:
        raise InvalidInput(_("Choose 1 to %(n)d.") % {"n": box.most_quantity}, field="quantity")
    if row.billing not in (Billing.ACTIVE, Billing.TRIALING) or row.next_price_id is not None:
        raise NotPossibleNow(_("Pay what is open, or take the change of plan back, first."), state=row.billing)
    if quantity == row.quantity:
        return row
    closed_refuse(row)
    params = {"items": [{"id": row.item_id, "quantity": quantity}], "proration_behavior": "none"}
    change(row, "quantity", params, actor)
    note(row, "quantity_asked", actor, key=clock.now().isoformat(), before=row.quantity, after=quantity)
    return subscription_sync(row)


# --- the next one now ------------------------------------------------------------------------------------------------
class SendNow(Struct, frozen=True):
    """What it costs to have the next box now, to the cent, the one after it follows from there."""

    due_minor: int
    currency: str


def send_now_preview(shipment: Shipment) -> SendNow:
    """Asked of Stripe; nothing is changed. A box that is paid for already costs nothing. NotPossibleNow, BoxClosed."""
    row = _sendable(shipment)
    assert row.price is not None
    if shipment.paid_at is not None:
        return SendNow(0, row.price.currency)
    params = {
        "customer": customer_of(account_of(row), row.member),
        "subscription": str(row.stripe_id),
        "subscription_details": {"billing_cycle_anchor": "now", "proration_behavior": "none"},
    }
    told = ask(account_of(row), lambda v1: v1.invoices.create_preview(params))
    return SendNow(int(told["amount_due"]), row.price.currency)


def _sendable(shipment: Shipment) -> Subscription:
    row = running(shipment.subscription)
    box_open(shipment)
    if row.billing != Billing.ACTIVE or row.collection_paused or row.cancel_scheduled or row.next_price_id is not None:
        raise NotPossibleNow(_("Pay what is open, go on, or stay, first."), state=row.billing)
    if not shipment.address:
        raise NotPossibleNow(_("Say first where it goes."))
    if shipment.paid_at is None and shipment.cycle_at != row.period_end:
        raise NotPossibleNow(_("Only the next box can be sent now."))
    return row


def box_send_now(*, shipment: Shipment, due_minor: int, actor: Actor) -> Shipment:
    """Have it now: its cycle begins and is charged now, the next one follows from here. due_minor: what was shown. A
    second click finds it closed. PreviewStale, CardDeclined, BoxClosed, NotPossibleNow, billing.errors."""
    with transaction.atomic():
        member_locked(shipment.subscription.member)
        shipment = box_reread(shipment)
    row, named = _sendable(shipment), str(shipment.subscription.stripe_id)
    wish: dict[str, Any] = {
        "connection": account_of(row), "kind": "box_send_now", "subject": str(shipment.public_id),
        "params": {
            "billing_cycle_anchor": "now", "proration_behavior": "none", "payment_behavior": "error_if_incomplete",
        },
    }  # fmt: skip
    if not operation_open(**wish) and send_now_preview(shipment).due_minor != due_minor:
        raise PreviewStale(field="due_minor")
    if shipment.paid_at is None:
        operation_run(
            **wish, request=lambda v1, given, options: v1.subscriptions.update(named, given, options), actor=actor
        )
        note(row, "send_now_asked", actor, key=str(shipment.public_id), due_minor=due_minor)
        subscription_sync(row)
    with transaction.atomic():
        member_locked(row.member)
        fresh, now = box_reread(shipment), clock.now()
        if fresh.state == State.PLANNED:
            fresh.state, fresh.cut_off_at, fresh.sends_at, fresh.changed_at = State.LOCKED, now, now, now
            fresh.save(update_fields=["state", "cut_off_at", "sends_at", "changed_at"])
            box_told(fresh, fresh.subscription, "locked", now)
    return fresh
