"""A visitor who came by a friend's link and joins: the code is kept until the address is proven, then it binds."""

from __future__ import annotations

import logging

from core.actor import Actor
from core.errors import DomainError
from loyalty.ingest import place_ensure
from members.acquisition import Acquisition
from members.models import Member
from referrals.binding import referral_bind
from referrals.codes import code_find
from referrals.models import ReferralTrace
from referrals.traces import digest_note

log = logging.getLogger(__name__)


def friend_joined(member: Member, first: Acquisition) -> None:
    """Called in the transaction that makes the member. A code that leads nowhere keeps nobody from joining."""
    if not first.referral:
        return
    try:
        code = code_find(first.referral)
        friend = place_ensure(member_id=member.pk, program_id=code.enrollment.program_id)
        if first.trace:
            digest_note(member=member, kind=ReferralTrace.Kind.IP, digest=bytes.fromhex(first.trace))
        actor = Actor("member", f"member:{member.public_id}", "web")
        referral_bind(code=code, friend=friend, actor=actor)
    except DomainError as error:
        log.info("a friend's code didn't bind member %s: %s", member.public_id, error.code)
