"""A club whose plans send boxes: one a month, one that is paid by the year, and one that sends nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from billing.boxes.addressing import address_of
from billing.boxes.choosing import box_address_set
from billing.boxes.planning import boxes_sweep
from billing.boxes.sending import box_move
from billing.models import Shipment, Subscription
from core.addresses import Address
from members.models import Member
from tests.billing.cast import Club
from tests.loyalty import shop

Json = dict[str, Any]
HOME = Address("Ann de Vries", "Kade 1", "1011 AB", "Amsterdam", "NL")
ITEMS: list[Json] = [
    {"code": "nuts", "name": {"en": "Nuts", "nl": "Noten"}, "sku": "NUT-1", "count": 2},
    {"code": "tea", "name": {"en": "Tea", "nl": "Thee"}},
]
BOX: Json = {
    "items": ITEMS,
    "choices": [{"code": "seeds", "name": {"en": "Seeds", "nl": "Pitten"}, "sku": "SEED-1"}],
    "extras": [
        {
            "code": "mug", "name": {"en": "A mug", "nl": "Een mok"}, "sku": "MUG-1",
            "prices": [{"amount_minor": 795, "money_currency": "EUR"}],
        }
    ],
    "countries": ["NL", "BE"],
    "most_quantity": 5,
}  # fmt: skip
MONTHLY: Json = {"amount_minor": 1995, "money_currency": "EUR", "every": "month"}
PLANS: list[Json] = [
    {"code": "snacks", "name": "Snacks", "level": 1, "charge": {"kind": "recurring", "prices": [MONTHLY]}, "box": BOX},
    {
        "code": "big", "name": "Big snacks", "level": 2, "box": {"items": [{"code": "crate", "name": "Crate"}]},
        "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 3995}]},
    },
    {
        "code": "reader", "name": "Reader", "level": 0,
        "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 495}]},
    },
    {
        "code": "dear", "name": "Dear reader", "level": 3,
        "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 4995}]},
    },
    {
        "code": "yearly", "name": "Yearly", "level": 1, "group": "yearly", "box": {**BOX, "every": "month"},
        "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 19900, "every": "year"}]},
    },
    {
        "code": "tried", "name": "Tried", "level": 1, "group": "tried", "box": BOX,
        "charge": {"kind": "recurring", "prices": [MONTHLY], "trial": {"days": 14}},
    },
]  # fmt: skip
RULES: list[Json] = [
    {
        "code": "box", "name": "A box", "trigger": "shipment.sent",
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 10}],
    }
]  # fmt: skip


def settle(club: Club) -> None:
    """All that there is to do, boxes among it."""
    club.settle()
    boxes_sweep()
    club.settle()


def member(club: Club, plan: str = "snacks", price: str = "month-EUR") -> Member:
    """Somebody with a box plan and an address."""
    who = club.somebody()
    club.joined(who, plan, price)
    settle(club)
    for box in boxes(who):
        box_address_set(shipment=box, address=HOME, actor=shop.STAFF)
    return who


def boxes(who: Member) -> list[Shipment]:
    """Oldest first."""
    rows = Shipment.objects.select_related("subscription__member", "subscription__plan__program")
    return list(rows.filter(subscription__member=who).order_by("cycle_at", "pk"))


def seen(who: Member) -> list[tuple[str, str, bool]]:
    """The day of the cycle, the state, whether it is paid."""
    return [(f"{each.cycle_at:%m-%d}", str(each.state), each.paid_at is not None) for each in boxes(who)]


def renewed(club: Club, row: Subscription) -> Subscription:
    """Two hours after its period has ended."""
    row.refresh_from_db()
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(hours=2))
    settle(club)
    row.refresh_from_db()
    return row


def sent(box: Shipment, **more: str) -> Shipment:
    return box_move(shipment=box, state="shipped", actor=shop.STAFF, **more)


__all__ = ["BOX", "HOME", "PLANS", "RULES", "address_of", "boxes", "member", "renewed", "seen", "sent", "settle"]
