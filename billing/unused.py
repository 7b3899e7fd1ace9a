"""Who pays and uses nothing is told so, once for each charge at most: it is their money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from billing.models import Invoice, Subscription, SubscriptionChange
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
    """Who has paid and had it for so many days, and used nothing in them nor since the last charge. Periods that are
    shorter than that count together. Looked at once in a night, in pieces."""
    days = billing_section(document_now(program.pk)).unused_notice_days
    if not days:
        return 0
    ago, after, found = clock.now() - timedelta(days=days), 0, 0
    mine = SubscriptionChange.objects.filter(subscription=OuterRef("pk"))
    told = mine.filter(Q(at__gte=OuterRef("charged_at")) | Q(at__gt=ago), kind=KIND)
    # Who paused, or had it held back, couldn't use it.
    had_again = mine.filter(kind="access_began", at__gt=ago)
    paid = Invoice.objects.filter(subscription=OuterRef("pk"), status=Invoice.Status.PAID, paid_minor__gt=0)
    rows = Subscription.objects.filter(
        ~Exists(told), ~Exists(had_again), Exists(paid.filter(paid_at__lte=ago)), plan__program=program,
        plan__kind="recurring", billing=Subscription.Billing.ACTIVE, access=Subscription.Access.HELD,
        collection_paused=False, cancel_at__isnull=True, ended_at__isnull=True, duplicate=False,
        charged_at__isnull=False,
    ).select_related("plan__program", "member")  # fmt: skip
    while page := list(rows.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        found += sum(_told(row, days, ago) for row in page)
        after = page[-1].pk
    return found


def _told(row: Subscription, days: int, ago: datetime) -> int:
    assert row.charged_at is not None
    if not unused_since(row, min(row.charged_at, ago)):
        return 0
    with transaction.atomic():
        return int(happened(row, KIND, key=row.charged_at.isoformat(), topic="subscription.unused", days=days))
