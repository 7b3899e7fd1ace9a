"""Leaving, and staying after all, on a member's behalf."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from billing.api import examples
from billing.api.asking import ActionView
from billing.api.shapes import TAG, SubscriptionCancel, SubscriptionOut
from billing.leaving import subscription_cancel, subscription_keep
from core.api.schema import describe
from core.api.shapes import Body


class SubscriptionKeep(Body):
    """Nothing needs to be said."""


class SubscriptionCancelView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Cancel a subscription",
        tag=TAG,
        body=SubscriptionCancel,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": examples.CANCEL, "200": examples.LEAVING},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """With the period that is paid for: until then what the plan gives holds, and it can be taken back (keep).

        `when: now` ends it at once. That alone pays nothing back: refund an invoice for that. One that is to end
        already stays so. 409 when it has ended.
        """
        body, actor = self.read_body(SubscriptionCancel), self.principal.actor
        return self.acted(
            subscription,
            lambda row: subscription_cancel(
                subscription=row, when=body.when, reason=body.reason, comment=body.comment, actor=actor
            ),
        )


class SubscriptionKeepView(ActionView):
    scopes = {"POST": "memberships:write"}

    @describe(
        summary="Keep a subscription after all",
        tag=TAG,
        body=SubscriptionKeep,
        answers={200: SubscriptionOut},
        idempotency="required",
        refusals=(402, 409),
        examples={"body": {}, "200": examples.SUBSCRIPTION},
    )
    def post(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """Takes back that it is to end, as long as it runs; one that isn't to end stays as it is."""
        self.read_body(SubscriptionKeep)
        actor = self.principal.actor
        return self.acted(subscription, lambda row: subscription_keep(subscription=row, actor=actor))
