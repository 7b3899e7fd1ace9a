"""Where boxes go: sealed, and read by their member and by who packs."""

from __future__ import annotations

import msgspec

from billing.boxes.shape import Box
from billing.errors import NotSentThere
from billing.models import BoxHabit, Shipment
from core.addresses import Address
from core.countries import COUNTRIES
from core.secrets import seal, unseal

PURPOSE = "box_address"


def address_of(row: Shipment | BoxHabit) -> Address | None:
    """In the clear."""
    if not row.address:
        return None
    return msgspec.json.decode(unseal(row.address, purpose=PURPOSE), type=Address)


def address_sealed(address: Address, box: Box | None) -> str:
    """NotSentThere."""
    if address.country not in COUNTRIES or (box is not None and box.countries and address.country not in box.countries):
        raise NotSentThere(field="country", countries=list(box.countries) if box is not None else [])
    return seal(msgspec.json.encode(address).decode(), purpose=PURPOSE)
