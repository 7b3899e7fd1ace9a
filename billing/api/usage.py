"""What a member has used of what is paid for afterwards, what it comes to, and their own limit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.shapes import TAG
from billing.metering import Usage, usage_cap_set, usage_of
from billing.selectors import subscription_named
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply

path_parameter("meter", description="The meter's code.", schema={"type": "string"}, example="extra_delivery")


class UsageOut(Struct):
    """In the period that runs. late_uses: of those, so many were used before it and told of when their own period had
    been billed; they are billed with this one. included: uses that cost nothing; unit_minor: each further one.
    due_minor: what it comes to so far, before discounts and tax: the next invoice has it. cap_minor: the member's
    limit; null: none."""

    meter: str
    benefit_uses: int
    late_uses: int
    included: int
    unit_minor: int
    currency: str
    due_minor: int
    cap_minor: int | None
    since: datetime
    until: datetime | None


class UsagesOut(Struct):
    results: list[UsageOut]


class UsageCap(Body):
    """cap_minor null: no limit."""

    cap_minor: Annotated[int, Meta(ge=0, le=10**9)] | None


class SubscriptionUsageView(ThinView):
    scopes = {"GET": "memberships:read"}

    @describe(
        summary="Read what was used",
        tag=TAG,
        answers={200: UsagesOut},
        examples={"200": examples.USAGES},
    )
    def get(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Of each meter of the subscription, in the period that runs; as counted here, nothing is asked."""
        row = subscription_named(subscription)
        return answer(200, UsagesOut([usage_out(each) for each in usage_of(row)]))


class UsageCapView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Set a member's limit",
        tag=TAG,
        body=UsageCap,
        answers={200: UsageOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": {"cap_minor": 1000}, "200": {**examples.USAGE, "cap_minor": 1000}},
    )
    def post(self, request: HttpRequest, subscription: UUID, meter: str) -> HttpResponse:
        """What they want to pay for it in a period at most: a use that goes beyond is refused (`usage_cap_reached`)."""
        body, actor = self.read_body(UsageCap), self.principal.actor

        def run() -> Reply:
            row = subscription_named(subscription)
            found = usage_cap_set(subscription=row, meter=meter, cap_minor=body.cap_minor, actor=actor)
            return 200, usage_out(found)

        return self.done_once(run)


def usage_out(each: Usage) -> UsageOut:
    return UsageOut(
        meter=each.item.plan.code, benefit_uses=each.used, late_uses=each.late, included=each.included,
        unit_minor=each.unit_minor, currency=each.currency, due_minor=each.due_minor, cap_minor=each.cap_minor,
        since=each.since, until=each.until,
    )  # fmt: skip
