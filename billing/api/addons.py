"""What comes on top of a member's plan: which add-ons there are, what so many would cost, and having them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from billing.addons import AddOnChoice, AddOnPreview, add_on_preview, add_on_set, add_ons_for
from billing.api import examples
from billing.api.asking import ActionView
from billing.api.changing import PreviewLineOut
from billing.api.shapes import TAG, PriceOut, SubscriptionOut, price_out
from billing.plans import definition_of, plan_named
from billing.selectors import subscription_named
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from loyalty.definition.translation import text_in

path_parameter("add_on", description="The add-on's code.", schema={"type": "string"}, example="extra_box")


class AddOnOut(Struct):
    """As it goes with this subscription. quantity: how many there are; most: how many there can be."""

    add_on: str
    name: str
    name_nl: str
    price: PriceOut
    quantity: int
    most: int


class AddOnsOut(Struct):
    plan: str
    results: list[AddOnOut]


class AddOnQuery(Struct):
    quantity: Annotated[int, Meta(ge=0, le=99)]


class AddOnPreviewOut(Struct):
    """due_minor: charged on confirming. credit_minor: taken off the next invoice. next_minor: what the next invoice
    comes to, before credit, discounts and tax. shown_at: give it back on confirming, within half an hour."""

    add_on: str
    quantity: int
    price: PriceOut
    due_minor: int
    credit_minor: int
    next_minor: int
    currency: str
    shown_at: datetime
    lines: list[PreviewLineOut]


class AddOnSet(Body):
    """quantity: how many there are to be; 0: none. shown_at, due_minor: the preview's."""

    quantity: Annotated[int, Meta(ge=0, le=99)]
    shown_at: Annotated[datetime, Meta(tz=True)]
    due_minor: Annotated[int, Meta(ge=0, le=10**12)]


class SubscriptionAddOnsView(ThinView):
    scopes = {"GET": "memberships:read"}

    @describe(
        summary="List a subscription's add-ons",
        tag=TAG,
        answers={200: AddOnsOut},
        examples={"200": examples.ADD_ONS},
    )
    def get(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Those that it has and those that can be added, each at the price that goes with the plan's period."""
        row = subscription_named(subscription)
        return answer(200, AddOnsOut(row.plan.code, [add_on_out(each) for each in add_ons_for(row)]))


class SubscriptionAddOnView(ActionView):
    scopes = {"GET": "memberships:write", "POST": "memberships:write"}

    @describe(
        summary="Ask what an add-on would cost",
        tag=TAG,
        query=AddOnQuery,
        answers={200: AddOnPreviewOut},
        refusals=(409, 422),
        examples={"200": examples.ADD_ON_PREVIEW},
    )
    def get(self, request: HttpRequest, subscription: UUID, add_on: str) -> HttpResponse:
        """To the cent, as the payment service works it out; nothing is changed. More is charged now for the rest of the
        period; fewer is credited on the next invoice."""
        query, row = self.read_query(AddOnQuery), subscription_named(subscription)
        found = add_on_preview(subscription=row, add_on=plan_named(add_on), quantity=query.quantity)
        return answer(200, add_on_preview_out(found))

    @describe(
        summary="Have so many of an add-on",
        tag=TAG,
        body=AddOnSet,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": examples.ADD_ON_IN, "200": examples.WITH_ADD_ON},
    )
    def post(self, request: HttpRequest, subscription: UUID, add_on: str) -> HttpResponse:
        """Exactly as it was shown, at once; 0 takes it off.

        409 `preview_stale` when the amount isn't that any more; 402 when the payment doesn't go through: then it stays
        as it was.
        """
        body, actor = self.read_body(AddOnSet), self.principal.actor
        return self.acted(
            subscription,
            lambda row: add_on_set(
                subscription=row, add_on=plan_named(add_on), quantity=body.quantity, shown_at=body.shown_at,
                due_minor=body.due_minor, actor=actor,
            ),
        )  # fmt: skip


def add_on_out(each: AddOnChoice) -> AddOnOut:
    name = definition_of(each.plan).name
    return AddOnOut(
        each.plan.code, text_in(name, "en"), text_in(name, "nl"), price_out(each.price), each.quantity, each.most
    )


def add_on_preview_out(found: AddOnPreview) -> AddOnPreviewOut:
    return AddOnPreviewOut(
        add_on=found.plan.code, quantity=found.quantity, price=price_out(found.price), due_minor=found.due_minor,
        credit_minor=found.credit_minor, next_minor=found.next_minor, currency=found.currency,
        shown_at=found.shown_at,
        lines=[PreviewLineOut(str(each["description"]), int(each["amount_minor"])) for each in found.lines],
    )  # fmt: skip
