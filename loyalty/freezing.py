"""A member's clocks stand still for a while: what points end and what a tier is held by moves on by as much.

Called by rooms that know of a pause. It is put off for the days that are expected; once those are known, what was too
much is taken back. Points of an account that is shared go by their head's clock alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from loyalty import ledger
from loyalty.floors import FloorNotFound, tier_floor_end, tier_floor_set
from loyalty.models import Enrollment, TierStanding
from loyalty.selectors import program_state_of


def clocks_hold(*, enrollment: Enrollment, days: int, source: str, actor: Actor) -> dict[int, datetime]:
    """What ends later than now ends so many days later, and no tier is lost meanwhile, nor for as long again after it.
    Returns the lots, by their entry, with their new end: clocks_release wants to know. Called again it adds to it."""
    now = clock.now()
    ledger.points_settle(enrollment_id=enrollment.pk, now=now)
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        moved = ledger.lots_put_off(enrollment_id=enrollment.pk, now=now, days=days, zone=_zone(enrollment, now))
        _tiers_hold(enrollment, now + timedelta(days=2 * days), source, actor)
    return moved


def clocks_release(
    *, enrollment: Enrollment, ends: Mapping[int, datetime], too_much: int, lasted: int, source: str, actor: Actor
) -> None:
    """They go on after so many days; too_much: how many more were expected. A lot that ends otherwise by now, since its
    member was active, stays so."""
    now = clock.now()
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        if too_much > 0 and ends:
            ledger.lots_pull_back(
                enrollment_id=enrollment.pk, ends=ends, days=too_much, zone=_zone(enrollment, now)
            )  # fmt: skip
        if lasted > 0:
            _tiers_hold(enrollment, now + timedelta(days=lasted), source, actor)
            return
        for each in _ladders(enrollment):
            with suppress(FloorNotFound):
                tier_floor_end(enrollment=enrollment, ladder=each.ladder, source=source, actor=actor)


def _zone(enrollment: Enrollment, now: datetime) -> str:
    return program_state_of(enrollment.program_id).at(now).document.program.time_zone


def _ladders(enrollment: Enrollment) -> Iterator[TierStanding]:
    yield from TierStanding.objects.filter(enrollment=enrollment).order_by("ladder")


def _tiers_hold(enrollment: Enrollment, until: datetime, source: str, actor: Actor) -> None:
    """The lowest tier of a ladder needs no holding."""
    for each in _ladders(enrollment):
        with suppress(InvalidInput):
            tier_floor_set(
                enrollment=enrollment, ladder=each.ladder, tier=each.tier, source=source, until=until, actor=actor
            )  # fmt: skip
