"""A friend comes by a code: bound once, to one member, under the locks of both."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from core import clock
from core.actor import Actor
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.errors import MemberSuspended
from loyalty.models import Enrollment
from members.facts import member_fact_set
from members.models import Member
from referrals.definition import OPEN_FACT, Referrals
from referrals.errors import AlreadyBrought, CodeOfAnother, NoNewFriend, OwnCode, ReferralsOff
from referrals.models import Referral, ReferralCode
from referrals.selectors import section_now
from referrals.telling import told


def referral_bind(*, code: ReferralCode, friend: Enrollment, actor: Actor) -> Referral:
    """Note who brought the friend. The same again gives the same referral.

    Errors: ReferralsOff, CodeOfAnother, OwnCode, AlreadyBrought, NoNewFriend, MemberSuspended, Busy.
    """
    section = section_now(friend.program_id)
    if section is None:
        raise ReferralsOff()
    referrer = code.enrollment
    if referrer.program_id != friend.program_id:
        raise CodeOfAnother(field="code")
    if referrer.pk == friend.pk:
        raise OwnCode(field="code")
    with transaction.atomic():
        ledger.enrollments_lock([referrer.pk, friend.pk])
        earlier = Referral.objects.filter(friend=friend).first()
        if earlier is not None:
            if earlier.referrer_id != referrer.pk:
                raise AlreadyBrought()
            return earlier
        _check(referrer, friend, section)
        row = Referral.objects.create(
            program=friend.program, referrer=referrer, friend=friend, code=code.code, bound_at=clock.now(),
            source=actor.source, initiated_by=actor.initiated_by,
        )  # fmt: skip
        member_fact_set(member_id=friend.member_id, key=OPEN_FACT, value=True)
        outbox_add("referral.bound", told(row))
    return row


def _check(referrer: Enrollment, friend: Enrollment, section: Referrals) -> None:
    if any(each.member.status != Member.Status.ACTIVE for each in (friend, referrer)):
        raise MemberSuspended()
    joined = friend.member.joined_at
    late = clock.now() > joined + timedelta(days=section.join_days) + timedelta(minutes=30)
    # Whom the friend brought was here later than the friend.
    if late or Referral.objects.filter(referrer=friend, friend=referrer).exists():
        raise NoNewFriend(joined_at=joined.isoformat(), join_days=section.join_days)
