"""A comparison with Stripe that somebody asked for: it stands as a report from the beginning, and a worker fills it.

One of a kind is under way at a time for each account. A worker that died leaves its report to the sweep.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from billing.models import BillingReport, StripeConnection
from billing.reconciling import events_reconcile, subscriptions_reconcile
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.tasks import HEADER

log = logging.getLogger(__name__)

Kind = BillingReport.Kind
# A comparison that gave no sign of life for so long is anybody's.
SILENT = timedelta(minutes=5)


def comparison_request(*, account: StripeConnection, kind: Kind, actor: Actor) -> BillingReport:
    """Have the account compared; what is under way of this kind is given instead."""
    try:
        with transaction.atomic():
            row = BillingReport.objects.create(
                connection=account, kind=kind, started_at=clock.now(), asked_by=actor.name[:120]
            )
            audit_record(
                actor=actor.name, action="stripe.compare", object_type="stripeconnection", object_id=account.pk,
                changes={"kind": str(kind)},
            )  # fmt: skip
            _wake(row.pk)
    except IntegrityError:
        return _open_ones().get(connection=account, kind=kind)
    return row


def _wake(report_id: int) -> None:
    """After the commit. A worker that doesn't come is made good by the sweep."""
    from billing.tasks import comparison

    schema = connection.schema_name  # type: ignore[attr-defined]  # the tenants' backend adds it
    transaction.on_commit(
        lambda: comparison.apply_async((report_id,), headers={HEADER: schema}, retry=False), robust=True
    )


def comparison_run(report_id: int) -> None:
    """Compare, unless it is done or another is at it. Not in a transaction."""
    now = clock.now()
    mine = _open_ones().filter(Q(beat_at__isnull=True) | Q(beat_at__lt=now - SILENT), pk=report_id)
    if not mine.update(beat_at=now):
        return
    report = BillingReport.objects.select_related("connection").get(pk=report_id)
    compare = events_reconcile if report.kind == Kind.EVENTS else subscriptions_reconcile
    try:
        compare(report.connection, report)
    except Exception as error:
        log.exception("comparison %s broke off", report_id)
        BillingReport.objects.filter(pk=report_id).update(finished_at=clock.now(), problem=type(error).__name__)


def comparisons_sweep() -> int:
    """Those that nobody came for. How many."""
    due = _open_ones().filter(Q(beat_at__isnull=True) | Q(beat_at__lt=clock.now() - SILENT))
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    for each in ids:
        comparison_run(each)
    return len(ids)


def _open_ones() -> QuerySet[BillingReport]:
    return BillingReport.objects.filter(finished_at__isnull=True).exclude(asked_by="")
