"""Cursor pages: stable under inserts, and never a count of the whole table.

A cursor holds the last row's place in one unique, ordered column, and a direction; nothing secret, and nothing that
the database couldn't check.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from msgspec import Struct
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from core.problems import CursorInvalid, InvalidQuery

M = TypeVar("M", bound=Model)
DEFAULT_SIZE, MAX_SIZE = 50, 200
BIGINT_MAX = 2**63 - 1


class Page(Struct, Generic[M], frozen=True):
    """Rows of one page, and the addresses of its neighbours relative to the host; None at an end."""

    rows: Sequence[M]
    next: str | None
    previous: str | None

    def body(self, shape: Callable[[M], Any]) -> dict[str, Any]:
        return {"results": [shape(row) for row in self.rows], "next": self.next, "previous": self.previous}


def page_of(queryset: QuerySet[M], request: HttpRequest, *, field: str = "pk") -> Page[M]:
    """A page by `?cursor=` and `?page_size=`, newest first. field: unique, UUID or bigint.

    CursorInvalid, InvalidQuery.
    """
    size = size_of(request)
    backwards, position = _cursor_read(request.GET.get("cursor", ""), _is_uuid(queryset, field))
    rows = queryset.order_by(field if backwards else f"-{field}")
    if position is not None:
        rows = rows.filter(**{f"{field}__{'gt' if backwards else 'lt'}": position})
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    after = found and (more or backwards)
    before = found and (position is not None and (more or not backwards))
    return Page(
        rows=found,
        next=_link(request, "n", _place(found[-1], field)) if after else None,
        previous=_link(request, "p", _place(found[0], field)) if before else None,
    )


def size_of(request: HttpRequest) -> int:
    given = request.GET.get("page_size", "")
    if not given:
        return DEFAULT_SIZE
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MAX_SIZE):
        raise InvalidQuery(_("page_size is a whole number from 1 to %(n)d.") % {"n": MAX_SIZE}, field="page_size")
    return int(given)


def _place(row: Model, field: str) -> str:
    return str(row.pk if field == "pk" else getattr(row, field))


def _is_uuid(queryset: QuerySet[Any], field: str) -> bool:
    meta = queryset.model._meta
    column = meta.pk if field == "pk" else meta.get_field(field)
    return column is not None and column.get_internal_type() == "UUIDField"


def _link(request: HttpRequest, direction: str, place: str) -> str:
    cursor = base64.urlsafe_b64encode(f"{direction}{place}".encode()).decode().rstrip("=")
    query = {**request.GET.dict(), "cursor": cursor}
    return f"{quote(request.path)}?{urlencode(query)}"


def _cursor_read(given: str, is_uuid: bool) -> tuple[bool, UUID | int | None]:
    """(backwards, position). CursorInvalid for anything that `_link` didn't write."""
    if not given:
        return False, None
    try:
        text = base64.urlsafe_b64decode(given[:200] + "=" * (-len(given) % 4)).decode("ascii")
        direction, place = text[:1], text[1:]
        if direction not in ("n", "p"):
            raise ValueError
        if is_uuid:
            return direction == "p", UUID(place)
        if not place.isdigit() or int(place) > BIGINT_MAX:
            raise ValueError
        return direction == "p", int(place)
    except (ValueError, binascii.Error) as error:
        raise CursorInvalid(field="cursor") from error


class CursorPages(BasePagination):
    """The same pages for DRF's generic views."""

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        self.page = page_of(queryset, request._request)
        return list(self.page.rows)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.page.next, "previous": self.page.previous})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return page_schema(schema)


def page_schema(item: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a page of items."""
    link = {
        "type": ["string", "null"],
        "description": "Address on this host of the neighbouring page; null at the end.",
    }
    return {
        "type": "object",
        "required": ["results", "next", "previous"],
        "properties": {"results": {"type": "array", "items": item}, "next": link, "previous": link},
    }
