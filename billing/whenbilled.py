"""When a use that is paid for afterwards counts: at its own time or, where the period of that time has been billed by
now, at the time it is told of. Stripe bills no more of a period once its invoice is final, so that it would never be
paid for; so it stands on the invoice of the period that runs, and counts within the limit of that one."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.models import Invoice, MeteredUse, Subscription

# Stripe takes events of a moment of the last 35 days.
TOLD_WITHIN = timedelta(days=34)


def counts_at(row: Subscription, at: datetime, now: datetime) -> datetime:
    """The moment that Stripe is told, of one that was used at that time. What was used in a trial stays there: it costs
    nothing."""
    if row.trial_end is not None and at < row.trial_end:
        return at
    earliest = now - TOLD_WITHIN
    return at if at >= max(earliest, row.period_start or earliest) else now


def over_for(row: MeteredUse) -> bool:
    """Whether the meter or its subscription has ended and the last invoice is final: no other is to come."""
    if row.item.ended_at is None and row.item.subscription.ended_at is None:
        return False
    invoice = last_invoice(row)
    return invoice is None or invoice.status != Invoice.Status.DRAFT


def last_invoice(row: MeteredUse) -> Invoice | None:
    """Of a meter that ended within its period: what was used of it is on the invoice of the change."""
    ended = row.item.ended_at or row.item.subscription.ended_at
    mine = Invoice.objects.filter(subscription=row.item.subscription, created_at__gte=row.counts_at)
    return mine.exclude(created_at__gt=ended).order_by("-created_at").first() if ended is not None else None
