"""Rising to a tier is an event: `tier.reached`, which entry effects and rules wait for.

It comes in by the one way in, after the booking that raised the member, as a message's effect: so its own awards have
their own event, trace and snapshot. A member who loses a tier and reaches it again within the same window isn't paid
again: the event's id names the window.
"""

from __future__ import annotations

from datetime import datetime

from core.actor import system
from core.outbox import Message
from loyalty.ingest import event_ingest
from loyalty.models import Enrollment
from loyalty.rising import Riser, risen_events
from loyalty.selectors import program_state_of
from members.models import Member

OWN = system("tiers")


def tier_reached(message: Message) -> None:
    """Of `tier.changed`, upwards. Delivered twice, it is booked once: the event's id says so."""
    told = message.payload
    if not told.get("up") or "at" not in told:
        return
    place = (
        Enrollment.objects.select_related("member", "program")
        .filter(member__public_id=told["member_id"], program__slug=told["program"])
        .first()
    )
    if place is None or place.member.status != Member.Status.ACTIVE:
        return
    at = datetime.fromisoformat(str(told["at"]))
    ladder = program_state_of(place.program_id).at(at).ladders.get(told["ladder"])
    if ladder is None or told["to_tier"] not in ladder.ranks:
        return
    member, slug = place.member, place.program.slug
    who = Riser(place.pk, str(member.public_id), member.joined_at, place.enrolled_at, slug)
    for answer in event_ingest(risen_events(ladder, told, at, who), actor=OWN):
        if answer.error is not None and answer.status >= 500:
            raise answer.error  # a fault of ours: the message comes again
