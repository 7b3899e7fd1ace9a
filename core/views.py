"""Answers that belong to no room: refusals and errors, as a page for people and as a problem document for programs."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.ids import uuid7
from core.problems import CONTENT_TYPE, PATH_SAFE, problem_document

log = logging.getLogger(__name__)

API_PREFIX = "/api/"
CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
BARE = "<!doctype html><html lang=en><meta charset=utf-8><title>{status}</title><h1>{status}</h1><p>{words}</p></html>"


def refusal(
    request: HttpRequest,
    status: int,
    code: str = "",
    detail: str = "",
    *,
    page: str = "",
    retry_after: int | None = None,
) -> HttpResponse:
    """The answer of a status: RFC 9457 below /api/, else the page templates/errors/<page or status>.html.

    detail: what happened in this case, in words for whoever asked. Never raises: a page that fails becomes a bare one.
    """
    known = HTTPStatus(status)
    if request.path_info.startswith(API_PREFIX):
        error = DomainError(detail or known.phrase, code=code or CODES.get(known, "error"), status=int(status))
        document = problem_document(error, request_id=str(uuid7()), instance=quote(request.path, safe=PATH_SAFE))
        response = HttpResponse(msgspec.json.encode(document), status=status, content_type=CONTENT_TYPE)
    else:
        response = HttpResponse(_page(request, page or str(int(status)), known, detail), status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, name: str, status: HTTPStatus, detail: str) -> str:
    """Rendered without context processors: who failed may be the database, the session or the brand."""
    try:
        words: dict[str, Any] = {
            "status": int(status),
            "detail": detail,
            "nonce": str(getattr(request, "csp_nonce", "")),
            "brand": getattr(request, "brand", None),
        }
        return loader.render_to_string(f"errors/{name}.html", words)
    except Exception as error:  # noqa: BLE001  (whatever it is, there must be an answer)
        log.warning("error page %s failed: %s", name, type(error).__name__)
        return BARE.format(status=int(status), words=status.phrase)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400. What was wrong with it is in the log; telling it back would help only those who try."""
    return refusal(request, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403. A view's own words are shown: they are written for the person."""
    return refusal(request, HTTPStatus.FORBIDDEN, detail=str(exception or ""))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    words = "" if not isinstance(exception, Http404) or not exception.args else exception.args[0]
    # The resolver's own Http404 carries a dict of every path tried: that is for nobody's eyes.
    return refusal(request, HTTPStatus.NOT_FOUND, detail=words if isinstance(words, str) else "")


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler429: somebody tried too often; allauth's limits end here too."""
    return refusal(request, HTTPStatus.TOO_MANY_REQUESTS, retry_after=60)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500."""
    return refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 in words: usually a form that lay open too long."""
    words = _("This form can't be checked. Load the page again.")
    return refusal(request, HTTPStatus.FORBIDDEN, "csrf_failed", words, page="403_csrf")
