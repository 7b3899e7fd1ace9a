"""Adjusting by hand: with a reason, and above the currency's limit only when a second person agrees."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Abs
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import IdempotencyKeyReused, InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.errors import AdjustmentClosed, SecondPersonNeeded
from loyalty.models import Enrollment, PointsAdjustment
from loyalty.selectors import account_of, document_now
from loyalty.services import adjustment_check, points_adjust
from members.models import Member

State = PointsAdjustment.State
WAITS, COUNTED = timedelta(days=7), timedelta(hours=24)


def adjustment_make(
    *,
    enrollment: Enrollment,
    currency: str,
    points: int,
    reason: str,
    actor: Actor,
    key: str,
    reason_code: str = PointsAdjustment.Reason.OTHER,
) -> PointsAdjustment:
    """Give or take points by hand; above the limit nothing is booked until adjustment_approve().

    What one person gave and took of a member in 24 hours counts together, so that a large adjustment can't come in
    small ones. key: as of points_adjust. NothingToAdjust, InvalidInput, InsufficientPoints, IdempotencyKeyReused, Busy.
    """
    reason = adjustment_check(points, reason)
    _reason_check(reason_code)
    now = clock.now()
    effect = "adjust:" + hashlib.sha256(f"{actor.initiated_by}:{key}".encode()).hexdigest()[:40]
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        account_of(enrollment, currency)
        earlier = PointsAdjustment.objects.filter(enrollment=enrollment, effect=effect).first()
        if earlier is not None:
            if (earlier.points, earlier.currency) != (points, currency):
                raise IdempotencyKeyReused()
            return earlier
        row = _row(enrollment, currency, points, reason_code, reason, effect, actor, now)
        _booked(row, actor, key, keep=_within_limit(row, now))
        row.save(force_insert=True)
        if row.state == State.REQUESTED:
            _told(row, "points.adjustment_requested", actor)
    return row


def _booked(row: PointsAdjustment, actor: Actor, key: str, *, keep: bool) -> None:
    """Booked, or tried and undone: what couldn't be booked now isn't put before a second person."""
    with transaction.atomic():
        entry = points_adjust(
            enrollment=row.enrollment, currency=row.currency, points=row.points, reason=row.reason, actor=actor, key=key
        )
        transaction.set_rollback(not keep)
    if keep:
        row.entry, row.state, row.decided_at = entry, State.APPROVED, row.requested_at


def _reason_check(reason_code: str) -> None:
    if reason_code not in PointsAdjustment.Reason.values:
        known = ", ".join(PointsAdjustment.Reason.values)
        raise InvalidInput(_("Use one of: %(codes)s.") % {"codes": known}, field="reason_code")


def _row(
    enrollment: Enrollment,
    currency: str,
    points: int,
    reason_code: str,
    reason: str,
    effect: str,
    actor: Actor,
    now: datetime,
) -> PointsAdjustment:
    return PointsAdjustment(
        enrollment=enrollment,
        currency=currency,
        points=points,
        reason_code=reason_code,
        reason=reason,
        effect=effect,
        source=actor.source,
        initiated_by=actor.initiated_by,
        requested_by=actor.name,
        requested_at=now,
        expires_at=now + WAITS,
    )


def adjustment_approve(*, adjustment: PointsAdjustment, actor: Actor, note: str = "") -> PointsAdjustment:
    """Book what another person asked for. SecondPersonNeeded, AdjustmentClosed, InsufficientPoints, Busy."""
    with transaction.atomic():
        row = _open(adjustment, actor)
        asked_by = Actor(row.initiated_by, row.requested_by, row.source)
        row.entry = points_adjust(
            enrollment=row.enrollment,
            currency=row.currency,
            points=row.points,
            reason=row.reason,
            actor=asked_by,
            key=f"adjustment:{row.pk}",
        )
        return _decided(row, State.APPROVED, actor, note)


def adjustment_refuse(*, adjustment: PointsAdjustment, actor: Actor, note: str) -> PointsAdjustment:
    """Decide that it isn't booked, with a reason. SecondPersonNeeded doesn't hold here: one may take back one's own."""
    if not note.strip():
        raise InvalidInput(_("Say why it is refused."), field="note")
    with transaction.atomic():
        row = _open(adjustment, None)
        return _decided(row, State.REFUSED, actor, note)


def adjustments_expire() -> int:
    """What nobody looked at in time is off. How many."""
    now = clock.now()
    waiting = PointsAdjustment.objects.filter(state=State.REQUESTED, expires_at__lte=now)
    return waiting.update(state=State.EXPIRED, decided_at=now)


def _open(adjustment: PointsAdjustment, actor: Actor | None) -> PointsAdjustment:
    """The row under the member's lock and its own, still to be decided; actor: who must not be who asked."""
    ledger.enrollment_lock(adjustment.enrollment_id)
    row = (
        PointsAdjustment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("enrollment")
        .get(pk=adjustment.pk)
    )
    if row.state != State.REQUESTED or row.expires_at <= clock.now():
        raise AdjustmentClosed(state=row.state)
    if actor is not None and actor.name == row.requested_by:
        raise SecondPersonNeeded()
    return row


def _decided(row: PointsAdjustment, state: str, actor: Actor, note: str) -> PointsAdjustment:
    row.state, row.decided_by, row.decided_at = state, actor.name, clock.now()
    row.decision = note.strip()[:200]
    row.save(update_fields=["state", "decided_by", "decided_at", "decision", "entry"])
    _told(row, f"points.adjustment_{state}", actor)
    return row


def _within_limit(row: PointsAdjustment, now: datetime) -> bool:
    known = document_now(row.enrollment.program_id).currency(row.currency)
    if known.adjustment_limit is None:
        return True
    earlier = PointsAdjustment.objects.filter(
        enrollment=row.enrollment,
        currency=row.currency,
        requested_by=row.requested_by,
        requested_at__gt=now - COUNTED,
        state=State.APPROVED,
        decided_by="",
    )
    counted = earlier.aggregate(sum=Sum(Abs(F("points"))))["sum"] or 0
    return bool(counted + abs(row.points) <= known.adjustment_limit * 10**known.scale)


def _told(row: PointsAdjustment, topic: str, actor: Actor) -> None:
    audit_record(
        actor=actor.name,
        action=topic,
        object_type="pointsadjustment",
        object_id=str(row.pk),
        changes={"currency": row.currency, "points": row.points, "reason_code": row.reason_code, "note": row.decision},
    )
    member = Member.objects.only("public_id").get(pk=row.enrollment.member_id)
    outbox_add(
        topic,
        {
            "member_id": str(member.public_id),
            "adjustment_id": str(row.pk),
            "currency": row.currency,
            "points": row.points,
        },
    )
