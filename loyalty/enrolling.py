"""A member's place in a program: the enrollment, an account per currency, a standing per ladder."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from core import clock
from core.outbox import outbox_add
from loyalty.incoming import OWN_SOURCE, EventInput, MemberRef, body_hash
from loyalty.models import Enrollment, PointsAccount, TierChange, TierStanding
from loyalty.payloads import MEMBER_ENROLLED
from loyalty.versions import compiled_of, programs_fresh
from members.models import Member


def member_place(*, member_id: int, program_id: int) -> tuple[Enrollment, bool]:
    """The enrollment and whether it is new. Also fills in accounts of currencies that a later version added."""
    now = clock.now()
    state = next(each for each in programs_fresh().values() if each.id == program_id)
    compiled = state.at(now)
    # Of every version: an event may be judged by an older one, or by one that holds from a later time.
    currencies = {code for row in state.versions for code in compiled_of(row).currencies}
    with transaction.atomic():
        # Two who enroll the same member at once: the second waits for the first's row and then finds it.
        Enrollment.objects.bulk_create(
            [Enrollment(member_id=member_id, program_id=program_id, enrolled_at=now)], ignore_conflicts=True
        )
        enrollment = Enrollment.objects.select_for_update(no_key=True).get(member_id=member_id, program_id=program_id)
        PointsAccount.objects.bulk_create(
            [
                PointsAccount(enrollment_id=holder, currency=code)
                for holder in sorted({enrollment.pk, enrollment.pool_id or enrollment.pk})
                for code in sorted(currencies)
            ],
            ignore_conflicts=True,
        )
        known = set(TierStanding.objects.filter(enrollment=enrollment).values_list("ladder", flat=True))
        created = (
            not known and enrollment.version == 0 and not TierChange.objects.filter(enrollment=enrollment).exists()
        )
        for ladder in compiled.ladders.values():
            if ladder.code not in known:
                first = ladder.tiers[0].code
                TierStanding.objects.create(enrollment=enrollment, ladder=ladder.code, tier=first, since=now)
                TierChange.objects.create(
                    enrollment=enrollment,
                    ladder=ladder.code,
                    to_tier=first,
                    cause=TierChange.Cause.ENROLLED,
                    at=now,
                    recorded_at=now,
                )
        enrollment.version += 1
        enrollment.save(update_fields=["version"])
        if created:
            member = Member.objects.only("public_id").get(pk=member_id)
            outbox_add("member.enrolled", {"member_id": str(member.public_id), "program": state.slug})
    return enrollment, created


def enrolled_event(enrollment: Enrollment) -> EventInput:
    """`member.enrolled`, once per enrollment: what a welcome rule waits for."""
    program, member = enrollment.program, enrollment.member
    told = {
        "type": MEMBER_ENROLLED,
        "member": str(member.public_id),
        "occurred_at": enrollment.enrolled_at.isoformat(),
        "program": program.slug,
        "data": {"channel": member.acquisition_channel},
    }
    return EventInput(
        external_id=f"enrolled:{enrollment.pk}",
        type=MEMBER_ENROLLED,
        occurred_at=enrollment.enrolled_at,
        member=MemberRef(id=str(UUID(str(member.public_id)))),
        source=OWN_SOURCE,
        program=program.slug,
        payload={"channel": member.acquisition_channel},
        body_hash=body_hash(told),
    )
