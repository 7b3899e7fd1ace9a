"""What the actions share: the subscription that is named, and an answer once for each Idempotency-Key.

Stripe is asked outside of transactions, so a key can't share one with its effect. The key is claimed first instead
(core/claims.py); what is asked of Stripe has an operation's row with a key of its own, so the same wish again, after a
crash or a lost reply, does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from django.http import HttpResponse

from billing.api import examples
from billing.api.shapes import subscription_out
from billing.models import Subscription
from billing.selectors import subscription_named
from core.api.schema import path_parameter
from core.api.thin import ThinView
from core.errors import IdempotencyKeyMissing
from core.idempotency import Reply

path_parameter(
    "subscription",
    description="The subscription's id.",
    schema={"type": "string", "format": "uuid"},
    example=examples.SUBSCRIPTION_ID,
)


class ActionView(ThinView):
    """An action on subscriptions; done once for each Idempotency-Key, which is asked for."""

    def key_needed(self) -> str:
        """The wish's own key, unique among all partners. IdempotencyKeyMissing."""
        key = self.idempotency_key
        if not key:
            raise IdempotencyKeyMissing()
        return f"{self.principal.name}:{key}"

    def done_once(self, run: Callable[[], Reply], *, location: str | None = None) -> HttpResponse:
        self.key_needed()

        def plain() -> Reply:
            status, body = run()
            return status, msgspec.to_builtins(body)

        return self.once_by_nature(plain, location=(lambda _made: location) if location is not None else None)

    def acted(self, subscription: UUID, act: Callable[[Subscription], object]) -> HttpResponse:
        """Do it to the subscription of that id, and answer how it stands then."""

        def run() -> Reply:
            act(subscription_named(subscription))
            return 200, subscription_out(subscription_named(subscription))

        return self.done_once(run)
