"""Mails about friends: to whoever came by one, and to whoever brought them. Neither is told who the other is, but for
the name that the one who shares has chosen to show."""

from __future__ import annotations

from typing import Any

from django.utils import formats, timezone, translation

from core.outbox import Message, handler
from loyalty.models import Enrollment
from loyalty.selectors import document_now, program_now
from members.letters import letter_queue
from members.models import Member
from referrals.booking import APPROVED, MILESTONE
from referrals.models import Referral, ReferralMilestone
from referrals.pages import gives
from referrals.selectors import code_current, section_now

FRIENDS, HOME = "/friends/", "/"
_NAMED = ("referrer__member", "referrer__program", "friend__member", "friend__program")


@handler("referral.bound")
def friend_came(message: Message) -> None:
    """The friend reads what waits for them, the other that somebody came."""
    row = _row(message)
    if row is None or section_now(row.program_id) is None:
        return
    code = code_current(row.referrer)
    _letter("friend_welcome", row.friend, "friend", path=HOME, brought_by=code.display_name if code is not None else "")
    _letter("friend_joined", row.referrer, "referrer", path=FRIENDS)


@handler("referral.held")
def friend_stepped(message: Message) -> None:
    """Once: not again when staff let it count."""
    row = _row(message)
    if row is None or row.state != Referral.State.PENDING or row.decided_by or row.hold_until is None:
        return
    with translation.override(row.referrer.member.language):
        local = timezone.localtime(row.hold_until, program_now(row.program_id).zone)
        day = formats.date_format(local, "j F Y")
    _letter("friend_converted", row.referrer, "referrer", path=FRIENDS, day=day)


@handler(APPROVED)
def friend_counts(message: Message) -> None:
    """Each reads what is theirs now; a friend who gets nothing isn't written to."""
    row = _row(message)
    if row is None or row.state != Referral.State.APPROVED:
        return
    _letter("friend_counts", row.referrer, "referrer", path=FRIENDS)
    section = section_now(row.program_id)
    if section is not None and section.friend.effects:
        _letter("friend_reward", row.friend, "friend", path=HOME)


@handler(MILESTONE)
def milestone_reached(message: Message) -> None:
    rows = ReferralMilestone.objects.select_related("enrollment__member", "enrollment__program")
    made = rows.filter(pk=message.payload["milestone_id"], taken_back_at__isnull=True).first()
    section = section_now(made.enrollment.program_id) if made is not None else None
    if made is None or section is None:
        return
    step = next((each for each in section.milestones if each.at == made.number), None)
    if step is not None:
        _write("friend_milestone", made.enrollment, step.effects, path=FRIENDS, number=made.number)


def _row(message: Message) -> Referral | None:
    return Referral.objects.select_related(*_NAMED).filter(pk=message.payload["referral_id"]).first()


def _letter(kind: str, to: Enrollment, side: str, **words: Any) -> None:
    section = section_now(to.program_id)
    _write(kind, to, getattr(section, side).effects if section is not None else (), **words)


def _write(kind: str, to: Enrollment, effects: tuple[Any, ...], **words: Any) -> None:
    """In their language, with what their side is given; nothing where they can't be written to."""
    member = to.member
    if not member.email or member.status != Member.Status.ACTIVE:
        return
    section = section_now(to.program_id)
    with translation.override(member.language):
        gift = gives(effects, document_now(to.program_id))
    order = section is not None and section.conversion.trigger == "order.paid"
    letter_queue(
        kind=kind, to=member.email, language=member.language, name=member.name, gift=gift, order=order, **words
    )
