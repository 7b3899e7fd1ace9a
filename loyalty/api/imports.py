"""Files of events over the API: uploaded in one piece, brought in by a worker, followed by asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core import strict_json
from core.actor import Actor
from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.shapes import query_read
from core.api.thin import ThinView
from core.api.views import answer
from core.backoffice.export import csv_response
from core.claims import once_by_nature
from core.errors import InvalidInput, NotFound
from core.idempotency import Reply, body_digest
from core.problems import ScopeMissing, UnsupportedMediaType
from core.strict_json import MalformedBody
from loyalty.api import examples
from loyalty.api.shapes import Source
from loyalty.imports.files import Kept, pieces_of
from loyalty.imports.jobs import Wish, file_received, import_cancel, import_create, import_pause, import_start
from loyalty.imports.report import TITLES, reject_rows
from loyalty.models import ImportJob

TAG = "Imports"
NDJSON, CSV, MULTIPART = "application/x-ndjson", "text/csv", "multipart/form-data"
F = TypeVar("F", bound=Callable[..., Any])
JobState = Literal["uploaded", "checking", "ready", "running", "paused", "done", "failed", "canceled"]
path_parameter(
    "import_job",
    description="The import's id.",
    schema={"type": "string", "format": "uuid"},
    example=examples.IMPORT_ID,
)


Mapped = Annotated[
    str, Meta(max_length=20_000, description="JSON: which column of a CSV is which field, see docs/imports.md.")
]


class ImportAsk(Struct, kw_only=True):
    """What the file is. In the address, or as fields of the form that the file is sent with."""

    kind: Annotated[Literal["events", "members"], Meta(description="What the rows are.")] = "events"
    format: Literal["ndjson", "csv"] | None = None
    source: Source | None = None
    program: Annotated[str, Meta(max_length=40, description="The program of rows that name none.")] = ""
    mapping: Mapped | None = None
    start: Annotated[bool, Meta(description="Begin as soon as the file is checked.")] = True
    filename: Annotated[str, Meta(max_length=200, description="To tell imports apart.")] = ""


class ImportOut(Struct, kw_only=True):
    """An import. done of total rows are through; counts: by outcome. Points are in minor units, by currency."""

    id: UUID
    kind: Literal["events", "members"]
    format: Literal["ndjson", "csv"]
    state: JobState
    filename: str
    source: str
    sha256: str
    size: int
    total: int | None
    done: int
    percent: int
    counts: dict[str, int]
    issued: dict[str, int]
    reversed: dict[str, int]
    reasons: dict[str, int]
    problem: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def import_out(job: ImportJob) -> ImportOut:
    return ImportOut(**{name: getattr(job, name) for name in ImportOut.__struct_fields__})


class ImportsView(ThinView):
    scopes = {"GET": "imports:read", "POST": "imports:write"}
    media_types = (NDJSON, CSV, MULTIPART)

    @describe(
        summary="Upload a file",
        tag=TAG,
        query=ImportAsk,
        answers={201: ImportOut, 200: ImportOut},
        idempotency="optional",
        media={
            NDJSON: {"type": "string", "description": "One event as JSON on each line."},
            CSV: {"type": "string", "description": "A line of titles, then a row for each event or line of an order."},
            MULTIPART: {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
                "description": "The file as `file`; the parameters may be further fields.",
            },
        },
        refusals=(409,),
        examples={"201": examples.IMPORT, "200": examples.IMPORT},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """201 with the import, which a worker takes up; 200 when the same file of that source is under way already.

        At most 500 MB (as the operator set it), UTF-8, not packed. The file is read to its end before anything is
        booked; rows are booked as by `events/bulk`, and what is in already counts as repeated. Members need the scope
        `members:write` besides.
        """
        ask, pieces = self._asked(request)
        if ask.kind == "members" and "members:write" not in self.principal.scopes:
            raise ScopeMissing(
                _("The key needs the scope %(scope)s.") % {"scope": "members:write"}, required="members:write"
            )
        with file_received(pieces) as kept:
            digest = body_digest(request.path.encode(), msgspec.json.encode(ask, order="sorted"), kept.sha256.encode())
            status, body = once_by_nature(
                principal=self.principal.name,
                key=self.idempotency_key,
                request_hash=digest,
                run=lambda: self._made(kept, ask),
            )
        return answer(status, body, location=f"/api/v1/imports/{body['id']}" if status == 201 else None)

    def _made(self, kept: Kept, ask: ImportAsk) -> Reply:
        actor = self.principal.actor
        wish = Wish(
            kind=ask.kind,
            format=ask.format or "ndjson",
            filename=ask.filename,
            source=ask.source or actor.source,
            program=ask.program,
            mapping=_mapping(ask.mapping),
            starts_itself=ask.start,
        )
        job, new = import_create(kept=kept, wish=wish, actor=actor)
        return (201 if new else 200), msgspec.to_builtins(import_out(job))

    def _asked(self, request: HttpRequest) -> tuple[ImportAsk, Iterable[bytes]]:
        """What is asked for, and the file's bytes, piece by piece."""
        kind = request.content_type
        if kind not in self.media_types:
            raise UnsupportedMediaType(
                _("Send Content-Type: %(types)s.") % {"types": ", ".join(self.media_types)}, hint=""
            )
        if kind != MULTIPART:
            ask = query_read(ImportAsk, request.GET)
            ask.format = "csv" if kind == CSV else "ndjson"
            return ask, pieces_of(request)  # type: ignore[arg-type]  # Django's request or DRF's around it
        try:
            fields: Mapping[str, str] = {**request.GET.dict(), **request.POST.dict()}
            file = request.FILES.get("file")
        except (MultiPartParserError, BadRequest, SuspiciousOperation) as error:
            raise MalformedBody(_("The form can't be read.")) from error
        if file is None or isinstance(file, list):
            raise InvalidInput(_("Send the file as the field `file`."), field="file")
        ask = query_read(ImportAsk, fields)
        ask.filename = ask.filename or str(file.name or "")[:200]
        ask.format = ask.format or ("csv" if ask.filename.lower().endswith(".csv") else "ndjson")
        return ask, file.chunks()

    @describe(summary="List imports", tag=TAG, answers={200: ImportOut}, page=True, examples={"200": examples.IMPORTS})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Last uploaded first, in pages."""
        page = page_of(ImportJob.objects.all(), request)
        return answer(200, page.body(import_out))


def _mapping(text: str | None) -> Any:
    return None if text is None else strict_json.read(text.encode("utf-8", "surrogateescape"))


def import_or_404(import_job: UUID) -> ImportJob:
    job = ImportJob.objects.filter(pk=import_job).first()
    if job is None:
        raise NotFound(_("There is no such import."), field="import_job")
    return job


class ImportView(ThinView):
    scopes = {"GET": "imports:read"}

    @describe(summary="Read an import", tag=TAG, answers={200: ImportOut}, examples={"200": examples.IMPORT})
    def get(self, request: HttpRequest, import_job: UUID) -> HttpResponse:
        """How far it has come, what it came to, and what was wrong when it failed."""
        return answer(200, import_out(import_or_404(import_job)))


class ImportRejectsView(ThinView):
    scopes = {"GET": "imports:read"}

    @describe(
        summary="Read the rows that were refused",
        tag=TAG,
        answers={200: {"type": "string", "description": "line,id,code,field,reason"}},
        gives=CSV,
    )
    def get(self, request: HttpRequest, import_job: UUID) -> StreamingHttpResponse:
        """As CSV, in the order of the file. A cell that a spreadsheet would run has an apostrophe in front."""
        job = import_or_404(import_job)
        columns = [(title, itemgetter(at)) for at, title in enumerate(TITLES)]
        return csv_response(rows=reject_rows(job), columns=columns, filename=f"rejects-{job.pk}.csv")


class _ActView(ThinView):
    scopes = {"POST": "imports:write"}

    def act(self, import_job: UUID, service: Callable[..., ImportJob]) -> HttpResponse:
        job, actor = import_or_404(import_job), self.principal.actor
        return self.once(lambda: _done(service, job, actor), required=False)


def _done(service: Callable[..., ImportJob], job: ImportJob, actor: Actor) -> Reply:
    return 200, import_out(service(job=job, actor=actor))


def _described(summary: str) -> Callable[[F], F]:
    return describe(
        summary=summary, tag=TAG, answers={200: ImportOut}, idempotency="optional", refusals=(409,),
        examples={"200": examples.IMPORT},
    )  # fmt: skip


class ImportStartView(_ActView):
    @_described("Start an import, or go on with it")
    def post(self, request: HttpRequest, import_job: UUID) -> HttpResponse:
        """For one that is ready, paused, or failed on the way."""
        return self.act(import_job, import_start)


class ImportPauseView(_ActView):
    @_described("Pause an import")
    def post(self, request: HttpRequest, import_job: UUID) -> HttpResponse:
        """What is being booked is finished; the rest waits until it is started again."""
        return self.act(import_job, import_pause)


class ImportCancelView(_ActView):
    @_described("Cancel an import")
    def post(self, request: HttpRequest, import_job: UUID) -> HttpResponse:
        """The rest is given up and the file removed. What was booked stays."""
        return self.act(import_job, import_cancel)
