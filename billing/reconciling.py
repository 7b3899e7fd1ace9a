"""Our rows beside Stripe's, so that a webhook that never came costs nothing: hourly what was sent, nightly everything.

What differs is put right by reading the customer anew, the same way as ever; the report says what it was. A second run
finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from billing.catalog import price_of
from billing.connections import EVENTS, connection_check, endpoints_tidy, key_refused
from billing.customers import customer_of, member_of
from billing.errors import StripeKeyRefused, StripeUnavailable
from billing.gateway import ask_all
from billing.models import BillingDifference, BillingReport, StripeConnection, StripeEvent, Subscription
from billing.sweeping import one_by_one
from billing.syncing import customer_sync
from billing.times import seconds_of
from billing.webhooks import event_keep
from billing.working import event_work
from core import clock
from core.errors import DomainError

Kind, Report = BillingDifference.Kind, BillingReport.Kind
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Stripe keeps events for thirty days.
KEPT = timedelta(days=29)
# An event may be listed after one that is younger.
OVERLAP = timedelta(minutes=10)
# A subscription's own page says more than a list of differences; many are told by number.
MOST_TOLD = 500
# Rows of ours that are read together.
AT_ONCE = 2_000


def events_reconcile(connection: StripeConnection, report: BillingReport | None = None) -> BillingReport:
    """Take in what was sent since the last time and never arrived. report: one that was asked for. Not in a
    transaction."""
    now = clock.now()
    report = report or BillingReport.objects.create(connection=connection, kind=Report.EVENTS, started_at=now)
    since = max(connection.events_at - OVERLAP if connection.events_at else now - KEPT, now - KEPT)
    since = max(since, connection.created_at - OVERLAP) if connection.events_at is None else since
    try:
        missed = list(_missed(connection, seconds_of(since), report))
    except (StripeUnavailable, StripeKeyRefused) as error:
        return _ended(report, problem=_told(connection, error))
    for event_id, row_id in missed:
        event_work(row_id)
        done = StripeEvent.objects.filter(pk=row_id, state=StripeEvent.State.DONE).exists()
        BillingDifference.objects.create(report=report, kind=Kind.MISSED_EVENT, object_id=event_id, repaired=done)
        report.repaired += int(done)
        _beat(report)
    StripeConnection.objects.filter(pk=connection.pk).update(events_at=now)
    return _ended(report)


def _missed(connection: StripeConnection, since: int, report: BillingReport) -> Iterator[tuple[str, int]]:
    """Stripe lists the newest first; they are worked from the oldest on."""
    wanted = set(EVENTS)
    # `types` takes twenty at most, so what isn't ours is left out here.
    listed = ask_all(connection, lambda v1, page: v1.events.list({**page, "created": {"gte": since}}))
    found = [each for each in listed if each["type"] in wanted]
    report.seen = len(found)
    for each in reversed(found):
        row_id = event_keep(connection, each, by="list")
        if row_id is not None:
            yield each["id"], row_id


def subscriptions_reconcile(connection: StripeConnection, report: BillingReport | None = None) -> BillingReport:
    """Compare every subscription, and every one of ours that isn't over, with the other side. report: one that was
    asked for. Not in a transaction."""
    report = report or BillingReport.objects.create(connection=connection, kind=Report.WHOLE, started_at=clock.now())
    try:
        theirs = {
            each["id"]: _There(str(each["customer"]), _prices(each), _theirs(each))
            for each in ask_all(connection, lambda v1, page: v1.subscriptions.list({**page, "status": "all"}))
        }
        report.seen = len(theirs)
        for customer in _customers_astray(connection, theirs, report):
            _customer_repair(connection, customer, report)
            _beat(report)
    except (StripeUnavailable, StripeKeyRefused) as error:
        return _ended(report, problem=_told(connection, error))
    return _ended(report)


class _There(NamedTuple):
    """A subscription at Stripe, as little of it as is needed: an account has a hundred thousand of them."""

    customer: str
    prices: tuple[str, ...]
    facts: tuple[object, ...]

    @property
    def status(self) -> str:
        return str(self.facts[0])


def _customers_astray(connection: StripeConnection, theirs: dict[str, _There], report: BillingReport) -> list[str]:
    """Customers of whom something differs, as far as the lists tell; what isn't ours is told and let be."""
    rows = Subscription.objects.filter(connection=connection, plan__kind="recurring").order_by("pk")
    ours = {str(row.stripe_id): _ours(row) for row in rows.prefetch_related("add_ons").iterator(chunk_size=AT_ONCE)}
    astray: list[str] = []
    for named, there in theirs.items():
        if named not in ours:
            if member_of(connection, there.customer) is None or not _priced_by_us(connection, there):
                if there.status not in ("canceled", "incomplete_expired"):
                    _differs(report, Kind.NOT_OURS, named, theirs=there.status)
                continue
            astray.append(there.customer)
        elif ours[named] != there.facts:
            astray.append(there.customer)
    gone = [named for named, facts in ours.items() if named not in theirs and not facts[-1]]
    for first in range(0, len(gone), AT_ONCE):
        for row in rows.filter(stripe_id__in=gone[first : first + AT_ONCE]).select_related("member"):
            customer = customer_of(connection, row.member)
            if customer is not None:
                astray.append(customer)
    return sorted(set(astray))


