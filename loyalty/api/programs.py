"""Programs and their published versions, as the documents they are."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.api.schema import describe, path_parameter
from core.api.views import ApiView, answer
from core.errors import NotFound
from loyalty.api import examples
from loyalty.api.shapes import ProgramDetail, ProgramOut, ProgramsOut, VersionDetail, VersionOut
from loyalty.definition.read import document_schema
from loyalty.models import Program, ProgramVersion
from loyalty.versions import ALWAYS, programs_fresh

TAG = "Programs"
path_parameter(
    "program", description="The program's short name.", schema={"type": "string", "maxLength": 40}, example="club"
)
path_parameter(
    "number",
    description="The version's number.",
    schema={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    example="1",
)
MAX_VERSIONS = 200


class ProgramNotFound(NotFound):
    code = "program_not_found"
    title = gettext_lazy("There is no such program.")


class ProgramsView(ApiView):
    scopes = {"GET": "programs:read"}

    @describe(
        summary="List programs",
        tag=TAG,
        answers={200: ProgramsOut},
        examples={"200": examples.PROGRAMS},
    )
    def get(self, request: Any) -> HttpResponse:
        """All programs of the brand that aren't archived."""
        numbers = versions_in_force()
        rows = Program.objects.filter(archived_at__isnull=True).order_by("id")
        return answer(200, ProgramsOut([program_out(row, numbers) for row in rows]))


class ProgramView(ApiView):
    scopes = {"GET": "programs:read"}

    @describe(summary="Read a program", tag=TAG, answers={200: ProgramDetail}, examples={"200": examples.PROGRAM})
    def get(self, request: Any, program: str) -> HttpResponse:
        """With its latest published versions, newest first."""
        row = program_by_slug(program)
        versions = row.versions.select_related("withdrawal").defer("document").order_by("-number")[:MAX_VERSIONS]
        own = program_out(row, versions_in_force())
        return answer(
            200,
            ProgramDetail(own.slug, own.name, own.version, own.created_at, [version_out(each) for each in versions]),
        )


class VersionView(ApiView):
    scopes = {"GET": "programs:read"}

    @describe(
        summary="Read a published version",
        tag=TAG,
        answers={200: VersionDetail},
        examples={"200": examples.VERSION},
    )
    def get(self, request: Any, program: str, number: int) -> HttpResponse:
        """The whole document that events are judged by. A published version never changes."""
        row = version_by_number(program_by_slug(program), number)
        own = version_out(row)
        return answer(200, VersionDetail(**msgspec.structs.asdict(own), document=row.document))


class ProgramSchemaView(ApiView):
    scopes = {"GET": "programs:read"}

    @describe(
        summary="Read the JSON Schema of a program's document",
        tag=TAG,
        answers={200: {"type": "object", "description": "A JSON Schema, 2020-12."}},
    )
    def get(self, request: Any) -> HttpResponse:
        """What a program's document may say: for editors and for checking a document before it is published."""
        return answer(200, document_schema())


def program_by_slug(slug: str) -> Program:
    found = Program.objects.filter(slug=slug, archived_at__isnull=True).first()
    if found is None:
        raise ProgramNotFound(field="program")
    return found


def versions_in_force() -> dict[int, int]:
    """Program id → number of the version in force now."""
    now = clock.now()
    return {
        state.id: state.row_at(now).number
        for state in programs_fresh().values()
        if any(row.in_force_from <= now or row.in_force_from == ALWAYS for row in state.versions)
    }


def program_out(program: Program, numbers: dict[int, int]) -> ProgramOut:
    return ProgramOut(program.slug, program.name, numbers.get(program.pk), program.created_at)


def version_out(version: ProgramVersion) -> VersionOut:
    withdrawal = getattr(version, "withdrawal", None)
    withdrawn_at = withdrawal.withdrawn_at if withdrawal is not None else None
    return VersionOut(version.number, version.in_force_from, version.published_at, version.note, withdrawn_at)


def version_by_number(program: Program, number: int) -> ProgramVersion:
    """NotFound for a number that the program doesn't have."""
    rows = program.versions.select_related("withdrawal")
    found = rows.filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise NotFound(_("The program has no version %(n)d.") % {"n": number}, field="number")
    return found
