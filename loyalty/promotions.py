"""Rising to a tier is an event: `tier.reached`, which entry effects and rules wait for.

It comes in by the one way in, after the booking that raised the member, as a message's effect: so its own awards have
their own event, trace and snapshot. A member who loses a tier and reaches it again within the same window isn't paid
again: the event's id names the window.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.actor import system
from core.outbox import Message
from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.windows import Rolling, window_anchor
from loyalty.incoming import OWN_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.models import Enrollment
from loyalty.payloads import TIER_REACHED
from loyalty.rules.dates import local_day
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
    events = [_event(place, ladder, tier, told, at) for tier in _risen_to(ladder, told["from_tier"], told["to_tier"])]
    for answer in event_ingest(events, actor=OWN):
        if answer.error is not None and answer.status >= 500:
            raise answer.error  # a fault of ours: the message comes again


def _risen_to(ladder: CompiledLadder, from_tier: str, to_tier: str) -> list[str]:
    """The tier, and those that were skipped where they pay too."""
    start, end = ladder.ranks.get(from_tier, 0), ladder.ranks[to_tier]
    between = ladder.tiers[start + 1 : end] if ladder.skipped_pay else ()
    return [each.code for each in between if not each.by_invitation] + [to_tier]


def _event(place: Enrollment, ladder: CompiledLadder, tier: str, told: dict[str, Any], at: datetime) -> EventInput:
    reached = {
        "ladder": ladder.code,
        "tier": tier,
        "from_tier": told["from_tier"],
        "skipped": tier != told["to_tier"],
    }
    member, program = place.member, place.program
    body = {
        "type": TIER_REACHED,
        "member": str(member.public_id),
        "occurred_at": at.isoformat(),
        "program": program.slug,
        "data": reached,
    }
    return EventInput(
        external_id=f"tier:{place.pk}:{ladder.code}:{tier}:{_window(place, ladder, at)}",
        type=TIER_REACHED,
        occurred_at=at,
        member=MemberRef(id=str(member.public_id)),
        source=OWN_SOURCE,
        program=program.slug,
        payload=reached,
        body_hash=body_hash(body),
    )


def _window(place: Enrollment, ladder: CompiledLadder, at: datetime) -> str:
    day = local_day(at, ladder.zone)
    if isinstance(ladder.window, Rolling):
        return f"{day:%Y-%m}"
    joined, enrolled = local_day(place.member.joined_at, ladder.zone), local_day(place.enrolled_at, ladder.zone)
    return ladder.window.start(day, window_anchor(ladder.window, joined, enrolled))
