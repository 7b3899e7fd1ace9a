"""Each use of a benefit: once per source and id, within the allowance, and taken back when it was a mistake."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import benefit_fact
from loyalty.definition.periods import period_start
from loyalty.models import Enrollment
from loyalty.planuse import Use, use_taken_back_told, use_told
from loyalty.rules.dates import local_day
from loyalty.selectors import program_now
from members.facts import member_fact_drop, member_fact_set
from members.models import Member
from rewards.benefits.definition import PartnerCode
from rewards.benefits.errors import (
    AllowanceUsed,
    BenefitIsCode,
    BenefitNotFound,
    BenefitNotHeld,
    BenefitUseConflict,
    BenefitUseTakenBack,
)
from rewards.benefits.grants import grants_follow, grants_live
from rewards.benefits.holding import period_renewal
from rewards.benefits.models import BenefitGrant, BenefitUse
from rewards.benefits.passes import uses_allowed
from rewards.benefits.plan import PlannedBenefit, benefit_plan

MOST_UNITS = 10_000


def benefit_use(
    *,
    enrollment: Enrollment,
    code: str,
    external_id: str,
    actor: Actor,
    source: str | None = None,
    used_at: datetime | None = None,
    units: int = 1,
    order_number: str = "",
    note: str = "",
    as_code: bool = False,
) -> BenefitUse:
    """Note that a member used a benefit. The same source and external_id again gives the first use.

    used_at: now unless it is said; the benefit must have been held then, and its allowance of that time counts.
    as_code: the member takes a partner's code by it (codes.py); nobody else notes a use of such a benefit.
    BenefitNotFound, BenefitIsCode, BenefitNotHeld, AllowanceUsed, BenefitUseConflict, InvalidInput, Busy; and what the
    room that sells plans refuses (UsageCapReached).
    """
    _check(external_id, units, used_at)
    told = {"units": units, "order_number": order_number, "note": note, "source": source or actor.source}
    program = program_now(enrollment.program_id)
    planned = benefit_plan(program).benefits.get(code)
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        earlier = BenefitUse.objects.filter(source=told["source"], external_id=external_id).first()
        if earlier is not None:
            return _again(earlier, enrollment, code, told, used_at)
        planned = _usable(planned, as_code)
        grants_follow(enrollment.program_id, [enrollment.pk])
        # Read after the rows have followed: one that begins just now has begun.
        now = clock.now()
        at = used_at or now
        grant = _grant(enrollment, planned, at)
        made = _made(grant, planned, at, now, external_id, told, program, actor)
        use_told(enrollment.member, Use(made.pk, code, units, at))
        _fact_follow(enrollment, code)
        _tell("benefit.used", made)
    return made


def _check(external_id: str, units: int, used_at: datetime | None) -> None:
    if not external_id.strip() or len(external_id) > 200 or "\x00" in external_id:
        raise InvalidInput(_("A use needs an id of your own, of 200 characters at most."), field="id")
    if not 1 <= units <= MOST_UNITS:
        raise InvalidInput(_("From 1 up to %(n)d times.") % {"n": MOST_UNITS}, field="units")
    if used_at is not None and used_at > clock.now():
        raise InvalidInput(_("This lies in the future."), field="used_at")


def _usable(planned: PlannedBenefit | None, as_code: bool) -> PlannedBenefit:
    if planned is None:
        raise BenefitNotFound(field="benefit")
    if isinstance(planned.benefit.gives, PartnerCode) is not as_code:
        raise BenefitIsCode(field="benefit") if not as_code else BenefitNotFound(field="benefit")
    return planned


def _again(
    earlier: BenefitUse, enrollment: Enrollment, code: str, told: dict[str, Any], used_at: datetime | None
) -> BenefitUse:
    same = earlier.enrollment_id == enrollment.pk and earlier.benefit.code == code
    same = same and all(getattr(earlier, name) == value for name, value in told.items())
    if not same or (used_at is not None and used_at != earlier.used_at):
        raise BenefitUseConflict(field="id")
    return earlier


def _grant(enrollment: Enrollment, planned: PlannedBenefit, at: datetime) -> BenefitGrant:
    """The row by which the member held it then."""
    found = grants_live(enrollment.pk, at).filter(benefit__code=planned.benefit.code).first()
    if found is None:
        raise BenefitNotHeld(field="benefit", begins_at=_iso(planned.starts_at), ended_at=_iso(planned.ends_at))
    return found


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _made(
    grant: BenefitGrant,
    planned: PlannedBenefit,
    at: datetime,
    now: datetime,
    external_id: str,
    told: dict[str, Any],
    program: CompiledProgram,
    actor: Actor,
) -> BenefitUse:
    period = _room(grant, planned, at, told["units"], program)
    try:
        with transaction.atomic():
            return BenefitUse.objects.create(
                grant=grant,
                enrollment_id=grant.enrollment_id,
                benefit=grant.benefit,
                external_id=external_id,
                period=period,
                causes=grant.causes,
                used_at=at,
                recorded_at=now,
                initiated_by=actor.initiated_by,
                actor=actor.name,
                **told,
            )
    except IntegrityError as error:
        # Somebody else's use came under this id meanwhile: their member's lock isn't this one's.
        raise BenefitUseConflict(field="id") from error


def _room(grant: BenefitGrant, planned: PlannedBenefit, at: datetime, units: int, program: CompiledProgram) -> str:
    """The period that the use counts in. AllowanceUsed when there is no room for it. Exact under the member's lock."""
    allowance = planned.benefit.allowance
    if allowance is None:
        return ""
    day = local_day(at, program.zone)
    period = period_start(allowance.period, day)
    uses = BenefitUse.objects.filter(enrollment_id=grant.enrollment_id, benefit_id=grant.benefit_id, taken_back_at=None)
    allowed, since = uses_allowed(allowance, grant.causes, grant.enrollment_id)
    if since is not None:
        uses = uses.filter(used_at__gte=since)
    used = uses.filter(period=period).aggregate(n=Sum("units"))["n"] or 0
    if used + units > allowed:
        renews = period_renewal(allowance.period, day)
        raise AllowanceUsed(
            field="benefit",
            allowed=allowed,
            left=max(0, allowed - used),
            renews_on=renews.isoformat() if renews is not None else None,
        )
    return period


