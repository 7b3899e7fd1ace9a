"""Tiers whose time is over: looked at by the night, and before judging an event that comes before the night does."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from loyalty.booking import Plan
from loyalty.cases import move_tell
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
        if not standing.due_by(at):
            continue
        ladder = compiled.ladders.get(standing.ladder)
        if ladder is None:
            # The ladder is gone from the program; the standing is history and isn't looked at again.
            gone = msgspec.structs.replace(standing, valid_until=None, own_until=None, floor_until=None)
            plan.standing_put(gone, before=standing, place=place, event_id=None, at=at, cause=standing.cause, ranks={})
        else:
            _ladder_lapse(place, ladder, plan, at, whose)


def _ladder_lapse(place: Place, ladder: CompiledLadder, plan: Plan, at: datetime, whose: Whose) -> None:
    progress, anchor = place_progress(ladder, place), anchor_of(ladder, place, whose.joined_at)
    while (standing := place.standing(ladder.code)) is not None:
        own, until = standing.earned
        then = standing.floor_until
        if then is not None and then <= min(at, until or at):
            without = standing.with_floor("", None, ladder.ranks)
            moved = plan.standing_put(
                without,
                before=standing,
                place=place,
                event_id=None,
                at=then,
                cause="floor_end",
                ranks=ladder.ranks,
            )
        else:
            move = tier_expire(ladder, current=own, valid_until=until, progress=progress, at=at, anchor=anchor)
            if move is None or until is None:
                return
            then, ranks = until, ladder.ranks
            moved = plan.move_take(move, place=place, event_id=None, at=then, cause="window_end", ranks=ranks)
        if moved.kind != "kept":
            move_tell(plan, ladder, moved, at=then, member_id=whose.member_id, program=whose.program)
