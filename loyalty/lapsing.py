"""Tiers whose time is over: looked at by the night, and before judging an event that comes before the night does."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from loyalty.booking import Plan
from loyalty.definition.compiled import CompiledLadder, CompiledProgram
from loyalty.reading import Place
from loyalty.rules.dates import local_day
from loyalty.rules.progress import Progress, progress_of
from loyalty.rules.tiers import tier_expire


class Whose(msgspec.Struct, frozen=True):
    """The member that a place belongs to, as far as looking at their tiers needs."""

    member_id: str
    program: str
    joined_at: datetime


def anchor_of(ladder: CompiledLadder, place: Place, joined_at: datetime) -> date:
    """The member's own day that the ladder's window goes by."""
    return local_day(place.enrolled_at if ladder.window.key == "enrollment_year" else joined_at, ladder.zone)


def place_progress(ladder: CompiledLadder, place: Place) -> Progress:
    return progress_of(ladder, place.counters, {each.currency: each.balance for each in place.accounts})


def standings_lapse(place: Place, *, compiled: CompiledProgram, plan: Plan, at: datetime, whose: Whose) -> None:
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
            _ladder_lapse(place, ladder, plan, at, whose)


def _ladder_lapse(place: Place, ladder: CompiledLadder, plan: Plan, at: datetime, whose: Whose) -> None:
    progress, anchor = place_progress(ladder, place), anchor_of(ladder, place, whose.joined_at)
    while (standing := place.standing(ladder.code)) is not None and standing.valid_until is not None:
        until = standing.valid_until
        move = tier_expire(ladder, current=standing.tier, valid_until=until, progress=progress, at=at, anchor=anchor)
        if move is None:
            return
        plan.move_take(move, place=place, event_id=None, at=until, cause="window_end")
        if move.kind != "kept":
            plan.tell(
                "tier.changed",
                member_id=whose.member_id,
                program=whose.program,
                ladder=ladder.code,
                from_tier=move.from_tier,
                to_tier=move.to_tier,
                up=move.kind == "upgraded",
            )