def _customer_repair(connection: StripeConnection, customer: str, report: BillingReport) -> None:
    try:
        followed = customer_sync(connection, customer)
    except (StripeUnavailable, StripeKeyRefused):
        raise
    except DomainError as error:
        _differs(report, Kind.OTHER_STATE, customer, theirs=error.code)
        return
    for named, before, after in followed.changed:
        kind = Kind.OTHER_STATE if before else Kind.UNKNOWN_HERE
        _differs(report, kind, named, ours=before, theirs=after, repaired=True)


def _prices(raw: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(each["price"]["id"]) for each in raw["items"]["data"])


def _priced_by_us(connection: StripeConnection, there: _There) -> bool:
    return any(price_of(connection, each) is not None for each in there.prices)


def _ours(row: Subscription) -> tuple[object, ...]:
    """What a difference of means that something was missed."""
    ends = seconds_of(row.period_end) if row.period_end else None
    cancels = seconds_of(row.cancel_at) if row.cancel_at else None
    tops = [(each.item_id, each.quantity) for each in row.add_ons.all() if each.ended_at is None]
    items = [(row.item_id, row.quantity), *tops] if row.ended_at is None else []
    return row.billing, sorted(items), ends, cancels, row.collection_paused, row.ended_at is not None


def _theirs(raw: dict[str, Any]) -> tuple[object, ...]:
    there = raw["items"]["data"]
    ends = there[0].get("current_period_end")
    cancels = raw.get("cancel_at") or (ends if raw.get("cancel_at_period_end") else None)
    items = [(each["id"], int(each.get("quantity") or 0)) for each in there] if not raw.get("ended_at") else []
    return (
        raw["status"], sorted(items), ends, cancels, raw.get("pause_collection") is not None, bool(raw.get("ended_at"))
    )  # fmt: skip


def _differs(
    report: BillingReport, kind: str, named: str, *, ours: str = "", theirs: str = "", repaired: bool = False
) -> None:
    report.repaired += int(repaired)
    if report.differences.count() < MOST_TOLD:
        BillingDifference.objects.create(
            report=report, kind=kind, object_id=named[:80], ours=ours, theirs=theirs, repaired=repaired
        )


def _told(connection: StripeConnection, error: DomainError) -> str:
    if isinstance(error, StripeKeyRefused):
        key_refused(connection, str(error.detail))
    return error.code


def _beat(report: BillingReport) -> None:
    """How far it is, for who looks on; and that it is alive."""
    report.beat_at = clock.now()
    report.save(update_fields=["seen", "repaired", "beat_at"])


def _ended(report: BillingReport, problem: str = "") -> BillingReport:
    report.finished_at, report.problem = clock.now(), problem
    report.save()
    return report


def reconciling_due() -> int:
    """Called often: what hasn't been compared for an hour, or wholly for a day. How many comparisons were made."""
    now, made = clock.now(), 0
    used = Q(current=True) | Q(subscriptions__ended_at__isnull=True, subscriptions__isnull=False)
    for connection in StripeConnection.objects.filter(used).distinct().order_by("pk"):
        if connection.health != StripeConnection.Health.GOOD and not _well_again(connection):
            continue
        if not _since(connection, Report.EVENTS, now - HOUR):
            events_reconcile(connection)
            made += 1
        if not _since(connection, Report.WHOLE, now - DAY):
            subscriptions_reconcile(connection)
            one_by_one([connection], lambda each: endpoints_tidy(connection=each), "the endpoints of")
            made += 1
    return made


def _well_again(connection: StripeConnection) -> bool:
    try:
        return connection_check(connection=connection)
    except StripeUnavailable:
        return False


def _since(connection: StripeConnection, kind: str, moment: datetime) -> bool:
    """Whether one was made since then; one that broke off, or was broken off, counts for an hour."""
    lately = Q(started_at__gt=clock.now() - HOUR) | Q(finished_at__isnull=False, problem="")
    return connection.reports.filter(lately, kind=kind, started_at__gt=moment).exists()
