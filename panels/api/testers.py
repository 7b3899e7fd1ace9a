"""Moving a tester's product on, for whoever sends the parcels."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta

from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.idempotency import Reply
from panels.api import examples
from panels.api.shapes import TAG, ApplicationOut, Program, application_out, named
from panels.errors import TesterUnknown
from panels.lending import product_receive, product_return, product_ship
from panels.models import Panel, Participation
from panels.selectors import application_by_id


class MoveBody(Body):
    """to: shipped, received or returned."""

    to: Literal["shipped", "received", "returned"]
    carrier: Annotated[str, Meta(max_length=60)] = ""
    tracking: Annotated[str, Meta(max_length=120)] = ""
    program: Program | None = None


class MoveView(ThinView):
    scopes = {"POST": "panels:ship"}

    @describe(
        summary="Move a tester's product on",
        tag=TAG,
        body=MoveBody,
        answers={200: ApplicationOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={
            "body": {"to": "shipped", "carrier": "Post", "tracking": "3SABC123"},
            "200": examples.APPLICATION,
        },
    )
    def post(self, request: HttpRequest, panel: str, tester: UUID) -> HttpResponse:
        """It left, it is there, or it came back. The same again changes nothing."""
        body = self.read_body(MoveBody)

        def run() -> Reply:
            row = named(panel, body.program)
            one, actor = tester_named(row, tester), self.principal.actor
            if body.to == "shipped":
                product_ship(participation=one, carrier=body.carrier, tracking=body.tracking, actor=actor)
            elif body.to == "received":
                product_receive(participation=one, actor=actor)
            else:
                product_return(participation=one, actor=actor)
            return 200, application_out(application_by_id(row, one.application_id))

        return self.once(run, required=False)


def tester_named(row: Panel, tester: UUID) -> Participation:
    """TesterUnknown: another panel's tester isn't there either."""
    found: Participation | None = Participation.objects.filter(application__panel=row, pk=tester).first()
    if found is None:
        raise TesterUnknown(field="tester")
    return found
