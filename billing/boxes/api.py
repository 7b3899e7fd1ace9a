"""Boxes over REST: what a subscription sends, what is to be packed, and how far it is. `api_urls` is collected by
config/api.py."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from msgspec import Meta, Struct
from msgspec.structs import asdict

from billing.boxes.addressing import address_of
from billing.boxes.choosing import box_address_set, box_delay, box_swap
from billing.boxes.selectors import box_named, boxes_all, boxes_of
from billing.boxes.sending import box_move
from billing.models import Shipment
from billing.selectors import subscription_named
from core.addresses import Address
from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.views import ApiView, answer
from core.idempotency import Reply

TAG = "Boxes"
READ, WRITE = "shipments:read", "shipments:write"
SHIPMENT_ID, SUBSCRIPTION_ID = "01932c1f-0b5d-7e44-b1a7-2c9d4e6f8a11", "01932c1f-0b5d-7e44-b1a7-2c9d4e6f8a12"
MEMBER_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4d"
path_parameter("shipment", description="The box' id.", schema={"type": "string", "format": "uuid"}, example=SHIPMENT_ID)
path_parameter(
    "subscription",
    description="The subscription's id.",
    schema={"type": "string", "format": "uuid"},
    example=SUBSCRIPTION_ID,
)
State = Literal["planned", "locked", "shipped", "delivered", "returned", "skipped", "canceled"]
Text = Annotated[str, Meta(max_length=120)]
EXAMPLE: dict[str, Any] = {
    "id": SHIPMENT_ID, "subscription": SUBSCRIPTION_ID, "member": MEMBER_ID, "plan": "snacks", "state": "locked",
    "why": "", "cycle_at": "2027-02-05T09:00:00Z", "cut_off_at": "2027-02-02T09:00:00Z",
    "sends_at": "2027-02-05T09:00:00Z", "paid": True, "quantity": 1,
    "items": [{"code": "nuts", "sku": "NUT-1", "count": 2}], "extras": [], "country": "NL", "carrier": "",
    "tracking": "",
}  # fmt: skip
HOME = {
    "name": "Anna de Vries", "street": "Kade 12", "extra": "", "postcode": "1011 AB", "city": "Amsterdam",
    "country": "NL",
}  # fmt: skip


class ShipmentLine(Struct):
    code: str
    sku: str
    count: int


class ShipmentExtra(ShipmentLine):
    """What was added to this box once, for money. id: to take it out again by."""

    id: str
    amount_minor: int
    currency: str


class ShipmentOut(Struct):
    """A box. cycle_at: when the cycle begins that it belongs to; cut_off_at: until when it can be changed; sends_at:
    when it leaves at the earliest; paid: its cycle is paid for, before which it can't be sent; why: what it was
    canceled for."""

    id: UUID
    subscription: UUID
    member: UUID
    plan: str
    state: State
    why: str
    cycle_at: datetime
    cut_off_at: datetime
    sends_at: datetime
    paid: bool
    quantity: int
    items: list[ShipmentLine]
    extras: list[ShipmentExtra]
    country: str
    carrier: str
    tracking: str


class ShipmentAddressOut(Struct):
    """Where it goes; all empty while nobody has said."""

    name: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    extra: str = ""


class ShipmentFilters(Struct):
    state: State | None = None


class ShipmentMove(Body):
    state: Literal["shipped", "delivered", "returned", "canceled"]
    carrier: Annotated[str, Meta(max_length=60)] = ""
    tracking: Text = ""


class ShipmentSwap(Body):
    """choice: what is to stand in the item's place; the item itself takes a swap back. keep: in boxes to come too."""

    item: Annotated[str, Meta(max_length=40)]
    choice: Annotated[str, Meta(max_length=40)]
    keep: bool = False


class ShipmentDelay(Body):
    days: Annotated[int, Meta(ge=0, le=60)]


class ShipmentAddressIn(Body):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    street: Annotated[str, Meta(min_length=1, max_length=120)]
    postcode: Annotated[str, Meta(min_length=1, max_length=20)]
    city: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    extra: Text = ""


class SubscriptionShipmentsView(ApiView):
    scopes = {"GET": READ}

    @describe(
        summary="List a subscription's boxes",
        tag=TAG,
        answers={200: ShipmentOut},
        page=True,
        examples={"200": {"results": [EXAMPLE], "next": None, "previous": None}},
    )
    def get(self, request: Any, subscription: UUID) -> HttpResponse:
        """The newest cycle first, in pages."""
        rows = boxes_of(subscription_named(subscription)).order_by("-id")
        return answer(200, page_of(rows, self.http).body(shipment_out))


class ShipmentsView(ApiView):
    scopes = {"GET": READ}

    @describe(
        summary="List boxes",
        tag=TAG,
        query=ShipmentFilters,
        answers={200: ShipmentOut},
        page=True,
        examples={"200": {"results": [EXAMPLE], "next": None, "previous": None}},
    )
    def get(self, request: Any) -> HttpResponse:
        """Newest first, in pages. What is to be packed now: `state=locked`."""
        asked, rows = self.read_query(ShipmentFilters), boxes_all().order_by("-id")
        if asked.state is not None:
            rows = rows.filter(state=asked.state)
        return answer(200, page_of(rows, self.http).body(shipment_out))


