"""A program's draft over REST: read whole, replaced whole, published. For configuration that is kept in files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from msgspec import Meta, Struct

from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from loyalty.api import examples
from loyalty.api.programs import TAG, program_by_slug, version_out
from loyalty.api.shapes import VersionOut
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_plain, document_shape
from loyalty.drafts import draft_document, draft_plain, draft_replace, program_invalid
from loyalty.errors import ProgramInvalid
from loyalty.models import Program
from loyalty.publishing import draft_difference, draft_problems, program_publish
from loyalty.tierpreview import Mode

Revision = Annotated[int, Meta(ge=0, le=2**31 - 1, description="The revision of the draft that you know.")]
DocumentIn = Annotated[dict[str, Any], Meta(description="By the schema at /api/v1/programs/schema.json.")]
PROBLEM = {
    "path": "rules[2].schedule.ends_at",
    "problem": "The rule can never fire: it ends before it starts.",
    "mend": "Let it end after it starts.",
    "other": "",
}
CHANGE = {"path": "rules.happy_hour", "kind": "added", "sentence": "Rule Happy hour is added: 5 points."}
DRAFT: dict[str, Any] = {
    "revision": 12,
    "changed_at": "2026-11-20T09:30:00Z",
    "document": examples.VERSION["document"],
    "problems": [PROBLEM],
    "changes": [CHANGE],
}
PUBLISH: dict[str, Any] = {"revision": 12, "note": "Happy hour", "tier_recalculation": {"status": "none"}}


class ProblemOut(Struct):
    """path: where in the document; mend: what would be right. other: where the piece stands that it is at odds with,
    such as another condition of the rule; empty where there is none."""

    path: str
    problem: str
    mend: str
    other: str


class ChangeOut(Struct):
    """path: by code. kind: added, removed or changed. sentence: in plain words."""

    path: str
    kind: str
    sentence: str


class DraftOut(Struct):
    """problems: what stands in the way of publishing. changes: what publishing would change against the newest version;
    null for a draft that isn't in shape."""

    revision: int
    changed_at: datetime | None
    document: DocumentIn
    problems: list[ProblemOut]
    changes: list[ChangeOut] | None


class DraftPut(Body):
    """revision: as read; another one by now is a conflict that says who was quicker."""

    revision: Revision
    document: DocumentIn


class DraftPublish(Body):
    """in_force_from: now when it isn't said. tier_recalculation: by ladder, what becomes of the members of one that
    changes; they stay where they are when it isn't said. count_back: codes of counters that the version brings and that
    start with what stored events come to; the others start at zero.
    """

    revision: Revision
    note: Annotated[str, Meta(max_length=300)] = ""
    in_force_from: Annotated[datetime, Meta(tz=True)] | None = None
    tier_recalculation: Annotated[dict[Annotated[str, Meta(max_length=40)], Mode], Meta(max_length=20)] = {}
    count_back: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=100)] = []


class DraftView(ThinView):
    scopes = {"GET": "programs:read", "PUT": "programs:write"}

    @describe(summary="Read a program's draft", tag=TAG, answers={200: DraftOut}, examples={"200": DRAFT})
    def get(self, request: HttpRequest, program: str) -> HttpResponse:
        """The whole document as it would be published, with what is wrong and what would change."""
        return answer(200, draft_out(program_by_slug(program)))

    @describe(
        summary="Replace a program's draft",
        tag=TAG,
        body=DraftPut,
        answers={200: DraftOut},
        refusals=(409,),
        examples={"body": {"revision": 12, "document": examples.VERSION["document"]}, "200": DRAFT},
    )
    def put(self, request: HttpRequest, program: str) -> HttpResponse:
        """The whole draft becomes the document; members notice nothing until it is published. A document that isn't in
        shape is refused with every place and what would be right there; one that only can't be published yet is taken,
        and `problems` says why. Documents of older schemas are brought up to the newest."""
        body = self.read_body(DraftPut)
        row = program_by_slug(program)
        try:
            document = document_shape(body.document)
        except DefinitionError as error:
            raise program_invalid(error) from error
        row = draft_replace(program=row, document=document, expected_revision=body.revision, actor=self.principal.actor)
        return answer(200, draft_out(row))


class DraftPublishView(ThinView):
    scopes = {"POST": "programs:publish"}

    @describe(
        summary="Publish a program's draft",
        tag=TAG,
        body=DraftPublish,
        answers={201: VersionOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": PUBLISH, "201": {**examples.VERSION_ROW, "number": 2, "note": "Happy hour"}},
    )
    def post(self, request: HttpRequest, program: str) -> HttpResponse:
        """Checked whole: every problem comes with its path and its mend, and then nothing is published."""
        body = self.read_body(DraftPublish)
        return self.once(
            lambda: self._publish(program, body),
            required=True,
            location=lambda made: f"/api/v1/programs/{program}/versions/{made['number']}",
        )

    def _publish(self, program: str, body: DraftPublish) -> Reply:
        made = program_publish(
            program=program_by_slug(program),
            actor=self.principal.actor,
            note=body.note,
            in_force_from=body.in_force_from,
            expected_revision=body.revision,
            tier_recalculation=body.tier_recalculation,
            count_back=body.count_back,
        )
        return 201, version_out(made)


def _whole(program: Program) -> dict[str, Any]:
    """As it would be published; a draft that isn't in shape as it stands."""
    try:
        return document_plain(draft_document(program))
    except ProgramInvalid:
        return draft_plain(program)


def draft_out(program: Program) -> DraftOut:
    language = (get_language() or "en")[:2]
    try:
        changes = [
            ChangeOut(each.path, each.kind, each.sentence) for each in draft_difference(program, language=language)
        ]
    except (ProgramInvalid, DefinitionError):
        changes = None
    return DraftOut(
        revision=program.draft_revision,
        changed_at=program.draft_changed_at,
        document=_whole(program),
        problems=[ProblemOut(**each) for each in draft_problems(program)],
        changes=changes,
    )
