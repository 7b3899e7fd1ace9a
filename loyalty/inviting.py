"""Inviting a member into a tier: it waits until they accept or decline, unless staff let them in at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import Conflict, InvalidInput, NotFound
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.basics import LocalText
from loyalty.definition.compiled import CompiledProgram
from loyalty.errors import MemberSuspended
from loyalty.floors import floor_checked, tier_invite
from loyalty.models import Enrollment, TierInvitation
from loyalty.rules.dates import local_day
from loyalty.selectors import program_of, program_state_of
from members.models import Member

State = TierInvitation.State


class Invited(NamedTuple):
    """An invitation that waits, for showing. last_day: of the tier, None for good."""

    id: UUID
    tier: LocalText
    benefits: tuple[LocalText, ...]
    last_day: date | None


class InvitationNotFound(NotFound):
    code = "invitation_not_found"
    title = gettext_lazy("There is no such invitation.")


class InvitationClosed(Conflict):
    code = "invitation_closed"
    title = gettext_lazy("This invitation isn’t open any more.")


def invitation_make(
    *,
    enrollment: Enrollment,
    ladder: str,
    tier: str,
    until: datetime | None,
    reason: str,
    at_once: bool,
    actor: Actor,
) -> TierInvitation:
    """Ask a member into a tier; at_once: they are in without being asked. It takes the place of one that waits.

    until: of the tier. InvalidInput, MemberSuspended.
    """
    now = clock.now()
    floor_checked(program_state_of(enrollment.program_id).at(now).ladders.get(ladder), tier, until, now)
    reason = reason.strip()
    if len(reason) > 300:
        raise InvalidInput(_("300 characters at most."), field="reason")
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        _active(enrollment)
        _waiting(enrollment).filter(ladder=ladder).update(state=State.WITHDRAWN, closed_at=now)
        made = TierInvitation.objects.create(
            enrollment=enrollment,
            ladder=ladder,
            tier=tier,
            until=until,
            reason=reason,
            state=State.ACCEPTED if at_once else State.WAITING,
            invited_by=actor.name,
            invited_at=now,
            closed_at=now if at_once else None,
        )
        _told(made, "tier.invite", actor, {"until": str(until or ""), "at_once": str(at_once), "reason": reason})
        if at_once:
            _let_in(made, actor)
        else:
            outbox_add("tier.invited", {"invitation_id": str(made.pk)})
    return made


def invitation_answer(*, enrollment: Enrollment, invitation_id: UUID, accept: bool, actor: Actor) -> TierInvitation:
    """The member's answer. The same again changes nothing.

    InvitationNotFound, InvitationClosed when it was answered otherwise or its time is over, MemberSuspended.
    """
    now = clock.now()
    wanted = State.ACCEPTED if accept else State.DECLINED
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        _active(enrollment)
        invitation = _locked(enrollment, invitation_id)
        if invitation.state == wanted:
            return invitation
        if invitation.state != State.WAITING or (invitation.until is not None and invitation.until <= now):
            raise InvitationClosed(field="invitation")
        _close(invitation, wanted, now)
        _told(invitation, f"tier.invitation_{wanted}", actor, {})
        if accept:
            _let_in(invitation, actor)
    return invitation


def invitation_withdraw(*, enrollment: Enrollment, invitation_id: UUID, actor: Actor) -> TierInvitation:
    """While it waits. InvitationNotFound, InvitationClosed."""
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        invitation = _locked(enrollment, invitation_id)
        if invitation.state != State.WAITING:
            raise InvitationClosed(field="invitation")
        _close(invitation, State.WITHDRAWN, clock.now())
        _told(invitation, "tier.invitation_withdrawn", actor, {})
    return invitation


def invitations_waiting(enrollment: Enrollment) -> QuerySet[TierInvitation]:
    """Those that the member can still answer, oldest first."""
    return _waiting(enrollment).filter(Q(until__isnull=True) | Q(until__gt=clock.now())).order_by("pk")


def invitations_ever(
    enrollment: Enrollment, *, ladder: str | None = None, state: str | None = None
) -> QuerySet[TierInvitation]:
    """All of the member's, or those of a ladder or a state; newest first."""
    asked = {"ladder": ladder, "state": state}
    said = {name: value for name, value in asked.items() if value is not None}
    return TierInvitation.objects.filter(enrollment=enrollment, **said).order_by("-pk")


def _waiting(enrollment: Enrollment) -> QuerySet[TierInvitation]:
    return TierInvitation.objects.filter(enrollment=enrollment, state=State.WAITING)


def invitation_open(invitation_id: str) -> TierInvitation | None:
    """With its member and program; None when it was answered or taken back."""
    found = TierInvitation.objects.filter(pk=invitation_id, state=State.WAITING)
    return found.select_related("enrollment__member", "enrollment__program").first()


def invited(enrollment: Enrollment) -> list[Invited]:
    """What the member is asked; an invitation into a tier that the program dropped isn't shown."""
    waiting = list(invitations_waiting(enrollment))
    if not waiting:
        return []
    compiled = program_of(enrollment)
    tiers = {(ladder.code, tier.code): tier for ladder in compiled.document.ladders for tier in ladder.tiers}
    found = [(each, tiers.get((each.ladder, each.tier))) for each in waiting]
    return [Invited(each.pk, tier.name, tier.benefits, last_day_of(each, compiled)) for each, tier in found if tier]


def last_day_of(invitation: TierInvitation, compiled: CompiledProgram) -> date | None:
    """The last day of the tier where the program is at home, None for good."""
    if invitation.until is None:
        return None
    return local_day(invitation.until, compiled.ladders[invitation.ladder].zone) - timedelta(days=1)


def _active(enrollment: Enrollment) -> None:
    status = Member.objects.values_list("status", flat=True).get(pk=enrollment.member_id)
    if status != Member.Status.ACTIVE:
        raise MemberSuspended()


def _locked(enrollment: Enrollment, invitation_id: UUID) -> TierInvitation:
    found = TierInvitation.objects.select_for_update().filter(pk=invitation_id, enrollment=enrollment).first()
    if found is None:
        raise InvitationNotFound(field="invitation")
    return found


def _close(invitation: TierInvitation, state: TierInvitation.State, now: datetime) -> None:
    invitation.state, invitation.closed_at = state, now
    invitation.save(update_fields=["state", "closed_at"])


def _let_in(invitation: TierInvitation, actor: Actor) -> None:
    tier_invite(
        enrollment=invitation.enrollment,
        ladder=invitation.ladder,
        tier=invitation.tier,
        until=invitation.until,
        reason=invitation.reason,
        actor=actor,
    )


def _told(invitation: TierInvitation, action: str, actor: Actor, changes: dict[str, str]) -> None:
    audit_record(
        actor=actor.name,
        action=action,
        object_type="enrollment",
        object_id=invitation.enrollment_id,
        changes={"ladder": invitation.ladder, "tier": invitation.tier, **changes},
    )
