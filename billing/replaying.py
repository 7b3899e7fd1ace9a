"""Events worked once more because staff ask for it: one at once, or all that were given up on."""

from __future__ import annotations

from django.db import transaction

from billing.models import StripeConnection, StripeEvent
from billing.working import event_replay
from core.actor import Actor
from core.audit import audit_record

State = StripeEvent.State


def event_again(*, event: StripeEvent, actor: Actor) -> StripeEvent:
    """From what is kept, as often as anybody likes: the outcome is what Stripe says now. Not in a transaction."""
    audit_record(actor=actor.name, action="stripe.replay", object_type="stripeevent", object_id=event.pk)
    event_replay(event)
    event.refresh_from_db()
    return event


def events_failed_again(*, account: StripeConnection, actor: Actor) -> int:
    """All that were given up on wait again; the sweep takes them, oldest first. How many."""
    with transaction.atomic():
        failed = StripeEvent.objects.filter(connection=account, state=State.FAILED)
        number = failed.update(state=State.WAITING, attempts=0, next_at=None, error="")
        if number:
            audit_record(
                actor=actor.name, action="stripe.replay", object_type="stripeconnection", object_id=account.pk,
                changes={"events": number},
            )  # fmt: skip
    return number
