"""What follows a reservation: capturing it, the money part, where a parcel goes."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from msgspec import Meta, Struct

from core.api.schema import describe
from core.api.shapes import Body
from core.api.views import ApiView
from core.idempotency import Reply
from rewards.api import examples
from rewards.api.redemptions import TAG, redemption_by_id
from rewards.api.shapes import RedemptionOut, redemption_out
from rewards.fulfilment import Address, address_set
from rewards.reserving import redemption_capture, redemption_paid

ADDRESS: dict[str, Any] = {
    "name": "Anna de Vries",
    "street": "Kade 12",
    "postcode": "1011 AB",
    "city": "Amsterdam",
    "country": "NL",
}
CAPTURED: dict[str, Any] = {**examples.REDEMPTION, "state": "redeemed"}


class RedemptionCapture(Body):
    """Nothing needs to be said."""


class MoneyPaid(Body):
    amount_minor: Annotated[int, Meta(ge=1, le=10**12)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
    reference: Annotated[str, Meta(min_length=1, max_length=120, description="Your payment's number.")]


class AddressIn(Body):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    street: Annotated[str, Meta(min_length=1, max_length=120)]
    postcode: Annotated[str, Meta(min_length=1, max_length=20)]
    city: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    extra: Annotated[str, Meta(max_length=120)] = ""


class AddressOut(Struct):
    """How far the parcel is."""

    redemption: UUID
    state: str
    country: str
    carrier: str
    tracking: str


class CaptureView(ApiView):
    scopes = {"POST": "redemptions:write"}

    @describe(
        summary="Capture a reservation",
        tag=TAG,
        body=RedemptionCapture,
        answers={200: RedemptionOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": {}, "200": CAPTURED},
    )
    def post(self, request: Any, redemption: UUID) -> HttpResponse:
        """The points are spent and the reward is the member's. 409 when it was canceled or its time is up."""
        self.read_body(RedemptionCapture)

        def run() -> Reply:
            redemption_capture(redemption=redemption_by_id(redemption), actor=self.principal.actor)
            return 200, redemption_out(redemption_by_id(redemption))

        return self.once(run, required=True)


class MoneyView(ApiView):
    scopes = {"POST": "redemptions:write"}

    @describe(
        summary="Confirm the money part",
        tag=TAG,
        body=MoneyPaid,
        answers={200: RedemptionOut},
        idempotency="required",
        refusals=(409,),
        examples={
            "body": {"amount_minor": 500, "currency": "EUR", "reference": "pay-1007"},
            "200": {**CAPTURED, "money_minor": 500, "money_currency": "EUR", "money_state": "confirmed"},
        },
    )
    def post(self, request: Any, redemption: UUID) -> HttpResponse:
        """You have the money that this reward costs besides points: with that the reservation is captured.

        409 when it isn't the amount that is due, or the reservation has ended: give the money back then.
        """
        body = self.read_body(MoneyPaid)

        def run() -> Reply:
            redemption_paid(
                redemption=redemption_by_id(redemption),
                amount_minor=body.amount_minor,
                currency=body.currency,
                reference=body.reference,
                actor=self.principal.actor,
            )
            return 200, redemption_out(redemption_by_id(redemption))

        return self.once(run, required=True)


class AddressView(ApiView):
    scopes = {"PUT": "redemptions:write"}

    @describe(
        summary="Say where a parcel goes",
        tag=TAG,
        body=AddressIn,
        answers={200: AddressOut},
        idempotency="optional",
        refusals=(409,),
        examples={
            "body": ADDRESS,
            "200": {
                "redemption": examples.REDEMPTION_ID,
                "state": "to_pack",
                "country": "NL",
                "carrier": "",
                "tracking": "",
            },
        },
    )  # fmt: skip
    def put(self, request: Any, redemption: UUID) -> HttpResponse:
        """Until it is packed. 409 when nothing is sent for this reward, or it isn't sent to that country."""
        body = self.read_body(AddressIn)
        address = Address(body.name, body.street, body.postcode, body.city, body.country, body.extra)

        def run() -> Reply:
            made = address_set(redemption=redemption_by_id(redemption), address=address, actor=self.principal.actor)
            return 200, AddressOut(redemption, made.state, made.country, made.carrier, made.tracking)

        return self.once(run, required=False)
