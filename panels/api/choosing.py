"""Who applied, and who is chosen: by naming them, by lot, and the end of the choosing."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from core.api.pagination import page_of
from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from panels.api import examples
from panels.api.shapes import (
    TAG,
    ApplicationOut,
    PanelOut,
    Program,
    ProgramBody,
    ProgramQuery,
    application_out,
    named,
    panel_out,
)
from panels.canceling import MAX_REASON, panel_cancel
from panels.choosing import applications_reserve, applications_select, panel_settle
from panels.drawing import MAX_RESERVES, panel_draw
from panels.errors import NotDrawable
from panels.selectors import applications_of, draw_file

State = Literal["applied", "selected", "reserve", "not_selected", "withdrawn", "canceled"]


class ApplicationsQuery(Struct):
    state: State | None = None
    program: Program | None = None


class SelectBody(Body):
    """applications: their ids. to: selected invites them; reserve lets them stand by, in this order."""

    applications: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    to: Literal["selected", "reserve"] = "selected"
    program: Program | None = None


class DrawBody(Body):
    """reserves: how many stand by besides."""

    reserves: Annotated[int, Meta(ge=0, le=MAX_RESERVES)] = 0
    program: Program | None = None


class PanelCancelBody(Body):
    """reason: for the team, not for members."""

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]
    program: Program | None = None


class ApplicationsView(ThinView):
    scopes = {"GET": "panels:read"}

    @describe(
        summary="List applications",
        tag=TAG,
        query=ApplicationsQuery,
        answers={200: ApplicationOut},
        page=True,
        refusals=(404, 422),
        examples={"200": examples.APPLICATIONS},
    )
    def get(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Newest first, in pages, without anybody's answers: who applied, who was chosen, and how far they are."""
        query = self.read_query(ApplicationsQuery)
        rows = applications_of(named(panel, query.program))
        found = rows if query.state is None else rows.filter(state=query.state)
        return answer(200, page_of(found, request).body(application_out))


class SelectView(ThinView):
    scopes = {"POST": "panels:select"}

    @describe(
        summary="Choose testers",
        tag=TAG,
        body=SelectBody,
        answers={200: PanelOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": {"applications": [examples.APPLICATION_ID]}, "200": {**examples.PANEL, "units_left": 19}},
    )
    def post(self, request: HttpRequest, panel: str) -> HttpResponse:
        """All of them or none: never are more chosen than there are products."""
        body = self.read_body(SelectBody)

        def run() -> Reply:
            row = named(panel, body.program)
            act: Any = applications_select if body.to == "selected" else applications_reserve
            act(panel=row, ids=body.applications, actor=self.principal.actor)
            return 200, panel_out(named(panel, row.program.slug))

        return self.once(run, required=True)


class DrawView(ThinView):
    scopes = {"POST": "panels:select"}

    @describe(
        summary="Draw lots for testers",
        tag=TAG,
        body=DrawBody,
        answers={200: PanelOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {"reserves": 5}, "200": examples.DRAWN},
    )
    def post(self, request: HttpRequest, panel: str) -> HttpResponse:
        """After the closing, among those who wait: the seed is revealed. Once; again gives the same."""
        body = self.read_body(DrawBody)

        def run() -> Reply:
            row = named(panel, body.program)
            panel_draw(panel=row, reserves=body.reserves, actor=self.principal.actor)
            return 200, panel_out(named(panel, row.program.slug))

        return self.once(run, required=False)


class DrawFileView(ThinView):
    scopes = {"GET": "panels:read"}

    @describe(
        summary="Read the file of a panel's draw",
        tag=TAG,
        query=ProgramQuery,
        answers={200: dict[str, Any]},
        refusals=(404, 409),
        examples={"200": examples.FILE},
    )
    def get(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Everything that is needed to work it out again (`manage.py sweepstake_verify`), and nobody's name."""
        row = named(panel, self.read_query(ProgramQuery).program)
        if row.drawn_at is None:
            raise NotDrawable(state=row.state)
        return answer(200, draw_file(row))


class SettleView(ThinView):
    scopes = {"POST": "panels:select"}

    @describe(
        summary="End the choosing",
        tag=TAG,
        body=ProgramBody,
        answers={200: PanelOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {}, "200": examples.SETTLED},
    )
    def post(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Whoever still waits is told no. What is left goes to those who stand by, now and when somebody says no."""
        body = self.read_body(ProgramBody)

        def run() -> Reply:
            row = named(panel, body.program)
            panel_settle(panel=row, actor=self.principal.actor)
            return 200, panel_out(named(panel, row.program.slug))

        return self.once(run, required=False)


class CancelView(ThinView):
    scopes = {"POST": "panels:select"}

    @describe(
        summary="Cancel a product panel",
        tag=TAG,
        body=PanelCancelBody,
        answers={200: PanelOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {"reason": "The product isn't made any more."}, "200": examples.CANCELED},
    )
    def post(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Whoever applied or was chosen is told, nobody is sent anything any more. Not while products are with
        testers."""
        body = self.read_body(PanelCancelBody)

        def run() -> Reply:
            row = named(panel, body.program)
            panel_cancel(panel=row, reason=body.reason, actor=self.principal.actor)
            return 200, panel_out(named(panel, row.program.slug))

        return self.once(run, required=False)
