"""What is read of sweepstakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from django.db.models import QuerySet

from core import clock
from draws.definition import Sweepstake as Spec
from draws.drawing import ALGORITHM, FORMAT, WITH_OUTSIDE, entries_sorted
from draws.errors import SweepstakeUnknown
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from loyalty.models import Enrollment

State = Sweepstake.State
AHEAD = timedelta(days=31)


def spec_of(row: Sweepstake) -> Spec:
    return msgspec.convert(row.spec, Spec)


def phase_of(row: Sweepstake) -> str:
    """scheduled, open, closed, drawn or canceled, as it is now: also before the minute's work has closed it."""
    if row.state != State.OPEN:
        return str(row.state)
    now = clock.now()
    return "scheduled" if now < row.opens_at else "open" if now < row.closes_at else "closed"


def sweepstakes_of(program_id: int) -> QuerySet[Sweepstake]:
    return Sweepstake.objects.filter(program_id=program_id).select_related("program").order_by("-closes_at", "pk")


def sweepstakes_told(program_id: int) -> QuerySet[Sweepstake]:
    """Those that members are told of: what opens much later is still being planned."""
    return sweepstakes_of(program_id).filter(opens_at__lte=clock.now() + AHEAD)


def sweepstake_of(program_id: int, code: str) -> Sweepstake:
    """SweepstakeUnknown."""
    found = sweepstakes_of(program_id).filter(code=code).first()
    if found is None:
        raise SweepstakeUnknown(field="sweepstake")
    return found


def entries_of(row: Sweepstake, enrollment: Enrollment) -> QuerySet[SweepstakeEntry]:
    return SweepstakeEntry.objects.filter(sweepstake=row, enrollment=enrollment).order_by("entered_at", "pk")


def drawn_of(row: Sweepstake) -> QuerySet[SweepstakeWinner]:
    return SweepstakeWinner.objects.filter(sweepstake=row).select_related("entry__enrollment__member").order_by("place")


def list_of(row: Sweepstake) -> list[tuple[str, str]]:
    """The frozen list: (entry, person), in order."""
    rows = SweepstakeEntry.objects.filter(sweepstake=row).values_list("pk", "person")
    return entries_sorted((str(entry), person) for entry, person in rows)


def draw_file(row: Sweepstake) -> dict[str, Any]:
    """Everything that is needed to work the draw out again, and nobody's name. Of one that was drawn."""
    spec = spec_of(row)
    bound = {} if spec.outside is None else {"outside": {"source": spec.outside.source, "value": row.outside}}
    return {
        "format": FORMAT,
        "algorithm": ALGORITHM if spec.outside is None else WITH_OUTSIDE,
        "sweepstake": row.code,
        "commitment": row.commitment,
        "seed": row.revealed,
        "entries_hash": row.entries_hash,
        **bound,
        "once_per_person": spec.once_per_person,
        "winners": spec.winners,
        "alternates": spec.alternates,
        "entries": [list(each) for each in list_of(row)],
        "drawn": [str(each.entry_id) for each in drawn_of(row)],
    }
