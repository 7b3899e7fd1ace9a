"""Whatever goes wrong in the API becomes one problem document (RFC 9457), DRF's and the database's errors included."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import quote

import msgspec
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from psycopg import errors as pg
from rest_framework import exceptions as drf

from core.api.auth import CHALLENGE
from core.api.limits import Exhausted
from core.errors import Busy, DomainError, InvalidInput, NotFound
from core.ids import uuid7_text
from core.problems import (
    CONTENT_TYPE,
    PATH_SAFE,
    BodyTooLarge,
    InternalError,
    MethodNotAllowed,
    NoSuchPath,
    NotAcceptable,
    ScopeMissing,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
    problem_document,
)
from core.strict_json import MalformedBody

log = logging.getLogger(__name__)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def request_id_of(request: HttpRequest) -> str:
    """The request's id: what the caller named it in X-Request-Id, else one of our own, kept for the whole request."""
    known: str | None = getattr(request, "_request_id", None)
    if known is None:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        known = given if REQUEST_ID.match(given) else uuid7_text()
        request._request_id = known  # type: ignore[attr-defined]  # kept on it by us
    return known


def problem_response(error: DomainError, request: HttpRequest) -> HttpResponse:
    """The answer to a refused request."""
    request_id = request_id_of(request)
    document = problem_document(error, request_id=request_id, instance=quote(request.path, safe=PATH_SAFE))
    invalid_token = document.pop("invalid_token", False)
    response = HttpResponse(msgspec.json.encode(document, enc_hook=str), status=error.status, content_type=CONTENT_TYPE)
    response["X-Request-Id"] = request_id
    response["Cache-Control"] = "no-store"
    if error.status == 401:
        response["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"' if invalid_token else CHALLENGE
    if error.status == 503:
        # Busy, or somebody else's service is away: kinds of their own, each with its seconds.
        response["Retry-After"] = str(getattr(error, "retry_after", 1))
    if error.status == 429:
        response["Retry-After"] = str(error.context.get("retry_after", 60))
    if isinstance(error, Exhausted):
        for name, value in error.allowance.headers().items():
            response[name] = value
    return response


def domain_error(error: Exception) -> DomainError:
    """Any exception as one of ours. What nobody expected is logged and becomes an InternalError without its text."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, drf.APIException):
        return _of_drf(error)
    if isinstance(error, OperationalError | InterfaceError):
        return _of_database(error)
    return _of_django(error)


def _of_database(error: OperationalError | InterfaceError) -> DomainError:
    """A lock that wasn't had, a deadlock, or a database that is away: nothing was written, it may be sent again."""
    cause = error.__cause__
    if not isinstance(cause, pg.LockNotAvailable | pg.DeadlockDetected | pg.SerializationFailure | pg.QueryCanceled):
        log.error("database failed: %s", type(cause or error).__name__)
    return Busy()


def _of_django(error: Exception) -> DomainError:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return ScopeMissing()
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
        return BodyTooLarge()
    if isinstance(error, DjangoValidationError):
        return InvalidInput(" ".join(error.messages))
    if isinstance(error, DataError):
        log.warning("the database refused a value: %s", type(error.__cause__).__name__)
        return InvalidInput(_("A value can't be kept as it was sent."))
    if isinstance(error, SuspiciousOperation) and not isinstance(error, DisallowedHost):
        return MalformedBody()
    log.error("unexpected error in the API", exc_info=error)
    return InternalError()


_DRF_KINDS: dict[type[drf.APIException], type[DomainError]] = {
    drf.NotAuthenticated: Unauthenticated,
    drf.AuthenticationFailed: Unauthenticated,
    drf.PermissionDenied: ScopeMissing,
    drf.NotFound: NotFound,
    drf.MethodNotAllowed: MethodNotAllowed,
    drf.NotAcceptable: NotAcceptable,
    drf.UnsupportedMediaType: UnsupportedMediaType,
    drf.ParseError: MalformedBody,
}


def _of_drf(error: drf.APIException) -> DomainError:
    if isinstance(error, drf.ValidationError):
        return _of_validation(error)
    if isinstance(error, drf.Throttled):
        return TooManyRequests(retry_after=int(getattr(error, "wait", None) or 60))
    kind = _DRF_KINDS.get(type(error))
    if kind is not None:
        return kind(str(error.detail))
    return DomainError(str(error.detail), status=error.status_code)


def _of_validation(error: drf.ValidationError) -> DomainError:
    errors = _flat(error.detail, "")
    first = errors[0] if errors else {"field": "", "detail": ""}
    more: dict[str, Any] = {"errors": errors} if len(errors) > 1 else {}
    return InvalidInput(first["detail"], field=first["field"] or None, **more)


def _flat(detail: Any, path: str) -> list[dict[str, str]]:
    """DRF's nested details as a list of fields with their words."""
    if isinstance(detail, dict):
        found = []
        for name, each in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".removeprefix(".")
            found += _flat(each, here)
        return found
    if isinstance(detail, list):
        nested = any(isinstance(each, dict | list) for each in detail)
        found = []
        for index, each in enumerate(detail):
            found += _flat(each, f"{path}[{index}]" if nested else path)
        return found
    return [{"field": path, "detail": str(detail)}]


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's EXCEPTION_HANDLER. None lets the error pass: a table that is gone is BrandMiddleware's to answer."""
    if isinstance(error.__cause__, pg.UndefinedTable):
        return None
    request = context["request"]
    return problem_response(domain_error(error), getattr(request, "_request", request))


def no_such_path(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The answer under /api/ where nothing is."""
    return problem_response(NoSuchPath(), request)
