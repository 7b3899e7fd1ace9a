"""Applying on a member's behalf, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct, field

from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from loyalty.api.places import place_of
from loyalty.models import Enrollment
from panels.api import examples
from panels.api.shapes import TAG, ApplicationOut, Program, ProgramBody, ProgramQuery, application_out
from panels.applying import application_make, application_withdraw, reasons_against
from panels.errors import ApplicationUnknown
from panels.models import Application, Panel
from panels.selectors import application_of, panel_of, phase_of

Code = Annotated[str, Meta(max_length=40)]


class ApplyBody(Body):
    """answers: by the codes of the panel's `asks`: a text, a number, a code of an option, or a list of codes."""

    answers: Annotated[dict[Code, Any], Meta(max_length=100)] = field(default_factory=dict)
    program: Program | None = None


class ApplicantOut(Struct):
    """open: whether anybody can apply now. reasons_against: why this member can't (tier, segment, country, age,
    benefit). application: theirs, if there is one."""

    panel: str
    open: bool
    reasons_against: list[str]
    application: ApplicationOut | None


class ApplicationView(ThinView):
    scopes = {"GET": "panels:read", "POST": "panels:write"}

    @describe(
        summary="Read a member's application",
        tag=TAG,
        query=ProgramQuery,
        answers={200: ApplicantOut},
        refusals=(404,),
        examples={"200": examples.ELIGIBLE},
    )
    def get(self, request: HttpRequest, member: str, panel: str) -> HttpResponse:
        """Whether the member may apply and why not, and how far they are."""
        place = place_of(member, self.read_query(ProgramQuery).program)
        row = panel_of(place.program_id, panel)
        found = application_of(row, place)
        told = application_out(found) if found is not None else None
        return answer(200, ApplicantOut(row.code, phase_of(row) == "open", reasons_against(row, place), told))

    @describe(
        summary="Apply for a member",
        tag=TAG,
        body=ApplyBody,
        answers={201: ApplicationOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": {"answers": {"size": "m"}}, "201": examples.WAITING},
    )
    def post(self, request: HttpRequest, member: str, panel: str) -> HttpResponse:
        """With the answers to the panel's `asks`. Once more changes the answers, as long as it is open."""
        body = self.read_body(ApplyBody)

        def run() -> Reply:
            place = place_of(member, body.program)
            row = panel_of(place.program_id, panel)
            application_make(panel=row, enrollment=place, answers=body.answers, actor=self.principal.actor)
            return 201, application_out(_own(row, place))

        return self.once(run, required=True)


class ApplicationWithdrawView(ThinView):
    scopes = {"POST": "panels:write"}

    @describe(
        summary="Withdraw a member's application",
        tag=TAG,
        body=ProgramBody,
        answers={200: ApplicationOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {}, "200": {**examples.WAITING, "state": "withdrawn", "decided_at": "2027-09-03T10:00:00Z"}},
    )
    def post(self, request: HttpRequest, member: str, panel: str) -> HttpResponse:
        """As long as nobody has decided about it, or while the member stands by."""
        body = self.read_body(ProgramBody)

        def run() -> Reply:
            place = place_of(member, body.program)
            row = panel_of(place.program_id, panel)
            application_withdraw(application=_own(row, place), actor=self.principal.actor)
            return 200, application_out(_own(row, place))

        return self.once(run, required=False)


def _own(row: Panel, place: Enrollment) -> Application:
    found = application_of(row, place)
    if found is None:
        raise ApplicationUnknown()
    return found
