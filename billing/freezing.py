"""While a plan is paused its member's clocks stand still, where the brand's terms say so. A skipped cycle is no pause.

The sweep compares: who is paused has frozen clocks, who isn't hasn't. Done twice, it changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.locking import member_locked
from billing.models import ClockFreeze, Subscription, SubscriptionChange
from billing.plans import section_now
from billing.selectors import next_charge
from core import clock
from core.actor import system
from loyalty.freezing import clocks_hold, clocks_release
from loyalty.models import Enrollment

ACTOR = system("billing")
AT_ONCE = 200
# A pause without an end is put off by so much at a time, and again so long before that is used up.
OPEN_DAYS, SOON = 30, timedelta(days=7)


def clocks_sweep() -> int:
    """The sweep's part. How many clocks were stopped, put off further or let go on."""
    now, done = clock.now(), 0
    for freeze in ClockFreeze.objects.filter(ended_at__isnull=True).select_related(
        "subscription__plan__program",
        "subscription__member",
        "subscription__price",
        "subscription__next_price",
        "enrollment",
    ):
        row = freeze.subscription
        if not _paused(row, now):
            done += _go_on(freeze, now)
        elif (more := _lacking(freeze, now)) > 0:
            done += _further(freeze, more)
    for row in _pausing(now)[:AT_ONCE]:
        if section_now(row.plan.program_id).clocks_in_pause == "freeze" and _paused(row, now):
            done += _stop(row, now)
    return done


def _pausing(now: datetime) -> QuerySet[Subscription]:
    rows = Subscription.objects.filter(
        Q(collection_paused=True) | Q(pause_began_at__isnull=False), ended_at__isnull=True, duplicate=False,
        paid_until__lte=now,
    )  # fmt: skip
    frozen = ClockFreeze.objects.filter(subscription=OuterRef("pk"), ended_at__isnull=True)
    rows = rows.filter(~Exists(frozen))
    return rows.select_related("plan__program", "member", "price", "next_price").order_by("pk")


def _paused(row: Subscription, now: datetime) -> bool:
    """It is within what a pause, and no skip, left out."""
    if row.ended_at is not None or not (row.collection_paused or row.pause_began_at is not None):
        return False
    if row.paid_until is None or row.paid_until > now:
        return False
    asked = SubscriptionChange.objects.filter(subscription=row, kind__in=("skip_asked", "pause_asked"))
    last = asked.order_by("-at", "-pk").values_list("kind", flat=True).first()
    return last != "skip_asked"


def _days_between(since: datetime, until: datetime) -> int:
    """Whole days, so that points end at the end of a day as ever."""
    return max(0, round((until - since) / timedelta(days=1)))


def _stop(row: Subscription, now: datetime) -> int:
    place = Enrollment.objects.filter(member=row.member, program_id=row.plan.program_id).first()
    if place is None:
        return 0
    since = row.paid_until or now
    days = _expected(row, since) or OPEN_DAYS
    with transaction.atomic():
        member_locked(row.member)
        if ClockFreeze.objects.filter(subscription=row, ended_at__isnull=True).exists():
            return 0
        moved = clocks_hold(enrollment=place, days=days, source=_source(row), actor=ACTOR)
        ClockFreeze.objects.create(
            subscription=row, enrollment=place, since=since, days=days, lots=_kept(moved)
        )  # fmt: skip
    return 1


def _expected(row: Subscription, since: datetime) -> int:
    """For how many days, as far as is known: until something is charged again; 0: nobody knows."""
    charge = next_charge(row)
    return max(1, _days_between(since, charge.at)) if charge is not None else 0


def _lacking(freeze: ClockFreeze, now: datetime) -> int:
    known = _expected(freeze.subscription, freeze.since)
    if known:
        return known - freeze.days
    return OPEN_DAYS if freeze.since + timedelta(days=freeze.days) <= now + SOON else 0


def _as_seen(freeze: ClockFreeze) -> bool:
    """Whether it is still as it was read, under the member's lock: another sweep may have been quicker."""
    member_locked(freeze.subscription.member)
    return ClockFreeze.objects.filter(pk=freeze.pk, days=freeze.days, ended_at__isnull=True).exists()


def _further(freeze: ClockFreeze, more: int) -> int:
    with transaction.atomic():
        if not _as_seen(freeze):
            return 0
        moved = clocks_hold(
            enrollment=freeze.enrollment, days=more, source=_source(freeze.subscription), actor=ACTOR
        )  # fmt: skip
        freeze.days, freeze.lots = freeze.days + more, _kept(moved)
        freeze.save(update_fields=["days", "lots"])
    return 1


def _go_on(freeze: ClockFreeze, now: datetime) -> int:
    lasted = _days_between(freeze.since, now)
    with transaction.atomic():
        if not _as_seen(freeze):
            return 0
        clocks_release(
            enrollment=freeze.enrollment,
            ends={int(entry): datetime.fromisoformat(end) for entry, end in freeze.lots.items()},
            too_much=freeze.days - lasted,
            lasted=lasted,
            source=_source(freeze.subscription),
            actor=ACTOR,
        )
        freeze.ended_at = now
        freeze.save(update_fields=["ended_at"])
    return 1


def _source(row: Subscription) -> str:
    return f"pause:{row.pk}"


def _kept(moved: dict[int, datetime]) -> dict[str, str]:
    return {str(entry): end.isoformat() for entry, end in moved.items()}
