"""Benefits that staff give by hand, whatever the program says, and end again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.models import Enrollment
from loyalty.selectors import program_now
from members.models import Member
from rewards.benefits.errors import BenefitGiven, BenefitNotFound, GrantClosed
from rewards.benefits.grants import benefit_rows, grants_follow
from rewards.benefits.models import BenefitGrant
from rewards.benefits.plan import benefit_plan


def benefit_give(
    *, enrollment: Enrollment, code: str, reason: str, actor: Actor, until: datetime | None = None
) -> BenefitGrant:
    """Until then or until somebody ends it. BenefitNotFound, BenefitGiven, InvalidInput."""
    now = clock.now()
    reason = _said(reason)
    if until is not None and until <= now:
        raise InvalidInput(_("Say a time that is still to come."), field="until")
    plan = benefit_plan(program_now(enrollment.program_id))
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        grants_follow(enrollment.program_id, [enrollment.pk])
        row = benefit_rows(enrollment.program_id, plan, now).get(code)
        if row is None or code not in plan.benefits:
            raise BenefitNotFound(field="benefit")
        by_hand = BenefitGrant.objects.filter(enrollment=enrollment, benefit_id=row[0], source="staff", ended_at=None)
        if by_hand.exists():
            raise BenefitGiven(field="benefit")
        made = BenefitGrant.objects.create(
            enrollment=enrollment,
            benefit_id=row[0],
            source=BenefitGrant.Source.STAFF,
            causes=["staff"],
            since=now,
            until=until,
            given_by=actor.name,
            reason=reason,
        )
        _note("benefit.granted", "benefit.give", made, code, reason, actor)
    return made


def benefit_end(*, grant: BenefitGrant, reason: str, actor: Actor) -> BenefitGrant:
    """End what was given by hand. GrantClosed, InvalidInput without a reason."""
    reason = _said(reason)
    with transaction.atomic():
        ledger.enrollment_lock(grant.enrollment_id)
        row = BenefitGrant.objects.select_for_update(of=("self",)).select_related("benefit").get(pk=grant.pk)
        if row.ended_at is not None or row.source != BenefitGrant.Source.STAFF:
            raise GrantClosed()
        row.ended_at = clock.now()
        row.save(update_fields=["ended_at"])
        _note("benefit.ended", "benefit.end", row, row.benefit.code, reason, actor)
    return row


def _said(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise InvalidInput(_("Say why, in 200 characters at most."), field="reason")
    return reason


def _note(topic: str, action: str, grant: BenefitGrant, code: str, reason: str, actor: Actor) -> None:
    member = Member.objects.only("public_id").get(enrollments=grant.enrollment_id)
    outbox_add(topic, {"member_id": str(member.public_id), "benefit": code, "causes": ["staff"]})
    audit_record(
        actor=actor.name,
        action=action,
        object_type="benefitgrant",
        object_id=grant.pk,
        changes={"benefit": code, "reason": reason, "until": str(grant.until or "")},
    )
