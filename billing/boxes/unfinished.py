"""Extras whose process ended on the way between Stripe and their box: what was asked for and Stripe has said yes to is
put into the box while it is open; all else, and what was taken out of a box, is taken off the invoice."""

from __future__ import annotations

from datetime import timedelta

from billing.acting import account_of
from billing.boxes.leftovers import LATELY, extra_taken_off
from billing.boxes.paying import EXTRA, EXTRA_OUT, extra_kept, extra_out_done
from billing.customers import customer_of
from billing.errors import StripeKeyRefused, StripeMissing, StripeUnavailable
from billing.gateway import ask, ask_all
from billing.models import BillingOperation, Shipment
from billing.sweeping import one_by_one
from core import clock
from core.errors import DomainError

State = BillingOperation.State
# A request that is still on its way isn't interfered with.
QUIET = timedelta(minutes=10)
AT_ONCE = 200


def extras_settle() -> int:
    """The sweep's part. How many were seen to. Not in a transaction."""
    rows = BillingOperation.objects.filter(
        kind__in=(EXTRA, EXTRA_OUT), follow__isnull=False, made_at__lt=clock.now() - QUIET
    )
    return one_by_one(rows.order_by("made_at")[:AT_ONCE], _settled, "the extra of operation")


def _settled(operation: BillingOperation) -> None:
    assert operation.follow is not None
    boxes = Shipment.objects.select_related("subscription__member", "subscription__connection")
    box = boxes.get(public_id=operation.follow["box"])
    line = operation.follow["line"]
    if operation.kind == EXTRA_OUT:
        if extra_taken_off(box, line) or operation.made_at < clock.now() - LATELY:
            extra_out_done(operation)
        return
    if operation.state == State.DONE:
        over = _finished(box, {**line, "item_id": operation.stripe_id})
    else:
        # Given up first, so that who asks for the same again makes another.
        BillingOperation.objects.filter(pk=operation.pk, state=State.OPEN).update(
            state=State.FAILED, error="given up: the answer was never had", done_at=clock.now()
        )
        gone = [extra_taken_off(box, {**line, "item_id": item}) for item in _made(box, line["key"])]
        over = all(gone)
    if over or operation.made_at < clock.now() - LATELY:
        BillingOperation.objects.filter(pk=operation.pk).update(follow=None)


def _finished(box: Shipment, line: dict[str, object]) -> bool:
    """Whether it is in the box, or isn't charged; what stands on an invoice that isn't paid yet waits for it."""
    item = str(line["item_id"])
    try:
        ask(account_of(box.subscription), lambda v1: v1.invoice_items.retrieve(item))
        extra_kept(box, line)
    except StripeMissing:
        return True
    except (StripeUnavailable, StripeKeyRefused):
        raise
    except DomainError:
        # Closed meanwhile: it isn't in the box, so it isn't paid for.
        return extra_taken_off(box, line)
    return True


def _made(box: Shipment, key: str) -> list[str]:
    """What Stripe made of a wish whose answer was never had."""
    row = box.subscription
    customer = customer_of(account_of(row), row.member)
    if customer is None:
        return []
    found = ask_all(account_of(row), lambda v1, page: v1.invoice_items.list({**page, "customer": customer}))
    told = {"box": str(box.public_id), "wish": key}
    return [each["id"] for each in found if told.items() <= (each.get("metadata") or {}).items()]
