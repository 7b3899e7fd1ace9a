"""Parcels on their way: where they go, sealed, and how far they are. Staff and partners move them on."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.actor import Actor
from core.addresses import Address as Address
from core.audit import audit_record
from core.backoffice.export import safe_cell
from core.errors import Conflict
from core.outbox import outbox_add
from core.secrets import seal, unseal
from rewards import services
from rewards.errors import NotInCountry, StillReserved
from rewards.models import Fulfilment, Redemption
from rewards.pieces import piece_of

PURPOSE = "address"
State = Fulfilment.State
# From a state to those that it may become.
MOVES: dict[str, tuple[str, ...]] = {
    State.TO_PACK: (State.PACKED, State.SHIPPED),
    State.PACKED: (State.TO_PACK, State.SHIPPED),
    State.SHIPPED: (State.DELIVERED, State.RETURNED),
    State.DELIVERED: (State.RETURNED,),
    State.RETURNED: (State.TO_PACK,),
}


class NoParcel(Conflict):
    code = "no_parcel"
    title = _("Nothing is sent for this reward.")


class ParcelState(Conflict):
    code = "parcel_state"
    title = _("The parcel can’t go there from where it is.")


def address_set(*, redemption: Redemption, address: Address, actor: Actor) -> Fulfilment:
    """Where the parcel goes, until it is packed. NoParcel, NotInCountry, ParcelState, StillReserved."""
    with transaction.atomic():
        row = services._locked(redemption)
        if row.state == Redemption.State.RESERVED:
            raise StillReserved()
        parcel = Fulfilment.objects.select_for_update().filter(redemption=row).first()
        if parcel is None:
            raise NoParcel()
        if parcel.state not in (State.ADDRESS, State.TO_PACK):
            raise ParcelState(state=parcel.state)
        countries = piece_of(row.reward).countries
        if countries and address.country not in countries:
            raise NotInCountry(field="country", countries=list(countries))
        parcel.address = seal(msgspec.json.encode(address).decode(), purpose=PURPOSE)
        parcel.country, parcel.state, parcel.changed_at = address.country, State.TO_PACK, clock.now()
        parcel.save(update_fields=["address", "country", "state", "changed_at"])
        outbox_add("parcel.to_pack", _told(parcel, row, actor))
    return parcel


def address_of(parcel: Fulfilment) -> Address | None:
    """In the clear: for its owner, and for staff who pack it."""
    if not parcel.address:
        return None
    return msgspec.json.decode(unseal(parcel.address, purpose=PURPOSE), type=Address)


def parcel_move(*, parcel: Fulfilment, state: str, actor: Actor, carrier: str = "", tracking: str = "") -> Fulfilment:
    """Packed, shipped, delivered, came back. The same again changes nothing. ParcelState."""
    with transaction.atomic():
        row = services._locked(parcel.redemption)
        found = Fulfilment.objects.select_for_update().get(pk=parcel.pk)
        if found.state == state:
            return found
        if state not in MOVES.get(found.state, ()):
            raise ParcelState(state=found.state, can_become=list(MOVES.get(found.state, ())))
        was = found.state
        found.state, found.changed_at = state, clock.now()
        found.carrier, found.tracking = carrier[:60] or found.carrier, tracking[:120] or found.tracking
        found.save(update_fields=["state", "changed_at", "carrier", "tracking"])
        if state == State.SHIPPED and row.state == Redemption.State.REDEEMED:
            services.mark_used(row, actor=actor, now=found.changed_at)
        if state == State.RETURNED and row.state == Redemption.State.USED:
            # Here again: it can be sent anew, or canceled.
            row.state, row.used_at = Redemption.State.REDEEMED, None
            row.save(update_fields=["state", "used_at"])
        audit_record(
            actor=actor.name,
            action="parcel.move",
            object_type="fulfilment",
            object_id=found.pk,
            changes={"state": [was, state]},
        )
        outbox_add(f"parcel.{state}", _told(found, row, actor))
    return found


def _told(parcel: Fulfilment, row: Redemption, actor: Actor) -> dict[str, str]:
    return {
        "member_id": str(row.enrollment.member.public_id),
        "redemption_id": str(row.pk),
        "reward": row.reward.code,
        "carrier": parcel.carrier,
        "tracking": parcel.tracking,
        "by": actor.name,
    }


COLUMNS = ("parcel", "redemption", "reward", "sku", "state", "taken_at", "name", "street", "extra", "postcode", "city",
           "country", "carrier", "tracking")  # fmt: skip


def parcels_csv(parcels: Iterable[Fulfilment]) -> Iterator[str]:
    """A line per parcel, with its address; values that a spreadsheet would run are quoted."""
    for values in (COLUMNS, *(_values(each) for each in parcels)):
        line = StringIO()
        csv.writer(line).writerow([safe_cell(each) for each in values])
        yield line.getvalue()


def _values(parcel: Fulfilment) -> list[str]:
    address = address_of(parcel)
    where = [address.name, address.street, address.extra, address.postcode, address.city] if address else [""] * 5
    row = parcel.redemption
    first = [str(parcel.pk), str(row.pk), row.reward.code, parcel.sku, parcel.state, parcel.created_at.isoformat()]
    return [*first, *where, parcel.country, parcel.carrier, parcel.tracking]
