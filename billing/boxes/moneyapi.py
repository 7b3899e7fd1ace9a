"""Boxes over REST, where it is about money or about what there is to choose: an extra once, the next one now, how many,
and what a member can have changed. `api_urls` is collected by config/api.py. What costs money needs
`memberships:write`: who packs doesn't spend a member's money.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path
from msgspec import Meta, Struct

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.shapes import PriceOut, SubscriptionOut, price_out
from billing.boxes.api import EXAMPLE, READ, TAG, ShipmentOut, shipment_out
from billing.boxes.paying import box_add, box_extra_remove, box_quantity_set, box_send_now, send_now_preview
from billing.boxes.selectors import Boxes, ShownBox, box_named, boxes_shown_of
from billing.boxes.shape import BoxItem
from billing.models import Shipment
from billing.selectors import subscription_named
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from loyalty.definition.translation import text_in

WRITE = "memberships:write"
LINE = "ii_1"
EXTRA: dict[str, Any] = {
    "id": LINE, "code": "mug", "sku": "MUG-1", "count": 1, "amount_minor": 795, "currency": "EUR",
}  # fmt: skip
OPEN: dict[str, Any] = {**EXAMPLE, "state": "planned", "paid": False}
CHOICES: dict[str, Any] = {
    "subscription": EXAMPLE["subscription"], "plan": "snacks", "quantity": 1, "most_quantity": 5, "skips": 3,
    "can_undo_skip": False, "frequencies": [{**examples.PRICE, "code": "week-EUR", "every": "week"}],
    "boxes": [
        {
            "shipment": EXAMPLE["id"], "cut_off_at": EXAMPLE["cut_off_at"], "needs_address": False,
            "can_be_sent_now": True, "most_delay_days": 14, "delayed_days": 0,
            "swaps": [
                {"item": "nuts", "has": "nuts", "choices": [{"code": "seeds", "name": "Seeds", "name_nl": "Pitten"}]}
            ],
            "extras": [
                {"code": "mug", "name": "A mug", "name_nl": "Een mok", "amount_minor": 795, "currency": "EUR"}
            ],
        }
    ],
}  # fmt: skip
path_parameter("line", description="The id of what was added.", schema={"type": "string"}, example=LINE)


class ShipmentExtraAdd(Body):
    """extra: one of those that the plan offers."""

    extra: Annotated[str, Meta(max_length=40)]
    count: Annotated[int, Meta(ge=1, le=9)] = 1


class ShipmentNowOut(Struct):
    """due_minor: what is charged at once, to the cent; 0 for a box that is paid for already."""

    due_minor: int
    currency: str


class ShipmentNow(Body):
    """due_minor: what was shown."""

    due_minor: Annotated[int, Meta(ge=0, le=10**12)]


class ShipmentQuantity(Body):
    """How many of the box from the next cycle on."""

    quantity: Annotated[int, Meta(ge=1, le=20)]


class BoxChoiceOut(Struct):
    code: str
    name: str
    name_nl: str


class BoxSwapOut(Struct):
    """has: what is in the box in the item's place now."""

    item: str
    has: str
    choices: list[BoxChoiceOut]


class BoxExtraOut(Struct):
    code: str
    name: str
    name_nl: str
    amount_minor: int
    currency: str


class BoxOpenOut(Struct):
    """A box that can still be changed."""

    shipment: UUID
    cut_off_at: datetime
    needs_address: bool
    can_be_sent_now: bool
    most_delay_days: int
    delayed_days: int
    swaps: list[BoxSwapOut]
    extras: list[BoxExtraOut]


class BoxChoicesOut(Struct):
    """skips: how many cycles ahead can be skipped now; 0: none. can_undo_skip: resuming brings them back. frequencies:
    the plan's other prices: change the subscription to one of them, with the same plan."""

    subscription: UUID
    plan: str
    quantity: int
    most_quantity: int
    skips: int
    can_undo_skip: bool
    frequencies: list[PriceOut]
    boxes: list[BoxOpenOut]


