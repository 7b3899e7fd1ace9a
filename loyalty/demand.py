"""Members in demand: whoever moved while an event of theirs was judged is locked before the next one is, for a moment.

Judging first and booking if nobody was faster is the cheaper way for nearly everyone. For one member whom everybody
wants it means that nearly every event is judged twice, the first time for nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from time import monotonic

from core.tenancy import current_schema
from loyalty.incoming import EventInput, MemberRef

SECONDS, KEPT = 2.0, 1_000
# By schema and member: until when, and the places to be locked.
_wanted: dict[tuple[str, MemberRef], tuple[float, tuple[int, ...]]] = {}


def demand_note(events: Sequence[EventInput], places: Collection[int]) -> None:
    """The one event's member has just moved. Of several nothing is noted: they lock in an order of their own."""
    if len(events) == 1 and events[0].member is not None:
        if len(_wanted) >= KEPT:
            _wanted.clear()
        _wanted[current_schema(), events[0].member] = monotonic() + SECONDS, tuple(places)


def demand_of(events: Sequence[EventInput]) -> list[int]:
    """The places to be locked before the one event is read; none: it's judged as most are."""
    if len(events) != 1 or events[0].member is None or not _wanted:
        return []
    until, places = _wanted.get((current_schema(), events[0].member), (0.0, ()))
    return list(places) if monotonic() < until else []
