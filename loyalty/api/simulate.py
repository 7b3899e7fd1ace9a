"""What an event would come to, before it is sent: by the version in force, an older one or the draft."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core.api.schema import describe
from core.api.shapes import Body, body_read
from core.api.thin import ThinView
from core.api.views import answer
from core.errors import InvalidInput
from loyalty.admin.tracewords import trace_lines
from loyalty.api import examples
from loyalty.api.shapes import AchievedOut, AwardOut, HoldingOut, ReversedOut, StandingOut
from loyalty.definition.document import Document
from loyalty.definition.read import document_plain
from loyalty.drafts import draft_checked
from loyalty.models import Program
from loyalty.services import program_get
from loyalty.simulating import Simulated, event_simulate

TAG = "Events"


class SimulateIn(Body):
    """event: as for POST /events. By the version in force unless `version` or `draft` says otherwise."""

    event: dict[str, Any]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Judge by this published version.")] | None = None
    draft: Annotated[bool, Meta(description="Judge by the draft, as it would be published.")] = False


class TraceOut(Struct):
    """What became of a rule, and in words why. outcome: fired, not_matched, capped, stopped, disabled, …"""

    rule: str
    name: str
    outcome: str
    told: str
    why: str
    sentence: str


class SimulatedOut(Struct):
    """As an event's result, but it has no id: nothing was booked. Balances and tiers as they would be after it."""

    status: Literal["processed", "guest", "unmatched"]
    repeated: Annotated[bool, Meta(description="It was booked before; this is what it came to then.")]
    member: UUID | None
    program: str
    version: Annotated[int | None, Meta(description="What judged it; null for the draft.")]
    occurred_at: datetime
    awards: list[AwardOut]
    reversed: list[ReversedOut]
    balances: list[HoldingOut]
    tiers: list[StandingOut]
    achieved: list[AchievedOut]
    trace: list[TraceOut]


class SimulateView(ThinView):
    scopes = {"POST": "events:simulate"}

    @describe(
        summary="Ask what an event would come to",
        tag=TAG,
        body=SimulateIn,
        answers={200: SimulatedOut},
        refusals=(404, 409),
        examples={"body": examples.SIMULATE, "200": examples.SIMULATED},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """A dry run: judged exactly as POST /events would, and refused with the same error; nothing is written.

        A member without a place in the program is taken as just enrolled. With `draft` or `version` the event is judged
        as if that were in force.
        """
        body = body_read(SimulateIn, self.read_raw())
        program, document = judged_by(body)
        (found,) = event_simulate(
            [body.event], actor=self.principal.actor, program=program, document=document, version=body.version
        )
        if found.answer.error is not None:
            raise found.answer.error
        return answer(200, simulated_out(found))


def judged_by(body: SimulateIn) -> tuple[Program | None, Document | None]:
    """The program whose version is swapped, and the draft that takes its place. ProgramInvalid, UnknownProgram."""
    if body.draft and body.version is not None:
        raise InvalidInput(_("Name a version or the draft, not both."), field="version")
    if not body.draft and body.version is None:
        return None, None
    named = body.event.get("program")
    program = program_get(named if isinstance(named, str) else None)
    return program, draft_checked(program) if body.draft else None


def simulated_out(found: Simulated) -> dict[str, Any]:
    told = found.answer.body
    names = ("status", "member", "program", "occurred_at", "awards", "reversed", "balances", "tiers")
    outcomes = [each["outcome"] for each in found.trace.get("rules", [])]
    lines = trace_lines(found.trace, document_plain(found.document) if found.document is not None else None)
    return {
        **{name: told[name] for name in names},
        "achieved": told.get("achieved", []),
        "repeated": found.answer.status == 200,
        "version": found.version,
        "trace": [
            TraceOut(line.rule, line.name, outcome, line.outcome, line.why, line.sentence)
            for line, outcome in zip(lines, outcomes, strict=True)
        ],
    }
