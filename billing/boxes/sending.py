"""Boxes on their way: staff and partners move them on; the packing list as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.boxes.addressing import address_of
from billing.boxes.choosing import box_reread
from billing.boxes.planning import member_locked
from billing.boxes.words import box_told, returned_told
from billing.errors import BoxState
from billing.models import Shipment
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.backoffice.export import safe_cell
from loyalty.definition.translation import text_in

State = Shipment.State
# From a state to those that it may become by hand.
MOVES: dict[str, tuple[str, ...]] = {
    State.LOCKED: (State.SHIPPED, State.CANCELED),
    State.SHIPPED: (State.DELIVERED, State.RETURNED),
    State.DELIVERED: (State.RETURNED,),
    State.RETURNED: (State.SHIPPED,),
}
TOLD = {State.SHIPPED: "sent", State.DELIVERED: "delivered", State.CANCELED: "canceled"}


def box_move(*, shipment: Shipment, state: str, actor: Actor, carrier: str = "", tracking: str = "") -> Shipment:
    """Sent, delivered, came back, canceled. The same again changes nothing, but a tracking number that comes later is
    kept. BoxState: it isn't there yet, isn't paid for, or has no address."""
    with transaction.atomic():
        member_locked(shipment.subscription.member)
        row = box_reread(shipment)
        was, now = row.state, clock.now()
        if was != state:
            _may(row, state)
        carrier, tracking = carrier.strip()[:60] or row.carrier, tracking.strip()[:120] or row.tracking
        if (was, row.carrier, row.tracking) == (state, carrier, tracking):
            return row
        row.state, row.carrier, row.tracking, row.changed_at = state, carrier, tracking, now
        if was != state:
            _moved(row, state)
        row.save()
        audit_record(
            actor=actor.name, action="shipment.move", object_type="shipment", object_id=str(row.public_id),
            changes={"state": [was, state]},
        )  # fmt: skip
    return row


def _may(row: Shipment, state: str) -> None:
    can = MOVES.get(row.state, ())
    if state not in can:
        raise BoxState(state=row.state, can_become=list(can))
    if state == State.SHIPPED and row.paid_at is None:
        raise BoxState(_("Its cycle isn’t paid for yet."), state=row.state, can_become=[])
    if state == State.SHIPPED and not row.address:
        raise BoxState(_("It has no address yet."), state=row.state, can_become=[])


def _moved(row: Shipment, state: str) -> None:
    now = row.changed_at
    if state == State.RETURNED:
        returned_told(row, row.subscription, now)
        return
    if state == State.SHIPPED:
        row.shipped_at = now
    elif state == State.DELIVERED:
        row.delivered_at = now
    elif state == State.CANCELED:
        row.why = Shipment.Why.STAFF
    box_told(row, row.subscription, TOLD[State(state)], now)


COLUMNS = ("box", "member", "plan", "cycle", "leaves_from", "quantity", "contents", "extras", "paid", "name", "street",
           "extra", "postcode", "city", "country", "carrier", "tracking")  # fmt: skip


def boxes_csv(rows: Iterable[Shipment]) -> Iterator[str]:
    """A line for each box, with its address; values that a spreadsheet would run are quoted."""
    for values in (COLUMNS, *(_values(each) for each in rows)):
        line = StringIO()
        csv.writer(line).writerow([safe_cell(each) for each in values])
        yield line.getvalue()


def _values(row: Shipment) -> list[str]:
    address = address_of(row)
    where = [address.name, address.street, address.extra, address.postcode, address.city] if address else [""] * 5
    return [
        str(row.public_id), str(row.subscription.member.public_id), row.subscription.plan.code,
        row.cycle_at.date().isoformat(), row.sends_at.date().isoformat(), str(row.quantity),
        "; ".join(line_of(each, "en") for each in row.items), "; ".join(line_of(each, "en") for each in row.extras),
        "yes" if row.paid_at is not None else "no", *where, row.country, row.carrier, row.tracking,
    ]  # fmt: skip


def line_of(each: dict[str, Any], language: str) -> str:
    """2 × Almonds (NUT-1)."""
    name = text_in(each["name"], language)
    sku = f" ({each['sku']})" if each.get("sku") else ""
    return f"{each['count']} × {name}{sku}"
