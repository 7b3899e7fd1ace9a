"""What is read of product panels."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db.models import QuerySet

from core import clock
from draws.drawing import ALGORITHM, FORMAT, entries_sorted
from loyalty.models import Enrollment
from panels.definition import Panel as Spec
from panels.errors import ApplicationUnknown, PanelUnknown
from panels.models import Application, Panel, Participation

State = Panel.State
# A unit that somebody has, had, or was promised.
FREE_AGAIN = (Participation.State.DECLINED, Participation.State.LAPSED, Participation.State.CANCELED)


def spec_of(row: Panel) -> Spec:
    return msgspec.convert(row.spec, Spec)


def phase_of(row: Panel) -> str:
    """scheduled, open, choosing, settled or canceled."""
    if row.state != State.OPEN:
        return str(row.state)
    now = clock.now()
    return "scheduled" if now < row.opens_at else "open" if now < row.closes_at else "choosing"


def panels_of(program_id: int) -> QuerySet[Panel]:
    return Panel.objects.filter(program_id=program_id).select_related("program").order_by("-closes_at", "pk")


def panel_of(program_id: int, code: str) -> Panel:
    """PanelUnknown."""
    found = panels_of(program_id).filter(code=code).first()
    if found is None:
        raise PanelUnknown(field="panel")
    return found


def application_of(row: Panel, enrollment: Enrollment) -> Application | None:
    rows = applications_of(row)
    return rows.filter(enrollment=enrollment).first()


def applications_of(row: Panel) -> QuerySet[Application]:
    rows = Application.objects.filter(panel=row)
    return rows.select_related("panel__program", "enrollment__member", "participation")


def application_by_id(row: Panel, application_id: Any) -> Application:
    """ApplicationUnknown."""
    found = applications_of(row).filter(pk=application_id).first()
    if found is None:
        raise ApplicationUnknown(field="application")
    return found


def participation_of(application: Application) -> Participation | None:
    found: Participation | None = getattr(application, "participation", None)
    return found


def taken_of(row: Panel) -> int:
    """How many of the units are somebody's, or promised."""
    rows = Participation.objects.filter(application__panel=row)
    return rows.exclude(state__in=FREE_AGAIN).count()


def left_of(row: Panel) -> int:
    return max(0, row.units - taken_of(row))


def draw_file(row: Panel) -> dict[str, Any]:
    """What the draw can be worked out from again, as of a sweepstake: nobody's name stands in it."""
    drawn = Application.objects.filter(panel=row, drawn__isnull=False).order_by("drawn").values_list("pk", flat=True)
    return {
        "format": FORMAT,
        "algorithm": ALGORITHM,
        "sweepstake": row.code,
        "commitment": row.commitment,
        "seed": row.revealed,
        "entries_hash": row.entries_hash,
        "once_per_person": True,
        "winners": row.drawn_chosen,
        "alternates": row.drawn_reserves,
        "entries": [list(each) for each in lots_of(row)],
        "drawn": [str(each) for each in drawn],
    }


def lots_of(row: Panel) -> list[tuple[str, str]]:
    """The list that lots were drawn from: an application is one entry, of one person."""
    rows = Application.objects.filter(panel=row, in_draw=True).values_list("pk", flat=True)
    return entries_sorted((str(each), str(each)) for each in rows)
