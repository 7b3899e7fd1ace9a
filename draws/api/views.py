"""Sweepstakes over REST: what there is, a member's entries, the draw and its file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from draws.api import examples
from draws.closing import sweepstake_cancel, sweepstake_draw, winner_pass
from draws.entering import entry_free
from draws.errors import NotDrawable, SweepstakeUnknown
from draws.models import Sweepstake
from draws.outside import MAX_VALUE, outside_told
from draws.prizes import prize_accept
from draws.selectors import draw_file, drawn_of, entries_of, phase_of, spec_of, sweepstake_of
from loyalty.api.places import place_of

TAG = "Sweepstakes"
Program = Annotated[str, Meta(min_length=1, max_length=40, description="Where there are several programs.")]
path_parameter("sweepstake", description="The sweepstake's code.", schema={"type": "string"}, example="summer")


class ProgramQuery(Struct):
    program: Program | None = None


class ProgramBody(Body):
    program: Program | None = None


class PassBody(Body):
    """place: of whoever is passed over."""

    place: Annotated[int, Meta(ge=1, le=1000)]
    reason: Annotated[str, Meta(min_length=1, max_length=300)]
    program: Program | None = None


class CancelBody(Body):
    reason: Annotated[str, Meta(min_length=1, max_length=300)]
    program: Program | None = None


class SweepstakeDrawBody(Body):
    """outside: the announced value, where the terms bind the draw to one; as it was announced."""

    outside: Annotated[str, Meta(max_length=MAX_VALUE)] | None = None
    program: Program | None = None


class DrawnOut(Struct):
    """entry: the id in the public list. prize: null for who stands by. state: won, alternate or passed.

    accept_by: until then whoever won must accept it, where the terms ask for that. given: what the prize gives by
    itself is booked.
    """

    place: int
    entry: UUID
    prize: str | None
    state: str
    accept_by: datetime | None
    accepted_at: datetime | None
    given: bool


class OutsideOut(Struct):
    """source: who announces it, per language. value: once it was drawn by it."""

    source: str | dict[str, str]
    announced_at: datetime
    value: str | None


class SweepstakeOut(Struct):
    """state: scheduled, open, closed, drawn or canceled. commitment: SHA-256 of the seed. seed: once it was drawn.
    outside: the public value that the draw is bound to, where it is."""

    code: str
    program: str
    state: str
    opens_at: datetime
    closes_at: datetime
    terms: dict[str, Any]
    commitment: str
    entries_hash: str | None
    entries: int | None
    seed: str | None
    outside: OutsideOut | None
    drawn: list[DrawnOut]


class EntryOut(Struct):
    """way: free, reward or rule."""

    entry: UUID
    way: str
    entered_at: datetime


class EntriesOut(Struct):
    """Of one member in the sweepstake with this code."""

    sweepstake: str
    entries: list[EntryOut]


def sweepstake_out(row: Sweepstake) -> SweepstakeOut:
    drawn = [
        DrawnOut(
            each.place, each.entry_id, each.prize or None, each.state, each.answer_by, each.answered_at,
            each.event is not None,
        )
        for each in drawn_of(row)
    ]  # fmt: skip
    bound = outside_told(row, spec_of(row))
    return SweepstakeOut(
        code=row.code, program=row.program.slug, state=phase_of(row), opens_at=row.opens_at, closes_at=row.closes_at,
        terms=row.spec, commitment=row.commitment, entries_hash=row.entries_hash or None,
        entries=row.entries_count if row.closed_at else None, seed=row.revealed or None,
        outside=OutsideOut(**bound) if bound is not None else None, drawn=drawn,
    )  # fmt: skip


def named(code: str, program: str | None) -> Sweepstake:
    """The sweepstake of that code: of the named program, or of the only one that has it. SweepstakeUnknown."""
    rows = Sweepstake.objects.select_related("program").filter(code=code, program__archived_at__isnull=True)
    found = list((rows if program is None else rows.filter(program__slug=program))[:2])
    if len(found) != 1:
        raise SweepstakeUnknown(field="sweepstake")
    return found[0]


class SweepstakesView(ThinView):
    scopes = {"GET": "sweepstakes:read"}

    @describe(
        summary="List sweepstakes",
        tag=TAG,
        query=ProgramQuery,
        answers={200: SweepstakeOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.SWEEPSTAKES},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Newest first, in pages, with the commitment to the seed and what was drawn."""
        program = self.read_query(ProgramQuery).program
        rows = Sweepstake.objects.select_related("program").filter(program__archived_at__isnull=True)
        found = rows if program is None else rows.filter(program__slug=program)
        return answer(200, page_of(found, request).body(sweepstake_out))


class SweepstakeView(ThinView):
    scopes = {"GET": "sweepstakes:read"}

    @describe(
        summary="Read a sweepstake",
        tag=TAG,
        query=ProgramQuery,
        answers={200: SweepstakeOut},
        refusals=(404,),
        examples={"200": examples.SWEEPSTAKE},
    )
    def get(self, request: HttpRequest, sweepstake: str) -> HttpResponse:
        """Its terms, the commitment, the hash of the list once it is closed, and who was drawn."""
        return answer(200, sweepstake_out(named(sweepstake, self.read_query(ProgramQuery).program)))


