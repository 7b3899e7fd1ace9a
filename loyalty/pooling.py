"""Shared (household) accounts: members whose points are in one member's accounts, the head's.

Everything that moves such points locks the head's row too, in order of id, and a judgement names both versions. What a
member earns towards tiers stays their own.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.ids import uuid7
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.errors import MemberSuspended, PoolRefused
from loyalty.models import Enrollment, PointsAccount, PointsTransfer
from loyalty.transferring import transfer_fields
from members.models import Member

MOST = 20


def pool_join(*, enrollment: Enrollment, head: Enrollment, actor: Actor) -> Enrollment:
    """Bring everything that the member has into the head's accounts, and share them from now on; again changes nothing.

    PoolRefused with what stands in the way, MemberSuspended, InvalidInput, Busy.
    """
    if enrollment.program_id != head.program_id or enrollment.pk == head.pk:
        raise InvalidInput(_("Both must take part in the same program, and be two."), field="with")
    now = clock.now()
    with transaction.atomic():
        ledger.enrollments_lock((enrollment.pk, head.pk))
        places = Enrollment.objects.select_related("member").in_bulk([enrollment.pk, head.pk])
        row, other = places[enrollment.pk], places[head.pk]
        if row.pool_id == other.pk:
            return row
        for each in (row, other):
            ledger.points_settle(enrollment_id=each.pk, now=now)
        _check(row, other)
        for account in PointsAccount.objects.filter(enrollment=row).order_by("pk"):
            into, _made = PointsAccount.objects.get_or_create(enrollment=other, currency=account.currency)
            fields = transfer_fields(
                transfer_id=uuid7(), cause=PointsTransfer.Cause.POOL, effect=f"pool:{uuid7()}", note="", actor=actor
            )
            ledger.points_pour(from_account=account.pk, to_account=into.pk, now=now, transfer=fields)
        row.pool = other
        row.save(update_fields=["pool"])
        _told("pool.joined", row, other, actor)
    return row


def pool_leave(*, enrollment: Enrollment, actor: Actor) -> Enrollment:
    """Have accounts of one's own again, empty: what was shared stays with the head, whoever earned it.

    What waits there for an event about an order of who leaves won't see it any more: it becomes active on its latest
    day, and isn't off even where the program says so, since nobody can bring it about. Again changes nothing. Busy.
    """
    with transaction.atomic():
        row = Enrollment.objects.get(pk=enrollment.pk)
        ledger.enrollments_lock([each for each in (row.pk, row.pool_id) if each is not None])
        row = Enrollment.objects.select_related("member", "pool__member").get(pk=enrollment.pk)
        head = row.pool
        if head is None:
            return row
        ledger.points_keep(enrollment_id=head.pk, member_id=row.member_id)
        row.pool = None
        row.save(update_fields=["pool"])
        _told("pool.left", row, head, actor)
    return row


def _check(row: Enrollment, other: Enrollment) -> None:
    if row.pool_id is not None:
        raise PoolRefused(_("This member shares with somebody already; they have to leave first."), field="member")
    if other.pool_id is not None:
        raise PoolRefused(_("That member shares somebody else's account; name the head of it."), field="with")
    if row.sharers.exists():
        raise PoolRefused(_("Others share this member's account."), field="member")
    if other.sharers.count() >= MOST:
        raise PoolRefused(_("At most %(n)d members share one account.") % {"n": MOST}, field="with")
    for place, field in ((row, "member"), (other, "with")):
        if place.member.status != Member.Status.ACTIVE:
            raise MemberSuspended(field=field)
    if PointsAccount.objects.filter(enrollment=row).exclude(debt=0, reserved=0).exists():
        raise PoolRefused(_("Points are reserved or owed; that has to be settled first."), field="member")


def _told(topic: str, row: Enrollment, head: Enrollment, actor: Actor) -> None:
    Enrollment.objects.filter(pk__in=[row.pk, head.pk]).update(version=F("version") + 1)
    told = {"member_id": str(row.member.public_id), "head_id": str(head.member.public_id)}
    audit_record(actor=actor.name, action=topic, object_type="enrollment", object_id=row.pk, changes=dict(told))
    outbox_add(topic, dict(told))
