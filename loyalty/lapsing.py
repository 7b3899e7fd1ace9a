"""Tiers whose time is over: looked at by the night, and before judging an event that comes before the night does."""

from __future__ import annotations

from datetime import date, datetime

from loyalty.booking import Plan
from loyalty.definition.compiled import CompiledLadder, CompiledProgram
from loyalty.reading import Place
from loyalty.rules.dates import local_day
from loyalty.rules.tiers import tier_expire


def standings_lapse(
    place: Place,
    *,
    compiled: CompiledProgram,
    plan: Plan,
    at: datetime,
    member_id: str,
    program: str,
    joined_at: datetime,
) -> None:
    """Plan every end of validity up to `at`, one after the other, each at its own instant; the place follows."""
    for standing in list(place.standings):
        if standing.valid_until is None or standing.valid_until > at:
            continue
        ladder = compiled.ladders.get(standing.ladder)
        if ladder is None:
            # The ladder is gone from the program; the standing is history and isn't looked at again.
            plan.standings[place.id, standing.ladder] = {
                "enrollment": place.id,
                "ladder": standing.ladder,
                "tier": standing.tier,
                "since": standing.since,
                "valid_until": None,
                "cause": standing.cause,
            }
            standing.valid_until = None
        else:
            _ladder_lapse(place, ladder, plan, at, member_id, program, local_day(joined_at, ladder.zone))


def _ladder_lapse(
    place: Place,
    ladder: CompiledLadder,
    plan: Plan,
    at: datetime,
    member_id: str,
    program: str,
    anchor: date,
) -> None:
    head = f"{ladder.counter}@"
    progress = {name[len(head) :]: value for name, value in place.counters.items() if name.startswith(head)}
    while (standing := place.standing(ladder.code)) is not None and standing.valid_until is not None:
        move = tier_expire(
            ladder, current=standing.tier, valid_until=standing.valid_until, progress=progress, at=at, anchor=anchor
        )
        if move is None:
            return
        plan.move_take(move, place=place, event_id=None, at=standing.valid_until, cause="window_end")
        if move.kind != "kept":
            plan.tell(
                "tier.changed",
                member_id=member_id,
                program=program,
                ladder=ladder.code,
                from_tier=move.from_tier,
                to_tier=move.to_tier,
                up=move.kind == "upgraded",
            )
