"""The events that a rise to a tier makes: the same where they are booked and where a backtest only asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.windows import Rolling, window_anchor
from loyalty.incoming import OWN_SOURCE, EventInput, MemberRef, body_hash
from loyalty.payloads import TIER_REACHED
from loyalty.rules.dates import local_day


class Riser(msgspec.Struct, frozen=True):
    """Whose rise it is. place: the enrollment's id, member_id: the public one."""

    place: int
    member_id: str
    joined_at: datetime
    enrolled_at: datetime
    program: str


def risen_events(ladder: CompiledLadder, told: Mapping[str, Any], at: datetime, who: Riser) -> list[EventInput]:
    """told: a `tier.changed`, upwards."""
    return [_event(who, ladder, tier, told, at) for tier in _risen_to(ladder, told["from_tier"], told["to_tier"])]


def _risen_to(ladder: CompiledLadder, from_tier: str, to_tier: str) -> list[str]:
    """The tier, and those that were skipped where they pay too."""
    start, end = ladder.ranks.get(from_tier, 0), ladder.ranks[to_tier]
    between = ladder.tiers[start + 1 : end] if ladder.skipped_pay else ()
    return [each.code for each in between if not each.by_invitation] + [to_tier]


def _event(who: Riser, ladder: CompiledLadder, tier: str, told: Mapping[str, Any], at: datetime) -> EventInput:
    reached = {
        "ladder": ladder.code,
        "tier": tier,
        "from_tier": told["from_tier"],
        "skipped": tier != told["to_tier"],
    }
    body = {
        "type": TIER_REACHED,
        "member": who.member_id,
        "occurred_at": at.isoformat(),
        "program": who.program,
        "data": reached,
    }
    return EventInput(
        external_id=f"tier:{who.place}:{ladder.code}:{tier}:{_window(who, ladder, at)}",
        type=TIER_REACHED,
        occurred_at=at,
        member=MemberRef(id=who.member_id),
        source=OWN_SOURCE,
        program=who.program,
        payload=reached,
        body_hash=body_hash(body),
    )


def _window(who: Riser, ladder: CompiledLadder, at: datetime) -> str:
    day = local_day(at, ladder.zone)
    if isinstance(ladder.window, Rolling):
        return f"{day:%Y-%m}"
    joined, enrolled = local_day(who.joined_at, ladder.zone), local_day(who.enrolled_at, ladder.zone)
    return ladder.window.start(day, window_anchor(ladder.window, joined, enrolled))
