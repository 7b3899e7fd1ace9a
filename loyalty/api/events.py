"""Events in, one or many, and what became of them. Hot: thin views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import strict_json
from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.shapes import body_read
from core.api.thin import JSON, ThinView
from core.api.views import answer
from core.errors import DomainError, InvalidInput, NotFound
from core.idempotency import Reply
from core.problems import problem_document
from loyalty.api import examples
from loyalty.api.shapes import BulkOut, EventDetail, EventFilters, EventIn, EventOut, EventResult, EventsIn
from loyalty.ingest import event_ingest_raw
from loyalty.models import Event
from loyalty.traces import trace_whole
from members.api.reference import member_filter

TAG = "Events"
MAX_ROWS = 1000
NDJSON = "application/x-ndjson"
path_parameter(
    "event",
    description="The event's id.",
    schema={"type": "string", "format": "uuid"},
    example=examples.EVENT_ID,
)


class TooManyRows(InvalidInput):
    code = "too_many_rows"
    title = gettext_lazy("A bulk takes up to 1,000 events.")
    hint = gettext_lazy("Send the rest in further requests; repeating rows does no harm.")


class EventsView(ThinView):
    scopes = {"GET": "events:read", "POST": "events:write"}

    @describe(
        summary="Send an event",
        tag=TAG,
        body=EventIn,
        answers={201: EventResult, 200: EventResult},
        idempotency="optional",
        refusals=(409,),
        examples={"body": examples.ORDER_PAID, "201": examples.RESULT, "200": examples.RESULT},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """201 when it was booked; 200 with the first answer when the same event came before.

        An event counts once for ever by `source` and `id`: the same id with another body is refused with 409. An
        Idempotency-Key isn't needed. An order with `member: null` is kept as a guest's: it earns nothing.
        """
        raw = self.read_raw()
        return self.once_by_nature(lambda: self._ingest(raw), location=lambda body: f"/api/v1/events/{body['id']}")

    def _ingest(self, raw: Any) -> Reply:
        (given,) = event_ingest_raw([raw], actor=self.principal.actor)
        if given.error is not None:
            raise given.error
        return given.status, given.body

    @describe(
        summary="List events",
        tag=TAG,
        query=EventFilters,
        answers={200: EventOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.EVENTS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Last received first, in pages."""
        page = page_of(events_filtered(self.read_query(EventFilters)), request)
        return answer(200, page.body(event_out))


class BulkView(ThinView):
    scopes = {"POST": "events:write"}
    media_types = (JSON, NDJSON)

    @describe(
        summary="Send up to 1,000 events",
        tag=TAG,
        body=EventsIn,
        answers={200: BulkOut},
        idempotency="optional",
        media={NDJSON: {"type": "string", "description": "One event as JSON on each line."}},
        examples={"body": examples.BULK, "200": examples.BULK_RESULT},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """200 with an answer for each row, in order: a bad row is refused by itself and harms no other.

        As `{"events": […]}`, or as one JSON object per line with Content-Type application/x-ndjson. Sending the same
        bulk again changes nothing.
        """
        rows = rows_of_lines(self.read_bytes()) if request.content_type == NDJSON else rows_of_json(self.read_bytes())
        return self.once_by_nature(lambda: (200, self._ingest(rows)))

    def _ingest(self, rows: list[Any]) -> dict[str, Any]:
        """rows: decoded objects, and the DomainError of those that can't be read."""
        good = [index for index, row in enumerate(rows) if not isinstance(row, DomainError)]
        booked = event_ingest_raw([rows[index] for index in good], actor=self.principal.actor)
        results: list[dict[str, Any]] = [
            {"index": index, "status": row.status, "id": None, "problem": problem_document(row)}
            if isinstance(row, DomainError)
            else {}
            for index, row in enumerate(rows)
        ]
        for index, given in zip(good, booked, strict=True):
            name = "event" if given.error is None else "problem"
            results[index] = {"index": index, "status": given.status, "id": _own_id(rows[index]), name: given.body}
        statuses = [each["status"] for each in results]
        accepted, repeated = statuses.count(201), statuses.count(200)
        refused = len(statuses) - accepted - repeated
        return {"accepted": accepted, "repeated": repeated, "refused": refused, "results": results}


class EventView(ThinView):
    scopes = {"GET": "events:read"}

    @describe(
        summary="Read an event and its trace",
        tag=TAG,
        answers={200: EventDetail},
        examples={"200": examples.EVENT_DETAIL},
    )
    def get(self, request: HttpRequest, event: UUID) -> HttpResponse:
        """What was told, what it came to, and for every rule whether it fired or why not."""
        row = Event.objects.select_related("member", "program", "version").filter(pk=event).first()
        if row is None:
            raise NotFound(_("There is no such event."), field="event")
        plain = msgspec.to_builtins(event_out(row))
        return answer(200, {**plain, "data": row.payload, "result": row.result, "trace": trace_whole(row.trace)})


def rows_of_json(raw: bytes) -> list[Any]:
    """The rows of `{"events": […]}`; a row that can't be read stands there as its DomainError."""
    document = strict_json.read_unchecked(raw)
    rows = document.get("events") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        strict_json.value_check(document)
        body_read(EventsIn, document)
        raise InvalidInput(_("`events` is a list of events."), field="events")
    # Everything but the rows is the request's own.
    strict_json.value_check({**document, "events": None} if type(document) is dict else document)
    body_read(EventsIn, {**document, "events": [{}]})
    return _counted([_checked(row) for row in rows[: MAX_ROWS + 1]])


def rows_of_lines(raw: bytes) -> list[Any]:
    """The rows of NDJSON; empty lines don't count."""
    return _counted(list(_lines(raw)))


def _lines(raw: bytes) -> Iterator[Any]:
    read = 0
    for line in raw.split(b"\n"):
        if not line.strip():
            continue
        read += 1
        if read > MAX_ROWS + 1:
            return
        try:
            yield strict_json.read(line)
        except DomainError as error:
            yield error


def _counted(rows: list[Any]) -> list[Any]:
    if not rows:
        raise InvalidInput(_("There is no event in the body."), field="events")
    if len(rows) > MAX_ROWS:
        raise TooManyRows(field="events", limit=MAX_ROWS)
    return rows


def _checked(row: Any) -> Any:
    try:
        strict_json.value_check(row)
    except DomainError as error:
        return error
    return row


def _own_id(row: Any) -> str | None:
    own = row.get("id") if isinstance(row, dict) else None
    return own[:200] if isinstance(own, str) else None


def events_filtered(filters: EventFilters) -> QuerySet[Event]:
    found = Event.objects.select_related("member", "program", "version").defer("payload", "trace", "result")
    if filters.member is not None:
        found = found.filter(**member_filter(filters.member, prefix="member__"))
    for name in ("type", "source", "external_id", "status"):
        value = getattr(filters, name)
        if value is not None:
            found = found.filter(**{name: value})
    if filters.since is not None:
        found = found.filter(received_at__gte=filters.since)
    return found


def event_out(event: Event) -> EventOut:
    return EventOut(
        id=event.pk,
        external_id=event.external_id,
        source=event.source,
        type=event.type,
        status=event.status,  # type: ignore[arg-type]  # one of the model's choices
        member=event.member.public_id if event.member is not None else None,
        program=event.program.slug,
        version=event.version.number if event.version is not None else None,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        initiated_by=event.initiated_by,
    )
