"""Who pays and uses nothing is told so, once for each charge: it is their money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from billing.models import Subscription, SubscriptionChange
from billing.plans import billing_section
from billing.sharing import unused_since
from billing.timeline import happened
from core import clock
from loyalty.models import Program
from loyalty.nightly import Night
from loyalty.selectors import document_now

KIND = "unused_told"
AT_ONCE = 500


def unused_night(night: Night) -> Iterator[int]:
    """The night's part: how many were told."""
    if told := unused_tell(night.program):
        yield told


def unused_tell(program: Program) -> int:
    """Who was charged so many days ago and has used nothing since. Looked at once in a night, in pieces."""
    days = billing_section(document_now(program.pk)).unused_notice_days
    if not days:
        return 0
    now, after, found = clock.now(), 0, 0
    told = SubscriptionChange.objects.filter(subscription=OuterRef("pk"), kind=KIND, at__gte=OuterRef("charged_at"))
    rows = Subscription.objects.filter(
        ~Exists(told), plan__program=program, plan__kind="recurring", billing=Subscription.Billing.ACTIVE,
        access=Subscription.Access.HELD, collection_paused=False, cancel_at__isnull=True, ended_at__isnull=True,
        duplicate=False, charged_at__lte=now - timedelta(days=days),
    ).select_related("plan__program", "member")  # fmt: skip
    while page := list(rows.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        found += sum(_told(row, days) for row in page)
        after = page[-1].pk
    return found


def _told(row: Subscription, days: int) -> int:
    assert row.charged_at is not None
    if not unused_since(row, row.charged_at):
        return 0
    with transaction.atomic():
        return int(happened(row, KIND, key=row.charged_at.isoformat(), topic="subscription.unused", days=days))
