"""From an approval to the events of both sides, and back. All of it in the transaction of the decision, under the locks
of both members: a referral that counts has its events, one that counts no longer has them taken back.

The points, rewards and whatever else the program gives come of these events alone. Their ids are the referral's own, so
each is booked once.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core import clock
from core.actor import system
from core.outbox import outbox_add
from loyalty.incoming import REFERRALS_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.models import Enrollment
from loyalty.reversing import reversal_event
from loyalty.selectors import document_now
from referrals.definition import CONVERTED, MILESTONE_REACHED
from referrals.models import Referral, ReferralMilestone
from referrals.selectors import section_in

APPROVED = "referral.approved"
MILESTONE, MILESTONE_GONE = "referral.milestone_reached", "referral.milestone_taken_back"
OWN = system("referrals")
SIDES = ("referrer", "friend")
TAKEN_BACK = {
    "referrer": {
        "en": "A friend you brought doesn't count any more",
        "nl": "Een vriend die je aanbracht telt niet meer mee",
    },
    "friend": {
        "en": "That a friend brought you doesn't count any more",
        "nl": "Dat een vriend je aanbracht telt niet meer mee",
    },
}


def sides_book(row: Referral) -> None:
    """Ingest what isn't booked yet of an approved referral. Under the locks of both; what is refused stays open."""
    for side in SIDES:
        if getattr(row, f"{side}_event") is None:
            event = _booked(_side_event(row, side))
            if event is not None:
                setattr(row, f"{side}_event", event)
    row.save(update_fields=["referrer_event", "friend_event"])


def milestones_book(row: Referral) -> None:
    """Whether this friend makes a number that the program gives something for."""
    # Also of a section that was switched off: what is under way is still given.
    section = section_in(document_now(row.program_id))
    count = _counting(row.referrer)
    if section is None or count not in {each.at for each in section.milestones}:
        return
    rows = ReferralMilestone.objects.filter(enrollment=row.referrer, number=count, taken_back_at__isnull=True)
    if rows.exists():
        return
    made = ReferralMilestone.objects.create(enrollment=row.referrer, number=count, referral=row, reached_at=clock.now())
    outbox_add(MILESTONE, _told(made))
    milestones_book_open(row)


def milestones_book_open(row: Referral) -> bool:
    """Ingest what isn't booked yet of the milestones that the referral led to. Whether all are booked."""
    waiting = ReferralMilestone.objects.filter(referral=row, event=None, taken_back_at=None)
    done = True
    for made in waiting.select_related("enrollment__member", "enrollment__program").order_by("number"):
        made.event = _booked(_milestone_event(made))
        made.save(update_fields=["event"])
        done = done and made.event is not None
    return done


def sides_take_back(row: Referral) -> None:
    """Take back what both sides got, and the milestones that this was needed for. The state is set already."""
    for side in SIDES:
        if getattr(row, f"{side}_event") is not None:
            _reversed(f"{row.pk}:{side}", getattr(row, side), TAKEN_BACK[side])
    gone = ReferralMilestone.objects.select_for_update().filter(
        enrollment=row.referrer, taken_back_at__isnull=True, number__gt=_counting(row.referrer)
    )
    for each in gone.order_by("number"):
        if each.event is not None:
            _reversed(f"milestone:{each.pk}", row.referrer, TAKEN_BACK["referrer"])
        each.taken_back_at = clock.now()
        each.save(update_fields=["taken_back_at"])
        outbox_add(MILESTONE_GONE, _told(each))


def _told(made: ReferralMilestone) -> dict[str, Any]:
    place = made.enrollment
    return {
        "milestone_id": str(made.pk),
        "member_id": str(place.member.public_id),
        "program": place.program.slug,
        "number": made.number,
    }


def _counting(enrollment: Enrollment) -> int:
    return Referral.objects.filter(referrer=enrollment, state=Referral.State.APPROVED).count()


def _side_event(row: Referral, side: str) -> EventInput:
    payload: dict[str, Any] = {"id": str(row.pk), "side": side, "code": row.code}
    if side == "referrer":
        payload["number"] = row.number
    return _event(f"{row.pk}:{side}", CONVERTED, getattr(row, side), payload)


def _milestone_event(made: ReferralMilestone) -> EventInput:
    return _event(f"milestone:{made.pk}", MILESTONE_REACHED, made.enrollment, {"number": made.number})


def _event(name: str, kind: str, enrollment: Enrollment, referral: dict[str, Any]) -> EventInput:
    now, member, program = clock.now(), str(enrollment.member.public_id), enrollment.program.slug
    return EventInput(
        external_id=name,
        type=kind,
        occurred_at=now,
        member=MemberRef(id=member),
        source=REFERRALS_SOURCE,
        program=program,
        payload={"referral": referral},
        body_hash=body_hash({"type": kind, "member": member, "program": program}),
    )


def _booked(event: EventInput) -> UUID | None:
    [answer] = event_ingest([event], actor=OWN)
    if answer.error is not None:
        if answer.status >= 500:
            raise answer.error
        return None
    return UUID(answer.body["id"])


def _reversed(name: str, enrollment: Enrollment, reason: dict[str, str]) -> None:
    event = reversal_event(
        source=REFERRALS_SOURCE, external_id=name, member=str(enrollment.member.public_id),
        program=enrollment.program.slug, at=clock.now(), reason=reason,
    )  # fmt: skip
    [answer] = event_ingest([event], actor=OWN)
    if answer.error is not None and answer.error.code != "unknown_member":  # whoever was erased has nothing left
        raise answer.error
