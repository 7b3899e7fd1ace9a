"""What the team does about an order that can't go on by itself."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from rewards.suppliers.errors import OrderBusy, OrderClosed
from rewards.suppliers.models import SupplierOrder
from rewards.suppliers.ordering import order_locked
from rewards.suppliers.settling import order_fail
from rewards.suppliers.telling import order_wake

State = SupplierOrder.State


def order_retry(*, order: SupplierOrder, actor: Actor) -> SupplierOrder:
    """Ask the supplier again, now: it is looked up by its key first. OrderClosed, OrderBusy."""
    with transaction.atomic():
        row = _open(order)
        if row.state == State.STUCK:
            row.state, row.failure, row.wrong_codes = State.SENT, "", 0
        row.next_at, row.attempts = clock.now(), 0
        row.save()
        _audit(row, actor, "supplier_order.retry")
        order_wake(row.pk)
    return row


def order_give_back(*, order: SupplierOrder, actor: Actor, reason: str) -> SupplierOrder:
    """Give the points back for an order that waits for the team, and never ask for it again.

    The team answers for it: should the supplier deliver it after all, the comparison of the books says so.
    OrderClosed, OrderBusy for one that is still being worked on, InvalidInput without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why the points are given back."), field="reason")
    with transaction.atomic():
        row = _open(order)
        if row.state != State.STUCK:
            raise OrderBusy(_("Only an order that waits for the team can be closed by hand."))
        order_fail(row, failure="by_hand", actor=actor)
        _audit(row, actor, "supplier_order.give_back", reason=reason[:200])
    return row


def _open(order: SupplierOrder) -> SupplierOrder:
    row = order_locked(order.pk)
    if not row.open:
        raise OrderClosed(state=row.state)
    if row.runner is not None and row.runner_until is not None and row.runner_until >= clock.now():
        raise OrderBusy()
    return row


def _audit(row: SupplierOrder, actor: Actor, action: str, **changes: str) -> None:
    audit_record(actor=actor.name, action=action, object_type="supplierorder", object_id=row.pk, changes=dict(changes))
