"""Another plan or price for a member: what it would cost, to the cent, and then exactly that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.joining import plan_in_body
from billing.api.shapes import TAG, PlanCode, PriceCode, SubscriptionOut
from billing.changing import (
    Preview,
    subscription_change,
    subscription_change_withdraw,
    subscription_preview,
)
from billing.selectors import subscription_named
from core.api.schema import describe
from core.api.shapes import Body
from core.api.views import answer


class ChangeQuery(Struct):
    plan: PlanCode
    price: PriceCode = ""


class PreviewLineOut(Struct):
    description: str
    amount_minor: int


class PreviewOut(Struct):
    """at: now, or period_end where less begins with the next period. due_minor: what is charged on changing.
    credit_minor: what of the old plan is made good. shown_at: give it back on changing, within half an hour."""

    plan: str
    price: str
    at: Literal["now", "period_end"]
    due_minor: int
    currency: str
    credit_minor: int
    shown_at: datetime
    begins_at: datetime
    lines: list[PreviewLineOut]


class SubscriptionChangeBody(Body):
    """shown_at, due_minor: the preview's."""

    plan: PlanCode
    shown_at: Annotated[datetime, Meta(tz=True)]
    due_minor: Annotated[int, Meta(ge=0, le=10**12)]
    price: PriceCode = ""


class ChangeWithdraw(Body):
    """Nothing needs to be said."""


class SubscriptionChangeView(ActionView):
    scopes = {"GET": "memberships:write", "POST": "memberships:write"}

    @describe(
        summary="Ask what a change would cost",
        tag=TAG,
        query=ChangeQuery,
        answers={200: PreviewOut},
        refusals=(409, 422),
        examples={"200": examples.PREVIEW},
    )
    def get(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """To the cent, as the payment service works it out; nothing is changed. More begins at once and is charged now,
        less begins with the next period."""
        query = self.read_query(ChangeQuery)
        row = subscription_named(subscription)
        found = subscription_preview(subscription=row, plan=plan_in_body(query.plan), price=query.price)
        return answer(200, preview_out(found))

    @describe(
        summary="Change a subscription",
        tag=TAG,
        body=SubscriptionChangeBody,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": examples.CHANGE, "200": {**examples.SUBSCRIPTION, "plan": "max"}},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Exactly as it was shown. 409 `preview_stale` when the amount isn't that any more: ask again.

        402 when the payment doesn't go through: the old plan holds, and the problem says where it can be paid.
        """
        body, actor = self.read_body(SubscriptionChangeBody), self.principal.actor
        return self.acted(
            subscription,
            lambda row: subscription_change(
                subscription=row, plan=plan_in_body(body.plan), price=body.price, shown_at=body.shown_at,
                due_minor=body.due_minor, actor=actor,
            ),
        )  # fmt: skip


class ChangeWithdrawView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Withdraw a change that is to come",
        tag=TAG,
        body=ChangeWithdraw,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {}, "200": examples.SUBSCRIPTION},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """What was to begin with the next period doesn't; where nothing was to, nothing changes."""
        self.read_body(ChangeWithdraw)
        actor = self.principal.actor
        return self.acted(subscription, lambda row: subscription_change_withdraw(subscription=row, actor=actor))


def preview_out(found: Preview) -> PreviewOut:
    return PreviewOut(
        plan=found.price.plan.code, price=found.price.code, at=found.at, due_minor=found.due_minor,
        currency=found.currency, credit_minor=found.credit_minor, shown_at=found.shown_at, begins_at=found.begins_at,
        lines=[PreviewLineOut(str(each["description"]), int(each["amount_minor"])) for each in found.lines],
    )  # fmt: skip
