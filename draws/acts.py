"""Entries that rules give: the effect `enter_sweepstake`, done once per act and undone with what caused it."""

from __future__ import annotations

import logging

from django.db import transaction

from core.errors import DomainError
from draws.entering import entries_add, entries_left, entries_remove
from draws.errors import EntriesReached, SweepstakeClosed
from draws.following import program_follow
from draws.models import Sweepstake, SweepstakeEntry
from loyalty import ledger
from loyalty.acts import ActCall
from loyalty.models import Enrollment

log = logging.getLogger(__name__)


def act_enter(call: ActCall) -> None:
    """As many entries as the terms leave room for. Whom the terms exclude, or whose event came when it wasn't open,
    gets none: the event itself stands."""
    place = call.enrollment()
    if place is None:
        return
    rows = Sweepstake.objects.filter(program=place.program, code=call.params["sweepstake"])
    row = rows.first()
    if row is None:
        # The version that has it may have taken effect a moment ago, before the sweep came by.
        program_follow(place.program)
        row = rows.first()
    if row is None:
        log.warning("rule %s names a sweepstake that isn't there", call.rule)
        return
    try:
        _enter(call, place, row)
    except DomainError as error:
        if error.status >= 500:
            raise
        log.info("rule %s entered nobody: %s", call.rule, error.code)


def _enter(call: ActCall, place: Enrollment, row: Sweepstake) -> None:
    with transaction.atomic():
        # A return is booked under the same lock: one that comes now finds what was entered.
        ledger.enrollment_lock(place.pk)
        if call.undone():
            return
        wanted = int(call.params.get("entries", 1))
        left = entries_left(row, place)
        number = wanted if left is None else min(wanted, left)
        if not number and not SweepstakeEntry.objects.filter(sweepstake=row, cause=f"{_cause(call)}:0").exists():
            raise EntriesReached(limit=wanted)
        entries_add(
            sweepstake=row, enrollment=place, way=SweepstakeEntry.Way.RULE, cause=_cause(call), number=max(number, 1),
            actor=call.actor,
        )  # fmt: skip


def act_leave(call: ActCall) -> None:
    """The order came back whole. A list that is frozen stays as it is: its number is public."""
    for row in Sweepstake.objects.filter(program__slug=call.program, code=call.params["sweepstake"]):
        try:
            entries_remove(sweepstake=row, cause=_cause(call))
        except SweepstakeClosed:
            log.info("the entries of %s stay: the list is frozen", call.rule)


def _cause(call: ActCall) -> str:
    return f"rule:{call.key}"
