"""Who owes the brand money: invoices that a card was tried for in vain, with what happens next and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from msgspec import Struct

from billing.models import Invoice, SubscriptionChange


class Told(Struct, frozen=True):
    """How often the member was told that it wasn't paid, and when last."""

    times: int
    last_at: datetime | None


def invoices_owed() -> QuerySet[Invoice]:
    """Oldest first, with `since`: when a card was first tried in vain."""
    rows = Invoice.objects.filter(
        status=Invoice.Status.OPEN, attempts__gt=0, subscription__duplicate=False, subscription__ended_at__isnull=True
    )
    since = Coalesce(F("subscription__first_failed_at"), F("finalized_at"), F("created_at"))
    return rows.annotate(since=since).select_related("member", "subscription__plan__program").order_by("since", "pk")


def notices_of(invoices: Sequence[Invoice]) -> dict[int, Told]:
    """By the invoice's row: each failed attempt is a line of the timeline, and a mail to who has an address."""
    rows = SubscriptionChange.objects.filter(
        subscription__in={each.subscription_id for each in invoices if each.subscription_id}, kind="payment_failed"
    ).values_list("details__invoice_id", "at")
    found: dict[str, list[datetime]] = {}
    for named, at in rows:
        found.setdefault(str(named), []).append(at)
    times = {each.pk: found.get(str(each.public_id), []) for each in invoices}
    return {pk: Told(len(told), max(told, default=None)) for pk, told in times.items()}
