"""A visitor who came by a friend's link and joins: the code is kept until the address is proven, then it binds."""

from __future__ import annotations

import logging

from core.actor import Actor
from core.errors import Busy, DomainError
from core.outbox import Message, handler, outbox_add
from loyalty.ingest import place_ensure
from members.acquisition import Acquisition
from members.models import Member
from members.selectors import member_by_public_id
from referrals.binding import referral_bind
from referrals.codes import code_find
from referrals.models import ReferralCode, ReferralTrace
from referrals.traces import digest_note

log = logging.getLogger(__name__)
LATER = "referral.bind_later"


def _bind(member: Member, code: ReferralCode) -> None:
    friend = place_ensure(member_id=member.pk, program_id=code.enrollment.program_id)
    referral_bind(code=code, friend=friend, actor=Actor("member", f"member:{member.public_id}", "web"))


@handler(LATER)
def friend_bound_later(message: Message) -> None:
    """Busy again: the outbox tries again."""
    member = member_by_public_id(message.payload["member_id"])
    if member is None:
        return
    try:
        _bind(member, code_find(message.payload["code"]))
    except Busy:
        raise
    except DomainError as error:
        log.info("a friend's code didn't bind member %s: %s", member.public_id, error.code)


def friend_joined(member: Member, first: Acquisition) -> None:
    """Called in the transaction that makes the member. A code that leads nowhere keeps nobody from joining."""
    if not first.referral:
        return
    try:
        code = code_find(first.referral)
    except DomainError as error:
        log.info("a friend's code of member %s: %s", member.public_id, error.code)
        return
    try:
        if first.trace:
            digest_note(member=member, kind=ReferralTrace.Kind.IP, digest=bytes.fromhex(first.trace))
        _bind(member, code)
    except Busy:
        # Whoever brings many is busy often. It is bound as soon as nobody is in the way.
        outbox_add(LATER, {"member_id": str(member.public_id), "code": code.code})
    except DomainError as error:
        log.info("a friend's code didn't bind member %s: %s", member.public_id, error.code)
