"""Mails that a member gets because something happened to their points. Each is queued with the mark of its cause."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from core import clock
from core.outbox import Message, handler
from loyalty.definition.document import Document
from loyalty.definition.translation import Teller, text_in
from loyalty.endings import endings_of
from loyalty.inviting import invitation_open, last_day_of
from loyalty.models import Enrollment
from loyalty.versions import programs_fresh
from members.letters import letter_queue
from members.models import Member
from members.selectors import member_by_public_id
from rewards.models import Redemption, WaitingPlace


@handler("member.enrolled")
def welcome(message: Message) -> None:
    """Once per program."""
    member, document = _reader(message), _document(message)
    if member is None or document is None:
        return
    points = text_in(document.currencies[0].name_many, member.language)
    _letter("welcome", member, path="/", points=points)


@handler("tier.changed")
def tier_reached(message: Message) -> None:
    """Up only: nobody is glad of a mail that says they went down; the page tells it."""
    member, document = _reader(message), _document(message)
    if member is None or document is None or not message.payload.get("up"):
        return
    reached = (message.payload["ladder"], message.payload["to_tier"])
    teller = Teller(document, language=member.language)
    if reached in teller.tiers:
        _letter("tier_reached", member, path="/", tier=teller.text(teller.tiers[reached]))


@handler("tier.ending")
def tier_ending(message: Message) -> None:
    """Before a tier ends: what it takes to stay. Nothing to whom has done enough since, or holds another one by now."""
    member = _reader(message)
    place = _place(message)
    if member is None or place is None:
        return
    with translation.override(member.language):
        ending = next((each for each in endings_of(place) if each.ladder == message.payload["ladder"]), None)
    if ending is None:
        return
    _letter(
        "tier_ending",
        member,
        path=f"/?program={place.program.slug}",
        tier=text_in(ending.tier, member.language),
        last_day=ending.last_day,
        keep_by=ending.keep_by,
        to_keep=ending.to_keep,
    )


@handler("tier.invited")
def tier_invited(message: Message) -> None:
    """While the invitation waits for an answer."""
    invitation = invitation_open(message.payload["invitation_id"])
    member = invitation.enrollment.member if invitation is not None else None
    if invitation is None or member is None or not _writable(member):
        return
    program = invitation.enrollment.program
    state = programs_fresh().get(program.slug)
    if state is None:
        return
    compiled = state.at(clock.now())
    names = Teller(compiled.document, language=member.language).tiers
    if (invitation.ladder, invitation.tier) not in names:
        return
    _letter(
        "tier_invited",
        member,
        path=f"/?program={program.slug}",
        tier=text_in(names[invitation.ladder, invitation.tier], member.language),
        until=last_day_of(invitation, compiled),
    )


@handler("reward.redeemed")
def reward_redeemed(message: Message) -> None:
    """Never the code itself: a mailbox is read by others, and a mail can't be taken back."""
    member = _reader(message)
    redemption = (
        Redemption.objects.select_related("reward").filter(pk=message.payload["redemption_id"]).first()
        if member is not None
        else None
    )
    # What a supplier delivers is told of when it is there.
    if member is None or redemption is None or redemption.reward.kind == "supplied":
        return
    # Who waited for a seat is told of it in other words.
    if WaitingPlace.objects.filter(redemption=redemption).exists():
        return
    reward = redemption.reward
    name = reward.name_nl if member.language == "nl" and reward.name_nl else reward.name
    _letter("reward_redeemed", member, path=f"/my-rewards/{redemption.pk}/", reward=name)


def _reader(message: Message) -> Member | None:
    """The member a message is about, if they can be written to."""
    member = member_by_public_id(message.payload["member_id"])
    return member if member is not None and _writable(member) else None


def _writable(member: Member) -> bool:
    return bool(member.email) and member.status == Member.Status.ACTIVE


def _place(message: Message) -> Enrollment | None:
    """The member's place in the program that a message is about."""
    found = Enrollment.objects.filter(
        member__public_id=message.payload["member_id"], program__slug=message.payload["program"]
    )
    return found.select_related("member", "program").first()


def _document(message: Message) -> Document | None:
    """The program's document in force now; None when the program is gone."""
    state = programs_fresh().get(message.payload["program"])
    return state.at(clock.now()).document if state is not None else None


def _letter(kind: str, member: Member, **words: Any) -> None:
    assert member.email is not None
    letter_queue(kind=kind, to=member.email, language=member.language, name=member.name, **words)
