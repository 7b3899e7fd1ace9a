"""What isn't kept for ever: events of Stripe's and requests to it, some time after they were done.

Stripe itself tells of an event for thirty days and knows an idempotency key for one: after that they only lie there,
and what Stripe sent names people. Events that wait, have failed or are in quarantine stay until somebody has seen to
them, and so does a request whose outcome isn't known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import BillingOperation, QuarantinedEvent, StripeEvent
from core import clock

# What the hourly comparison may still be told of isn't new when it is.
LEAST_DAYS = 31
ROWS_AT_ONCE = 1_000
# A wish with a key of its own is known again by the request that carried it out, however much later it is sent.
KNOWN_AGAIN = ("box_extra", "box_extra_out", "refund", "use_credit", "meter_less", "balance_less")


def kept_since() -> datetime:
    """What was done before this goes."""
    return clock.now() - timedelta(days=max(settings.BILLING_KEEP_DAYS, LEAST_DAYS))


def events_forget() -> dict[str, int]:
    """Events that were worked, and those in quarantine about which somebody has decided. How many went."""
    before = kept_since()
    settled = ~Q(state=QuarantinedEvent.State.WAITING)
    apart = _delete(QuarantinedEvent.objects.filter(settled, settled_at__lt=before), "received_at", before)
    # One that somebody has still to compare with another under its id stays beside that.
    looked_at = QuarantinedEvent.objects.filter(connection=OuterRef("connection"), event_id=OuterRef("event_id"))
    done = StripeEvent.objects.filter(~Exists(looked_at), state=StripeEvent.State.DONE, done_at__lt=before)
    return {"stripe_events": _delete(done, "received_at", before), "quarantined_events": apart}


def operations_forget() -> dict[str, int]:
    """Requests that Stripe refused, or carried out, but for those by which a wish is known again. How many went."""
    before, state = kept_since(), BillingOperation.State
    over = BillingOperation.objects.exclude(state=state.OPEN).filter(done_at__lt=before, follow__isnull=True)
    return {"billing_operations": _delete(over.exclude(state=state.DONE, kind__in=KNOWN_AGAIN), "made_at", before)}


def _delete(rows: QuerySet[Any], came: str, before: datetime) -> int:
    """In pieces that commit by themselves, in the order in which they came; so nothing later than that is looked at.

    Done twice, or by two at once, it does the same: what the one has deleted the other doesn't find.
    """
    everything = rows.model.objects.order_by("pk")
    after, deleted = None, 0
    while True:
        rest = everything if after is None else everything.filter(pk__gt=after)
        seen = list(rest.values_list("pk", came)[:ROWS_AT_ONCE])
        old = [pk for pk, at in seen if at < before]
        if old:
            deleted += rows.filter(pk__in=old).delete()[0]
        if len(old) < len(seen) or len(seen) < ROWS_AT_ONCE:
            return deleted
        after = seen[-1][0]