def benefit_use_take_back(*, use: BenefitUse, actor: Actor, reason: str) -> BenefitUse:
    """It wasn't used after all: the allowance has room again. BenefitUseTakenBack, InvalidInput without a reason."""
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise InvalidInput(_("Say why, in 200 characters at most."), field="reason")
    with transaction.atomic():
        ledger.enrollment_lock(use.enrollment_id)
        row = BenefitUse.objects.select_for_update(of=("self",)).select_related("benefit", "enrollment").get(pk=use.pk)
        if row.taken_back_at is not None:
            raise BenefitUseTakenBack()
        row.taken_back_at, row.taken_back_reason = clock.now(), reason
        row.save(update_fields=["taken_back_at", "taken_back_reason"])
        _fact_follow(row.enrollment, row.benefit.code)
        use_taken_back_told(row.enrollment.member, str(row.pk))
        _tell("benefit.use_taken_back", row)
        if actor.initiated_by == "staff":
            audit_record(
                actor=actor.name,
                action="benefit.use_take_back",
                object_type="benefituse",
                object_id=str(row.pk),
                changes={"reason": reason},
            )
    return row


def _fact_follow(enrollment: Enrollment, code: str) -> None:
    """What rules may ask: when the member last used it, in whichever program. See definition/benefittest.py."""
    uses = BenefitUse.objects.filter(
        enrollment__member_id=enrollment.member_id, benefit__code=code, taken_back_at__isnull=True
    )
    last = uses.aggregate(last=Max("used_at"))["last"]
    if last is None:
        member_fact_drop(member_id=enrollment.member_id, key=benefit_fact(code), tell=False)
    else:
        member_fact_set(member_id=enrollment.member_id, key=benefit_fact(code), value=last.isoformat(), tell=False)


def _tell(topic: str, use: BenefitUse) -> None:
    member = Member.objects.only("public_id").get(enrollments=use.enrollment_id)
    told = {"use_id": str(use.pk), "benefit": use.benefit.code, "units": use.units, "used_at": use.used_at.isoformat()}
    outbox_add(topic, {"member_id": str(member.public_id), **told})


def benefit_unused_since(*, member: Member, plan: str, since: datetime) -> bool:
    """Whether the member has used nothing of what the plan gives since then: what a full refund may hang on.

    A use counts when the member held the benefit because of the plan, alone or beside something else. One that was
    taken back doesn't.
    """
    uses = BenefitUse.objects.filter(enrollment__member=member, used_at__gte=since, taken_back_at__isnull=True)
    return not uses.filter(causes__contains=[f"plan:{plan}"]).exists()
