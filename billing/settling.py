"""What the team decides about an event in quarantine: it takes the known one's place, or it is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.errors import NotPossibleNow
from billing.models import QuarantinedEvent, StripeEvent
from billing.quarantine import COUNTS_DOWN
from billing.waking import event_wake
from billing.webhooks import customer_named
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput

State = QuarantinedEvent.State
LONGEST = 200
MISSING = object()


class Difference(Struct, frozen=True):
    """A place in the two bodies, as `data.object.status`; None where the one or the other has nothing there."""

    at: str
    known: Any
    new: Any


def quarantine_take(*, event: QuarantinedEvent, reason: str, actor: Actor) -> QuarantinedEvent:
    """It takes the known one's place, and what it is about is read from Stripe anew. NotPossibleNow when somebody has
    decided already; InvalidInput without a reason."""
    with transaction.atomic():
        row = _open(event)
        kept = StripeEvent.objects.select_for_update().get(connection_id=row.connection_id, event_id=row.event_id)
        row.sealed_known = kept.sealed_body
        thing = row.body["data"]["object"]
        kept.sealed_body, kept.type = row.sealed_body, row.type
        kept.object_id, kept.customer = str(thing.get("id") or "")[:80], customer_named(thing)[:80]
        kept.state, kept.attempts, kept.next_at, kept.error = StripeEvent.State.WAITING, 0, None, ""
        kept.save(
            update_fields=["sealed_body", "type", "object_id", "customer", "state", "attempts", "next_at", "error"]
        )
        _settle(row, State.TAKEN, reason, actor)
        event_wake(kept.pk, kept.connection_id, kept.customer)
    return row


def quarantine_drop(*, event: QuarantinedEvent, reason: str, actor: Actor) -> QuarantinedEvent:
    """Nothing is done with it. The same as quarantine_take refuses."""
    with transaction.atomic():
        row = _open(event)
        _settle(row, State.DROPPED, reason, actor)
    return row


def _open(event: QuarantinedEvent) -> QuarantinedEvent:
    """The row, alone. Two who decide at once: the second is told what the first said."""
    row = QuarantinedEvent.objects.select_for_update(no_key=True).get(pk=event.pk)
    if row.state != State.WAITING:
        raise NotPossibleNow(_("Somebody has decided about this event already."), state=row.state)
    return row


def _settle(row: QuarantinedEvent, state: str, reason: str, actor: Actor) -> None:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise InvalidInput(_("Say why, in 200 characters at most."), field="reason")
    row.state, row.reason, row.settled_by, row.settled_at = state, reason, actor.name[:120], clock.now()
    row.save(update_fields=["state", "reason", "settled_by", "settled_at", "sealed_known"])
    audit_record(
        actor=actor.name, action=f"stripe.quarantine_{state}", object_type="quarantinedevent", object_id=row.pk,
        changes={"event": row.event_id, "type": row.type, "reason": reason},
    )  # fmt: skip


# --- what differs ----------------------------------------------------------------------------------------------------
def known_body(event: QuarantinedEvent) -> dict[str, Any]:
    """What was known when it came."""
    taken = event.known
    if taken is not None:
        return taken
    row = StripeEvent.objects.filter(connection_id=event.connection_id, event_id=event.event_id).first()
    return row.body if row is not None else {}


def differences(known: Any, new: Any) -> list[Difference]:
    """Where two bodies say different things, in the order of the known one; what counts down says nothing."""
    return [each for each in _differing(known, new, "") if each.at != COUNTS_DOWN]


def _differing(known: Any, new: Any, at: str) -> Iterator[Difference]:
    if isinstance(known, dict) and isinstance(new, dict):
        for name in [*known, *(each for each in new if each not in known)]:
            yield from _differing(known.get(name, MISSING), new.get(name, MISSING), f"{at}.{name}" if at else name)
    elif isinstance(known, list) and isinstance(new, list):
        for place in range(max(len(known), len(new))):
            pair = [each[place] if place < len(each) else MISSING for each in (known, new)]
            yield from _differing(pair[0], pair[1], f"{at}.{place}")
    elif known is MISSING or new is MISSING or known != new:
        yield Difference(at, None if known is MISSING else known, None if new is MISSING else new)
