"""Physical products: a parcel waits for its address, then for staff. What they do with it stands in fulfilment.py."""

from __future__ import annotations

from rewards.errors import ParcelSent
from rewards.kinds import Handing, kind_handler
from rewards.kinds.shapes import Physical
from rewards.models import Fulfilment

OPEN = (Fulfilment.State.ADDRESS, Fulfilment.State.TO_PACK, Fulfilment.State.PACKED, Fulfilment.State.RETURNED)


def parcel_issue(handing: Handing) -> None:
    kind: Physical = handing.kind
    Fulfilment.objects.create(
        redemption=handing.redemption, sku=kind.sku, created_at=handing.now, changed_at=handing.now
    )


def parcel_stop(handing: Handing) -> None:
    """ParcelSent once it is out of the house; one that came back may be canceled."""
    row = Fulfilment.objects.select_for_update().filter(redemption=handing.redemption).first()
    if row is None:
        return
    if row.state not in OPEN:
        raise ParcelSent()
    row.state, row.changed_at = Fulfilment.State.CANCELED, handing.now
    row.save(update_fields=["state", "changed_at"])


kind_handler("physical", issue=parcel_issue, revoke=parcel_stop)
