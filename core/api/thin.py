"""A leaner view for hot paths: no content negotiation, no wrapped request, no parser to choose.

It costs about a third of DRF's way, answers and refuses the same, and is in the OpenAPI document like any other.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from psycopg.errors import UndefinedTable

from core import strict_json
from core.api.auth import Known, Principal, header_of, principal_known, principal_of
from core.api.limits import request_count
from core.api.parsers import body_of
from core.api.perms import scope_check
from core.api.problems import domain_error, problem_response
from core.api.views import ApiView
from core.problems import Unauthenticated, UnsupportedMediaType

JSON = "application/json"


class _Changed(Exception):
    """The key isn't what it was when this process last saw it."""


class ThinView(ApiView):
    """Same contract as ApiView; self.request is Django's request.

    Whether a key that this process knows still holds is asked in one message with the view's own first question, if
    that is a SELECT, and before anything else that it sends; nothing is answered before that is known.
    """

    media_types: ClassVar[tuple[str, ...]] = (JSON,)
    _principal: Principal | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.request = request  # type: ignore[assignment]  # Django's request, not DRF's
        self.args, self.kwargs = args, kwargs
        try:
            response = self._answer(request, **kwargs)
        except Exception as error:  # every error becomes a problem document
            if isinstance(error.__cause__, UndefinedTable):
                raise  # the schema is gone: BrandMiddleware answers
            response = problem_response(domain_error(error), request)
        return self.finish(response)

    def _answer(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        header = header_of(request)
        if not header:
            return self._called(request, None, **kwargs)
        known = principal_known(header)
        if known is not None:
            try:
                return self._riding(request, known, **kwargs)
            except _Changed:
                # Before the first row that the view saw: it is called again with what is true now.
                pass
        return self._called(request, principal_of(header), **kwargs)

    def _riding(self, request: HttpRequest, known: Known, **kwargs: Any) -> HttpResponse:
        def prove(row: tuple[Any, ...] | None) -> None:
            if not known.holds(row):
                raise _Changed

        connection.ride(known.question, prove)  # type: ignore[attr-defined]  # core.postgres
        try:
            return self._called(request, known.principal, **kwargs)
        finally:
            # A view that asked nothing, or was refused before it did.
            connection.settle()  # type: ignore[attr-defined]  # core.postgres

    def _called(self, request: HttpRequest, principal: Principal | None, **kwargs: Any) -> HttpResponse:
        if principal is not None:
            self._principal = principal
            self.allowance = request_count(principal)
        method = request.method or ""
        scope_check(self._principal, method, self.scopes)
        response: HttpResponse = getattr(self, method.lower())(request, **kwargs)
        return response

    @property
    def http(self) -> HttpRequest:
        return self.request

    @property
    def principal(self) -> Principal:
        if self._principal is None:
            raise Unauthenticated()
        return self._principal

    def read_bytes(self) -> bytes:
        """The body's bytes. MalformedBody when there are none, UnsupportedMediaType, BodyTooLarge."""
        raw = body_of(self.http)
        if not raw:
            raise strict_json.MalformedBody(_("There is no body."))
        if self.http.content_type not in self.media_types:
            raise UnsupportedMediaType(_("Send Content-Type: %(types)s.") % {"types": ", ".join(self.media_types)})
        return raw

    def read_raw(self) -> Any:
        return strict_json.read(self.read_bytes())
