"""Beginning a subscription for a member: a free plan at once, any other over the payment service's page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.db import connection
from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.reading import SubscriptionsReadView
from billing.api.shapes import TAG, Address, PlanCode, PriceCode, SubscriptionOut, subscription_out
from billing.errors import PlanNotFound
from billing.joining import Joined, membership_join
from billing.models import MembershipPlan
from billing.plans import plan_named
from billing.selectors import subscription_named
from core.api.schema import describe
from core.api.shapes import Body
from core.idempotency import Reply
from members.api.reference import member_by_reference
from tenants.links import brand_url
from tenants.registry import brand_by_schema


class SubscriptionCreate(Body):
    """promotion_code: one that the member typed; left out, they can type one on the page where the plan takes them.
    success_url, cancel_url: where the page sends the member afterwards."""

    plan: PlanCode
    price: PriceCode = ""
    promotion_code: Annotated[str, Meta(max_length=60)] = ""
    success_url: Address = ""
    cancel_url: Address = ""


class JoinedOut(Struct):
    """subscription: where the plan is free. checkout_url: where it costs something; the member pays there, and the
    subscription is there once they have. It is open until checkout_expires_at, or until another is asked for."""

    subscription: SubscriptionOut | None
    checkout_url: str | None
    checkout_expires_at: datetime | None


class SubscriptionsView(SubscriptionsReadView, ActionView):
    scopes = {"GET": "memberships:read", "POST": "memberships:write"}

    @describe(
        summary="Begin a subscription",
        tag=TAG,
        body=SubscriptionCreate,
        answers={201: JoinedOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {"plan": "plus", "price": "month-EUR"}, "201": examples.JOINED},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """A free plan begins at once. For any other the answer has the address of the payment service's page: send the
        member there, and read their subscriptions afterwards. An older page that is open is closed.

        409 where there is a plan of the group already: change that one.
        """
        body, actor = self.read_body(SubscriptionCreate), self.principal.actor

        def run() -> Reply:
            made = membership_join(
                member=member_by_reference(member),
                plan=plan_in_body(body.plan),
                price=body.price,
                promotion_code=body.promotion_code,
                success_url=body.success_url or _first_page(),
                cancel_url=body.cancel_url or _first_page(),
                actor=actor,
            )
            return 201, joined_out(made)

        return self.done_once(run, location=f"/api/v1/members/{member}/subscriptions")


def plan_in_body(code: str) -> MembershipPlan:
    """One that doesn't exist makes the body wrong, not the address."""
    try:
        return plan_named(code)
    except PlanNotFound as error:
        raise PlanNotFound(field="plan", status=422) from error


def _first_page() -> str:
    brand = brand_by_schema(connection.schema_name)  # type: ignore[attr-defined]  # the tenants' backend adds it
    assert brand is not None
    return brand_url(brand)


def joined_out(made: Joined) -> JoinedOut:
    begun = made.subscription
    return JoinedOut(
        subscription_out(subscription_named(begun.public_id)) if begun is not None else None,
        made.url or None,
        made.checkout.expires_at if made.checkout is not None else None,
    )