class EntriesView(ThinView):
    scopes = {"GET": "sweepstakes:read", "POST": "sweepstakes:write"}

    @describe(
        summary="List a member's entries",
        tag=TAG,
        query=ProgramQuery,
        answers={200: EntriesOut},
        refusals=(404,),
        examples={"200": examples.ENTRIES},
    )
    def get(self, request: HttpRequest, member: str, sweepstake: str) -> HttpResponse:
        """By the ids that stand in the public list."""
        place = place_of(member, self.read_query(ProgramQuery).program)
        return answer(200, entries_out(member, place.program.slug, sweepstake))

    @describe(
        summary="Enter a sweepstake for nothing",
        tag=TAG,
        body=ProgramBody,
        answers={201: EntriesOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": {}, "201": examples.ENTRIES},
    )
    def post(self, request: HttpRequest, member: str, sweepstake: str) -> HttpResponse:
        """One more free entry for the member, as far as the terms let them. Entries for points come by redemption."""
        body = self.read_body(ProgramBody)

        def run() -> Reply:
            place = place_of(member, body.program)
            row = sweepstake_of(place.program_id, sweepstake)
            entry_free(sweepstake=row, enrollment=place, actor=self.principal.actor)
            return 201, entries_out(member, place.program.slug, sweepstake)

        return self.once(run, required=True)


class DrawView(ThinView):
    scopes = {"POST": "sweepstakes:draw"}

    @describe(
        summary="Draw a sweepstake",
        tag=TAG,
        body=SweepstakeDrawBody,
        answers={200: SweepstakeOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {}, "200": examples.DRAWN},
    )
    def post(self, request: HttpRequest, sweepstake: str) -> HttpResponse:
        """After its end: the seed is revealed, winners and alternates are noted. Once; again gives the same."""
        body = self.read_body(SweepstakeDrawBody)

        def run() -> Reply:
            row = named(sweepstake, body.program)
            sweepstake_draw(sweepstake_id=row.pk, actor=self.principal.actor, outside=body.outside)
            return 200, sweepstake_out(named(sweepstake, row.program.slug))

        return self.once(run, required=False)


class FileView(ThinView):
    scopes = {"GET": "sweepstakes:read"}

    @describe(
        summary="Read the file of a draw",
        tag=TAG,
        query=ProgramQuery,
        answers={200: dict[str, Any]},
        refusals=(404, 409),
        examples={"200": examples.FILE},
    )
    def get(self, request: HttpRequest, sweepstake: str) -> HttpResponse:
        """Everything that is needed to work it out again (`manage.py sweepstake_verify`), and nobody's name."""
        row = named(sweepstake, self.read_query(ProgramQuery).program)
        if row.state != Sweepstake.State.DRAWN:
            raise NotDrawable(state=row.state)
        return answer(200, draw_file(row))


class PassView(ThinView):
    scopes = {"POST": "sweepstakes:draw"}

    @describe(
        summary="Pass a winner over",
        tag=TAG,
        body=PassBody,
        answers={200: SweepstakeOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": {"place": 1, "reason": "Didn't answer in two weeks."}, "200": examples.DRAWN},
    )
    def post(self, request: HttpRequest, sweepstake: str) -> HttpResponse:
        """With a reason, which is kept. The next who stands by gets the prize."""
        body = self.read_body(PassBody)

        def run() -> Reply:
            row = named(sweepstake, body.program)
            winner_pass(sweepstake_id=row.pk, place=body.place, reason=body.reason, actor=self.principal.actor)
            return 200, sweepstake_out(named(sweepstake, row.program.slug))

        return self.once(run, required=True)


class CancelView(ThinView):
    scopes = {"POST": "sweepstakes:draw"}

    @describe(
        summary="Cancel a sweepstake",
        tag=TAG,
        body=CancelBody,
        answers={200: SweepstakeOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {"reason": "The prize isn't made any more."}, "200": examples.CANCELED},
    )
    def post(self, request: HttpRequest, sweepstake: str) -> HttpResponse:
        """It won't be drawn: nobody enters any more, and points spent on entries go back. Not once it was drawn."""
        body = self.read_body(CancelBody)

        def run() -> Reply:
            row = named(sweepstake, body.program)
            sweepstake_cancel(sweepstake_id=row.pk, reason=body.reason, actor=self.principal.actor)
            return 200, sweepstake_out(named(sweepstake, row.program.slug))

        return self.once(run, required=False)


class PrizeView(ThinView):
    scopes = {"POST": "sweepstakes:write"}

    @describe(
        summary="Accept a prize for a member",
        tag=TAG,
        body=ProgramBody,
        answers={200: SweepstakeOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": {}, "200": examples.DRAWN},
    )
    def post(self, request: HttpRequest, member: str, sweepstake: str) -> HttpResponse:
        """The member takes what they won, where the terms ask for that. What the prize gives is booked at once."""
        body = self.read_body(ProgramBody)

        def run() -> Reply:
            place = place_of(member, body.program)
            row = sweepstake_of(place.program_id, sweepstake)
            prize_accept(sweepstake=row, enrollment=place, actor=self.principal.actor)
            return 200, sweepstake_out(row)

        return self.once(run, required=True)


def entries_out(member: str, program: str, sweepstake: str) -> EntriesOut:
    place = place_of(member, program)
    row = sweepstake_of(place.program_id, sweepstake)
    rows = entries_of(row, place)
    return EntriesOut(row.code, [EntryOut(each.pk, each.way, each.entered_at) for each in rows])
