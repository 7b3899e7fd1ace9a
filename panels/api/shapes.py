"""What the API says of product panels. An address is never said; answers only where the key's scope is for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from core.api.schema import path_parameter
from core.api.shapes import Body
from panels.errors import PanelUnknown
from panels.models import Application, Panel, Participation
from panels.selectors import left_of, participation_of, phase_of

TAG = "Product panels"
Program = Annotated[str, Meta(min_length=1, max_length=40, description="Where there are several programs.")]
path_parameter("panel", description="The panel's code.", schema={"type": "string"}, example="winter_jacket")
path_parameter(
    "tester",
    description="The tester's id, from the application.",
    schema={"type": "string", "format": "uuid"},
    example="0192f0c4-9b62-7e4f-8d2b-3c8e1a7f5b21",
)


class ProgramQuery(Struct):
    program: Program | None = None


class ProgramBody(Body):
    program: Program | None = None


class PanelOut(Struct):
    """state: scheduled, open, choosing, settled or canceled. terms: its piece of the program. seed: once drawn."""

    code: str
    program: str
    state: str
    opens_at: datetime
    closes_at: datetime
    selects_on: datetime | None
    units: int
    units_left: int
    terms: dict[str, Any]
    commitment: str
    seed: str | None
    entries_hash: str | None


class TesterOut(Struct):
    """state: invited, declined, lapsed, canceled, accepted, shipped, received, answered or closed. outcome: kept,
    returned or lost. overdue: a day was missed."""

    id: UUID
    state: str
    outcome: str | None
    accept_by: date
    answer_by: date | None
    return_by: date | None
    overdue: bool
    carrier: str | None
    tracking: str | None
    shipped_at: datetime | None
    received_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None


class ApplicationOut(Struct):
    """state: applied, selected, reserve, not_selected, withdrawn or canceled (the panel was). place: among those who
    stand by. decided: hand, lot or followed (stood by). tester: of whoever was selected."""

    id: UUID
    panel: str
    program: str
    member_id: UUID
    state: str
    applied_at: datetime
    place: int | None
    decided: str | None
    decided_at: datetime | None
    tester: TesterOut | None


def panel_out(row: Panel) -> PanelOut:
    return PanelOut(
        code=row.code, program=row.program.slug, state=phase_of(row), opens_at=row.opens_at, closes_at=row.closes_at,
        selects_on=row.selects_on, units=row.units, units_left=left_of(row), terms=row.spec,
        commitment=row.commitment, seed=row.revealed or None, entries_hash=row.entries_hash or None,
    )  # fmt: skip


def application_out(row: Application) -> ApplicationOut:
    testing = participation_of(row)
    return ApplicationOut(
        id=row.pk, panel=row.panel.code, program=row.panel.program.slug, member_id=row.enrollment.member.public_id,
        state=row.state, applied_at=row.applied_at, place=row.place, decided=row.way or None,
        decided_at=row.decided_at, tester=tester_out(testing) if testing is not None else None,
    )  # fmt: skip


def tester_out(row: Participation) -> TesterOut:
    return TesterOut(
        id=row.pk, state=row.state, outcome=row.outcome or None, accept_by=row.accept_by, answer_by=row.answer_by,
        return_by=row.return_by, overdue=row.overdue_at is not None, carrier=row.carrier or None,
        tracking=row.tracking or None, shipped_at=row.shipped_at, received_at=row.received_at,
        answered_at=row.answered_at, closed_at=row.closed_at,
    )  # fmt: skip


def named(code: str, program: str | None) -> Panel:
    """The panel of that code: of the named program, or of the only one that has it. PanelUnknown."""
    rows = Panel.objects.select_related("program").filter(code=code, program__archived_at__isnull=True)
    found = list((rows if program is None else rows.filter(program__slug=program))[:2])
    if len(found) != 1:
        raise PanelUnknown(field="panel")
    return found[0]
