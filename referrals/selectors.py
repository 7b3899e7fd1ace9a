"""What is read of friends and of those who bring them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db.models import Count, Q, QuerySet

from loyalty.definition.document import Document
from loyalty.definition.sections import section_of
from loyalty.models import Enrollment
from loyalty.selectors import document_now, program_state_of
from referrals.definition import SECTION, Referrals
from referrals.models import Referral, ReferralCode

State = Referral.State
OPEN = (State.PENDING, State.FLAGGED)


class Tally(msgspec.Struct, frozen=True):
    """How many friends of one member wait, count, and came to nothing."""

    waiting: int
    approved: int
    nothing: int


def section_in(document: Document) -> Referrals | None:
    found: Referrals | None = section_of(document.sections, SECTION)
    return found


def section_now(program_id: int) -> Referrals | None:
    """The section of the program in force now; None where friends can't be brought, or no longer."""
    found = section_in(document_now(program_id))
    return found if found is not None and found.enabled else None


def section_at(program_id: int, at: datetime) -> Referrals | None:
    """The section of the version that was in force then, switched off or not."""
    return section_in(program_state_of(program_id).at(at).document)


def referrals_rows() -> QuerySet[Referral]:
    return Referral.objects.select_related("referrer__member", "friend__member", "program")


def referrals_of(enrollment: Enrollment) -> QuerySet[Referral]:
    """The friends that a member brought, newest first."""
    return referrals_rows().filter(referrer=enrollment).order_by("-bound_at", "-pk")


def referral_of_friend(enrollment: Enrollment) -> Referral | None:
    return referrals_rows().filter(friend=enrollment).first()


def code_current(enrollment: Enrollment) -> ReferralCode | None:
    return ReferralCode.objects.filter(enrollment=enrollment, current=True).first()


def tally_of(enrollment: Enrollment) -> Tally:
    counts = Referral.objects.filter(referrer=enrollment).aggregate(
        waiting=Count("pk", filter=Q(state__in=OPEN)),
        approved=Count("pk", filter=Q(state=State.APPROVED)),
        everything=Count("pk"),
    )
    return Tally(counts["waiting"], counts["approved"], counts["everything"] - counts["waiting"] - counts["approved"])
