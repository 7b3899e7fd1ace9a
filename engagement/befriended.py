"""Mails about friends: to whoever came by one, and to whoever brought them. Neither is told who the other is, but for
the name that the one who shares has chosen to show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import formats, timezone, translation

from core.outbox import Message, handler
from loyalty.definition.document import Document
from loyalty.models import Enrollment, Event
from loyalty.selectors import document_now, program_now, program_state_of
from members.letters import letter_queue
from members.models import Member
from referrals.booking import APPROVED, MILESTONE, MILESTONE_GONE
from referrals.models import Referral, ReferralMilestone
from referrals.pages import gives
from referrals.selectors import code_current, section_in, section_now

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


@handler("referral.voided")
@handler("referral.blocked")
def taken_back(message: Message) -> None:
    """Both read what goes back, where something was given; each once, for it is taken back once."""
    row = _row(message)
    if row is None or not row.taken_back:
        return
    returned = row.because == Referral.Because.RETURNED
    for side, path in (("referrer", FRIENDS), ("friend", HOME)):
        event: UUID | None = getattr(row, f"{side}_event")
        document = _document_of(row.program_id, event)
        section = section_in(document) if document is not None else None
        if document is not None and section is not None and getattr(section, side).effects:
            kind = f"friend_{'gone' if side == 'referrer' else 'reward_gone'}"
            _write(kind, getattr(row, side), getattr(section, side).effects, document, path=path, returned=returned)


@handler(MILESTONE_GONE)
def milestone_gone(message: Message) -> None:
    rows = ReferralMilestone.objects.select_related("enrollment__member", "enrollment__program")
    made = rows.filter(pk=message.payload["milestone_id"], taken_back_at__isnull=False).first()
    if made is None:
        return
    document = _document_of(made.enrollment.program_id, made.event)
    section = section_in(document) if document is not None else None
    step = next((each for each in section.milestones if each.at == made.number), None) if section is not None else None
    if step is not None:
        _write("friend_milestone_gone", made.enrollment, step.effects, document, path=FRIENDS, number=made.number)


def _document_of(program_id: int, event: UUID | None) -> Document | None:
    """What the program said when it gave this; None where nothing was given."""
    when = Event.objects.filter(pk=event).values_list("occurred_at", flat=True).first() if event is not None else None
    return program_state_of(program_id).at(when).document if when is not None else None


def _row(message: Message) -> Referral | None:
    return Referral.objects.select_related(*_NAMED).filter(pk=message.payload["referral_id"]).first()


def _letter(kind: str, to: Enrollment, side: str, **words: Any) -> None:
    section = section_now(to.program_id)
    _write(kind, to, getattr(section, side).effects if section is not None else (), **words)


def _write(kind: str, to: Enrollment, effects: tuple[Any, ...], document: Document | None = None, **words: Any) -> None:
    """In their language, with what their side is given; nothing where they can't be written to. document: that the
    effects stand in, when it isn't the one in force."""
    member = to.member
    if not member.email or member.status != Member.Status.ACTIVE:
        return
    section = section_now(to.program_id)
    with translation.override(member.language):
        gift = gives(effects, document or document_now(to.program_id))
    order = section is not None and section.conversion.trigger == "order.paid"
    letter_queue(
        kind=kind, to=member.email, language=member.language, name=member.name, gift=gift, order=order, **words
    )