class BoxChoicesView(ThinView):
    scopes = {"GET": READ}

    @describe(
        summary="List what of a subscription's boxes can be changed",
        tag=TAG,
        answers={200: BoxChoicesOut},
        examples={"200": CHOICES},
    )
    def get(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """As its member sees it now: how many can be skipped or had, how often else, and of each box that is open what
        can be swapped and added."""
        return answer(200, choices_out(boxes_shown_of(subscription_named(subscription))))


class BoxActionView(ActionView):
    """An action on a box; done once for each Idempotency-Key, which is asked for."""

    def box_acted(self, shipment: UUID, act: Callable[[Shipment], object]) -> HttpResponse:
        """Do it to the box of that id, and answer how it stands then."""

        def run() -> Reply:
            act(box_named(shipment))
            return 200, shipment_out(box_named(shipment))

        return self.done_once(run)


class ShipmentExtrasView(BoxActionView):
    scopes = {"POST": WRITE}

    @describe(
        summary="Add something to a box once",
        tag=TAG,
        body=ShipmentExtraAdd,
        answers={200: ShipmentOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {"extra": "mug", "count": 1}, "200": {**OPEN, "extras": [EXTRA]}},
    )
    def post(self, request: HttpRequest, shipment: UUID) -> HttpResponse:
        """For this box alone; it is on the invoice of its cycle, and costs nothing where the box is skipped. 409 after
        the cut-off, and for a box that is paid for already."""
        body, actor = self.read_body(ShipmentExtraAdd), self.principal.actor
        wish = hashlib.sha256(self.key_needed().encode()).hexdigest()[:40]
        return self.box_acted(
            shipment, lambda row: box_add(shipment=row, extra=body.extra, count=body.count, key=wish, actor=actor)
        )


class ShipmentExtraView(ActionView):
    scopes = {"DELETE": WRITE}

    @describe(
        summary="Take something out of a box again",
        tag=TAG,
        answers={200: ShipmentOut},
        refusals=(409,),
        examples={"200": OPEN},
    )
    def delete(self, request: HttpRequest, shipment: UUID, line: str) -> HttpResponse:
        """It isn't charged; what isn't in the box changes nothing. 409 after the cut-off, or once it is on an
        invoice."""
        box_extra_remove(shipment=box_named(shipment), item_id=line, actor=self.principal.actor)
        return answer(200, shipment_out(box_named(shipment)))


class ShipmentNowView(BoxActionView):
    scopes = {"GET": WRITE, "POST": WRITE}

    @describe(
        summary="Ask what it costs to have a box now",
        tag=TAG,
        answers={200: ShipmentNowOut},
        refusals=(409,),
        examples={"200": {"due_minor": 1995, "currency": "EUR"}},
    )
    def get(self, request: HttpRequest, shipment: UUID) -> HttpResponse:
        """To the cent, as the payment service works it out; nothing is changed."""
        found = send_now_preview(box_named(shipment))
        return answer(200, ShipmentNowOut(found.due_minor, found.currency))

    @describe(
        summary="Have a box now",
        tag=TAG,
        body=ShipmentNow,
        answers={200: ShipmentOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {"due_minor": 1995}, "200": EXAMPLE},
    )
    def post(self, request: HttpRequest, shipment: UUID) -> HttpResponse:
        """Its cycle begins and is charged now, and the next one follows from today. 409 `preview_stale` when the amount
        isn't what was shown; 402 when the card declines: then all stays as it was."""
        body, actor = self.read_body(ShipmentNow), self.principal.actor
        return self.box_acted(shipment, lambda row: box_send_now(shipment=row, due_minor=body.due_minor, actor=actor))


class BoxQuantityView(ActionView):
    scopes = {"POST": WRITE}

    @describe(
        summary="Have so many of the box",
        tag=TAG,
        body=ShipmentQuantity,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {"quantity": 2}, "200": {**examples.SUBSCRIPTION, "quantity": 2}},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """From the next cycle on, at so many times the price; nothing is charged now. 409 after the next box' cut-off,
        or while a payment is late."""
        body, actor = self.read_body(ShipmentQuantity), self.principal.actor
        return self.acted(
            subscription, lambda row: box_quantity_set(subscription=row, quantity=body.quantity, actor=actor)
        )


def choices_out(boxes: Boxes) -> BoxChoicesOut:
    row = boxes.subscription
    return BoxChoicesOut(
        subscription=row.public_id, plan=row.plan.code, quantity=row.quantity,
        most_quantity=max(boxes.quantities, default=row.quantity), skips=boxes.skips, can_undo_skip=boxes.undo,
        frequencies=[price_out(each) for each in boxes.others],
        boxes=[
            _open_out(each, boxes.box.most_delay_days, row.price.currency if row.price is not None else "")
            for each in boxes.current
            if each.open and boxes.box is not None
        ],
    )  # fmt: skip


def _open_out(each: ShownBox, most_delay_days: int, currency: str) -> BoxOpenOut:
    return BoxOpenOut(
        shipment=each.row.public_id, cut_off_at=each.row.cut_off_at, needs_address=each.needs_address,
        can_be_sent_now=each.now, most_delay_days=most_delay_days, delayed_days=each.delayed_days,
        swaps=[
            BoxSwapOut(line.item, line.code, [_choice_out(choice) for choice in line.instead])
            for line in each.items
            if line.instead
        ],
        extras=[
            BoxExtraOut(
                extra.code, text_in(extra.name, "en"), text_in(extra.name, "nl"), extra.amount(currency) or 0, currency
            )
            for extra, _words in each.extras
        ],
    )  # fmt: skip


def _choice_out(each: BoxItem) -> BoxChoiceOut:
    return BoxChoiceOut(each.code, text_in(each.name, "en"), text_in(each.name, "nl"))


api_urls = [
    path("subscriptions/<uuid:subscription>/box-choices", BoxChoicesView.as_view(), name="sub-box-choices"),
    path("subscriptions/<uuid:subscription>/quantity", BoxQuantityView.as_view(), name="sub-quantity"),
    path("shipments/<uuid:shipment>/extras", ShipmentExtrasView.as_view(), name="shipment-extras"),
    path("shipments/<uuid:shipment>/extras/<str:line>", ShipmentExtraView.as_view(), name="shipment-extra"),
    path("shipments/<uuid:shipment>/now", ShipmentNowView.as_view(), name="shipment-now"),
]
