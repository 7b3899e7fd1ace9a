"""What every API view is made of: reading input, answering once, answering in JSON.

A view declares `scopes = {"GET": "members:read", …}`, describes each method with core.api.schema.describe, reads its
input through self.read_body / self.read_query, calls one service or selector and returns answer(…) or self.once(…).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.views import APIView

from core.api.auth import Principal
from core.api.limits import Allowance, request_count
from core.api.parsers import body_of
from core.api.problems import request_id_of
from core.api.shapes import body_read, query_read
from core.claims import once_by_nature
from core.errors import InvalidInput
from core.idempotency import Reply, body_digest, idempotent
from core.problems import Unauthenticated

S = TypeVar("S", bound=msgspec.Struct)


def answer(status: int, body: Any, *, location: str | None = None) -> HttpResponse:
    """A JSON answer. body: anything msgspec can encode."""
    response = HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")
    if location is not None:
        response["Location"] = location
    return response


class ApiView(APIView):
    """A view of the API with DRF's negotiation of content. Hot paths take core.api.thin.ThinView instead."""

    scopes: ClassVar[dict[str, str]] = {}
    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    allowance: Allowance | None = None

    @property
    def http(self) -> HttpRequest:
        """Django's request."""
        request: HttpRequest = getattr(self.request, "_request", self.request)
        return request

    @property
    def principal(self) -> Principal:
        found = self.request.auth
        if not isinstance(found, Principal):
            raise Unauthenticated()
        return found

    def perform_authentication(self, request: Any) -> None:
        """Who asks, and one request of their minute: counted whether they may do it or not."""
        if isinstance(request.auth, Principal):
            self.allowance = request_count(request.auth)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        return self.finish(super().finalize_response(request, response, *args, **kwargs))

    def finish(self, response: HttpResponseBase) -> HttpResponseBase:
        """The headers that every answer has."""
        response.headers.setdefault("X-Request-Id", request_id_of(self.http))
        response.headers.setdefault("Cache-Control", "no-store")
        if self.allowance is not None:
            for name, value in self.allowance.headers().items():
                response[name] = value
        if response.status_code == 405:
            response["Allow"] = ", ".join(sorted(self.scopes))
        return response

    def read_raw(self) -> Any:
        """The body as decoded JSON. MalformedBody and its kinds."""
        # Read whole before DRF reads it as a stream: the idempotency hash needs the bytes too.
        body_of(self.http)
        return self.request.data

    def read_body(self, shape: type[S]) -> S:
        return body_read(shape, self.read_raw())

    def read_query(self, shape: type[S]) -> S:
        # Most addresses have none, and taking it apart is slower than all that is done with it.
        return query_read(shape, self.http.GET if self.http.META.get("QUERY_STRING") else {})

    def once(
        self, run: Callable[[], Reply], *, required: bool, location: Callable[[Any], str] | None = None
    ) -> HttpResponse:
        """Run and answer once per Idempotency-Key. location: from the answer's body, as JSON values, for a 201."""
        status, body = idempotent(
            principal=self.principal.name,
            key=self.idempotency_key,
            request_hash=self._request_hash(),
            required=required,
            run=lambda: _plain(run()),
        )
        return answer(status, body, location=location(body) if location and status == 201 else None)

    def once_by_nature(self, run: Callable[[], Reply], *, location: Callable[[Any], str] | None = None) -> HttpResponse:
        """The same for effects that are unique by themselves; see core/claims.py."""
        key = self.idempotency_key
        digest = self._request_hash() if key else b""
        status, body = once_by_nature(principal=self.principal.name, key=key, request_hash=digest, run=run)
        return answer(status, body, location=location(body) if location and status == 201 else None)

    @property
    def idempotency_key(self) -> str | None:
        key: str | None = self.http.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is not None and not (key.isascii() and key.isprintable()):
            raise InvalidInput(_("An Idempotency-Key is plain ASCII."), field="Idempotency-Key")
        return key

    def _request_hash(self) -> bytes:
        return body_digest((self.http.method or "").encode(), self.http.path.encode(), body_of(self.http))


def _plain(reply: Reply) -> Reply:
    """The body as JSON values, so that the first answer and its repetitions are made of the same."""
    status, body = reply
    return status, msgspec.to_builtins(body)
