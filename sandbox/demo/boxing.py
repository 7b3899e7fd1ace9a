"""The demo's boxes: most members have said where theirs goes, and the packers have something to do."""

from __future__ import annotations

from billing.boxes.choosing import box_address_set
from billing.models import Shipment
from core.actor import Actor
from core.addresses import Address

STREETS = ("Oudegracht 12", "Breestraat 40", "Kade 7", "Molenweg 3", "Nieuwstraat 18")
TOWNS = (("3511 AB", "Utrecht"), ("2311 CS", "Leiden"), ("1011 AC", "Amsterdam"), ("9711 BD", "Groningen"))


def boxes_addressed() -> None:
    """Every fourth member hasn't said yet."""
    rows = Shipment.objects.filter(state=Shipment.State.PLANNED).select_related("subscription__member")
    for box in rows.order_by("pk"):
        number, member = box.subscription_id, box.subscription.member
        if number % 4 == 3:
            continue
        postcode, town = TOWNS[number % len(TOWNS)]
        where = Address(member.name or "Anna", STREETS[number % len(STREETS)], postcode, town, "NL")
        actor = Actor("member", f"member:{member.public_id}", "web")
        box_address_set(shipment=box, address=where, actor=actor)
