"""A member's place in a program: the enrollment, an account per currency, a standing per ladder."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from core import clock
from core.outbox import outbox_add_all
from loyalty.incoming import OWN_SOURCE, EventInput, MemberRef, body_hash
from loyalty.models import Enrollment, PointsAccount, TierChange, TierStanding
from loyalty.payloads import MEMBER_ENROLLED
from loyalty.versions import ProgramState, compiled_of, programs_fresh


def members_place(*, member_ids: Collection[int], program_id: int) -> list[tuple[Enrollment, bool]]:
    """Their enrollments, by id, and whether each is new. Also fills in accounts of currencies that a later version
    added. As many statements for a thousand members as for one."""
    now = clock.now()
    state = next(each for each in programs_fresh().values() if each.id == program_id)
    with transaction.atomic():
        # Two who enroll the same member at once: the second waits for the first's row and then finds it.
        Enrollment.objects.bulk_create(
            [Enrollment(member_id=each, program_id=program_id, enrolled_at=now) for each in sorted(member_ids)],
            ignore_conflicts=True,
        )
        places = list(
            Enrollment.objects.select_related("member", "program")
            .filter(member_id__in=member_ids, program_id=program_id)
            .order_by("id")
            .select_for_update(no_key=True, of=("self",))
        )
        _accounts_make(places, state)
        fresh = _standings_make(places, state, now)
        Enrollment.objects.filter(pk__in=[place.pk for place in places]).update(version=F("version") + 1)
        for place in places:
            place.version += 1
        outbox_add_all(
            "member.enrolled",
            [
                {"member_id": str(place.member.public_id), "program": state.slug}
                for place in places
                if place.pk in fresh
            ],
        )
    return [(place, place.pk in fresh) for place in places]


def _accounts_make(places: Collection[Enrollment], state: ProgramState) -> None:
    # Of every version: an event may be judged by an older one, or by one that holds from a later time.
    currencies = sorted({code for row in state.versions for code in compiled_of(row).currencies})
    holders = sorted({holder for place in places for holder in (place.pk, place.pool_id or place.pk)})
    PointsAccount.objects.bulk_create(
        [PointsAccount(enrollment_id=holder, currency=code) for holder in holders for code in currencies],
        ignore_conflicts=True,
    )


def _standings_make(places: Collection[Enrollment], state: ProgramState, now: datetime) -> set[int]:
    """A standing on every ladder that they aren't on yet; returns which places are new."""
    ids = [place.pk for place in places]
    known: dict[int, set[str]] = {}
    for place_id, ladder in TierStanding.objects.filter(enrollment__in=ids).values_list("enrollment_id", "ladder"):
        known.setdefault(place_id, set()).add(ladder)
    moved = set(TierChange.objects.filter(enrollment__in=ids).values_list("enrollment_id", flat=True))
    missing = [
        (place, ladder.code, ladder.tiers[0].code)
        for place in places
        for ladder in state.at(now).ladders.values()
        if ladder.code not in known.get(place.pk, ())
    ]
    TierStanding.objects.bulk_create(
        [TierStanding(enrollment=place, ladder=ladder, tier=tier, since=now) for place, ladder, tier in missing]
    )
    TierChange.objects.bulk_create(
        [
            TierChange(
                enrollment=place,
                ladder=ladder,
                to_tier=tier,
                cause=TierChange.Cause.ENROLLED,
                at=now,
                recorded_at=now,
            )
            for place, ladder, tier in missing
        ]
    )
    return {place.pk for place in places if place.version == 0 and place.pk not in known and place.pk not in moved}


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
