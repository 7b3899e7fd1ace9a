"""Leaving cycles out on a member's behalf, and going on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.shapes import TAG, SubscriptionOut
from billing.pausing import subscription_pause, subscription_resume, subscription_skip
from core.api.schema import describe
from core.api.shapes import Body


class SubscriptionSkip(Body):
    """Left out: one."""

    cycles: Annotated[int, Meta(ge=1, le=12, description="More than one of a plan with boxes: as its terms say.")] = 1


class SubscriptionPause(Body):
    months: Annotated[int, Meta(ge=1, le=12, description="At most as many as the brand's terms say.")]


class SubscriptionResume(Body):
    """Nothing needs to be said."""


class SubscriptionSkipView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Skip the next cycles",
        tag=TAG,
        body=SubscriptionSkip,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {}, "200": examples.SKIPPING},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Exactly so many: they aren't charged and give nothing. Resume takes that back. 409 in a trial, when a payment
        is late, when it ends anyway or is paused, and `box_closed` after the next box' cut-off."""
        cycles, actor = self.read_body(SubscriptionSkip).cycles, self.principal.actor
        return self.acted(subscription, lambda row: subscription_skip(subscription=row, cycles=cycles, actor=actor))


class SubscriptionPauseView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Pause a subscription",
        tag=TAG,
        body=SubscriptionPause,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {"months": 1}, "200": examples.SKIPPING},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """From the end of what is paid for, for so many months; it goes on by itself."""
        body, actor = self.read_body(SubscriptionPause), self.principal.actor
        return self.acted(
            subscription, lambda row: subscription_pause(subscription=row, months=body.months, actor=actor)
        )


class SubscriptionResumeView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Resume a subscription",
        tag=TAG,
        body=SubscriptionResume,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {}, "200": examples.SUBSCRIPTION},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Before the time that is left out has begun: as if nothing had been. Within it: with a new period, which is
        charged now; 402 when the card declines."""
        self.read_body(SubscriptionResume)
        actor = self.principal.actor
        return self.acted(subscription, lambda row: subscription_resume(subscription=row, actor=actor))