class ShipmentView(ApiView):
    scopes = {"GET": READ, "POST": WRITE}

    @describe(summary="Read a box", tag=TAG, answers={200: ShipmentOut}, examples={"200": EXAMPLE})
    def get(self, request: Any, shipment: UUID) -> HttpResponse:
        """Without its address, which has a place of its own."""
        return answer(200, shipment_out(box_named(shipment)))

    @describe(
        summary="Move a box on",
        tag=TAG,
        body=ShipmentMove,
        answers={200: ShipmentOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": {"state": "shipped", "carrier": "PostNL", "tracking": "3STEST0001"},
                  "200": {**EXAMPLE, "state": "shipped", "carrier": "PostNL", "tracking": "3STEST0001"}},
    )  # fmt: skip
    def post(self, request: Any, shipment: UUID) -> HttpResponse:
        """The same again changes nothing. 409 for where it can't go from where it is, before its cycle is paid, and
        without an address. What is sent earns; what comes back takes that back."""
        body = self.read_body(ShipmentMove)

        def run() -> Reply:
            box_move(
                shipment=box_named(shipment), state=body.state, actor=self.principal.actor, carrier=body.carrier,
                tracking=body.tracking,
            )  # fmt: skip
            return 200, shipment_out(box_named(shipment))

        return self.once(run, required=False)


class ShipmentAddressView(ApiView):
    scopes = {"GET": WRITE, "POST": WRITE}

    @describe(
        summary="Read where a box goes", tag=TAG, answers={200: ShipmentAddressOut}, examples={"200": HOME}
    )  # fmt: skip
    def get(self, request: Any, shipment: UUID) -> HttpResponse:
        """For who packs it."""
        found = address_of(box_named(shipment))
        return answer(200, ShipmentAddressOut(**asdict(found)) if found is not None else ShipmentAddressOut())

    @describe(
        summary="Say where a box goes",
        tag=TAG,
        body=ShipmentAddressIn,
        answers={200: ShipmentOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": HOME, "200": {**EXAMPLE, "state": "planned"}},
    )
    def post(self, request: Any, shipment: UUID) -> HttpResponse:
        """This one and those to come, until the cut-off. 409 after it, unless it has no address yet."""
        body = self.read_body(ShipmentAddressIn)

        def run() -> Reply:
            box = box_named(shipment)
            box_address_set(shipment=box, address=Address(**asdict(body)), actor=self.principal.actor)
            return 200, shipment_out(box_named(shipment))

        return self.once(run, required=False)


class ShipmentSwapView(ApiView):
    scopes = {"POST": WRITE}

    @describe(
        summary="Swap an item of a box",
        tag=TAG,
        body=ShipmentSwap,
        answers={200: ShipmentOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": {"item": "nuts", "choice": "seeds"}, "200": {**EXAMPLE, "state": "planned"}},
    )
    def post(self, request: Any, shipment: UUID) -> HttpResponse:
        """Until the cut-off; 409 after it."""
        body = self.read_body(ShipmentSwap)

        def run() -> Reply:
            box = box_named(shipment)
            box_swap(
                shipment=box, item=body.item, choice=body.choice, keep=body.keep, actor=self.principal.actor
            )  # fmt: skip
            return 200, shipment_out(box_named(shipment))

        return self.once(run, required=False)


class ShipmentDelayView(ApiView):
    scopes = {"POST": WRITE}

    @describe(
        summary="Send a box later",
        tag=TAG,
        body=ShipmentDelay,
        answers={200: ShipmentOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": {"days": 5}, "200": {**EXAMPLE, "state": "planned"}},
    )
    def post(self, request: Any, shipment: UUID) -> HttpResponse:
        """So many days later than usual, 0 for the usual day. The day of the charge stays. 409 after the cut-off."""
        body = self.read_body(ShipmentDelay)

        def run() -> Reply:
            box_delay(shipment=box_named(shipment), days=body.days, actor=self.principal.actor)
            return 200, shipment_out(box_named(shipment))

        return self.once(run, required=False)


def shipment_out(row: Shipment) -> ShipmentOut:
    mine = row.subscription
    return ShipmentOut(
        row.public_id, mine.public_id, mine.member.public_id, mine.plan.code, row.state, row.why,  # type: ignore[arg-type]  # one of the states
        row.cycle_at, row.cut_off_at, row.sends_at, row.paid_at is not None, row.quantity, _lines(row.items),
        [_extra(each) for each in row.extras], row.country, row.carrier, row.tracking,
    )  # fmt: skip


def _extra(each: dict[str, Any]) -> ShipmentExtra:
    return ShipmentExtra(
        each["code"], each.get("sku", ""), each["count"], each.get("item_id", ""), each.get("amount_minor", 0),
        each.get("currency", ""),
    )  # fmt: skip


def _lines(lines: list[dict[str, Any]]) -> list[ShipmentLine]:
    return [ShipmentLine(each["code"], each.get("sku", ""), each["count"]) for each in lines]


api_urls = [
    path("subscriptions/<uuid:subscription>/shipments", SubscriptionShipmentsView.as_view(), name="sub-shipments"),
    path("shipments", ShipmentsView.as_view(), name="shipments"),
    path("shipments/<uuid:shipment>", ShipmentView.as_view(), name="shipment"),
    path("shipments/<uuid:shipment>/address", ShipmentAddressView.as_view(), name="shipment-address"),
    path("shipments/<uuid:shipment>/swap", ShipmentSwapView.as_view(), name="shipment-swap"),
    path("shipments/<uuid:shipment>/delay", ShipmentDelayView.as_view(), name="shipment-delay"),
]
