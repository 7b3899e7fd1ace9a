"""Problem documents (RFC 9457): how a DomainError looks to a machine, and the list of all there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

TYPE_PAGE = "/api/docs/problems/"
CONTENT_TYPE = "application/problem+json"
PLATFORM_ROOM = "tenants."
# What a path may hold as it is (RFC 3986); the rest is quoted where a problem names the address it is about.
PATH_SAFE = "/:@!$&'()*+,;=-._~"


class Unauthenticated(DomainError):
    code, status = "unauthenticated", 401
    title = _("This needs a valid API key.")
    hint = _("Send the header Authorization: Bearer sg_…; make a key in the admin if there is none.")


class ScopeMissing(DomainError):
    """context: required, the scope that the key would need."""

    code, status = "scope_missing", 403
    title = _("This API key may not do this.")
    hint = _("Use a key that has the scope, or have it added in the admin.")


class NoSuchPath(DomainError):
    code, status = "no_such_path", 404
    title = _("There is nothing at this address.")
    hint = _("The addresses are listed at /api/docs/.")


class MethodNotAllowed(DomainError):
    code, status = "method_not_allowed", 405
    title = _("This address doesn't take this method.")


class NotAcceptable(DomainError):
    code, status = "not_acceptable", 406
    title = _("The answer can only be JSON.")
    hint = _("Accept application/json.")


class BodyTooLarge(DomainError):
    """context: limit, in bytes."""

    code, status = "body_too_large", 413
    title = _("The body is too large.")
    hint = _("Split it: a bulk takes up to 1,000 events.")


class UnsupportedMediaType(DomainError):
    code, status = "unsupported_media_type", 415
    title = _("The body must be JSON.")
    hint = _("Send Content-Type: application/json.")


class TooManyRequests(DomainError):
    """context: retry_after, in seconds."""

    code, status = "too_many_requests", 429
    title = _("This key has sent more requests than it may in a minute.")
    hint = _("Wait as many seconds as Retry-After says. Send events in bulk.")


class InternalError(DomainError):
    code, status = "internal_error", 500
    title = _("Something broke on our side.")
    hint = _("Send the same request again; if it keeps failing, tell us the request's id.")


class InvalidQuery(DomainError):
    code, status = "invalid_query", 400
    title = _("A parameter in the address is not valid.")


class CursorInvalid(DomainError):
    code, status = "cursor_invalid", 400
    title = _("This cursor isn't one of ours.")
    hint = _("Take the links `next` and `previous` of a page as they are.")


def problem_document(
    error: DomainError, *, request_id: str | None = None, instance: str | None = None
) -> dict[str, Any]:
    """The problem document of an error. errors: when several fields are wrong at once, each with its own detail."""
    document: dict[str, Any] = {
        "type": f"{TYPE_PAGE}#{error.code}",
        "title": str(error.title),
        "status": error.status,
        "detail": str(error.detail),
        "code": error.code,
    }
    if error.field is not None:
        document["field"] = error.field
    if error.hint:
        document["hint"] = str(error.hint)
    if instance is not None:
        document["instance"] = instance
    if request_id is not None:
        document["request_id"] = request_id
    for name, value in error.context.items():
        document.setdefault(name, value)
    return document


def all_problems() -> list[type[DomainError]]:
    """Every kind of DomainError that a brand's API can answer with, one per code, by status and code.

    The platform's own (signing up, switching brands off) never come out of a brand's host, and which of them have been
    imported depends on the process.
    """
    by_code: dict[str, type[DomainError]] = {}
    for kind in _kinds(DomainError):
        if not kind.__module__.startswith(PLATFORM_ROOM):
            by_code.setdefault(kind.code, kind)
    return sorted(by_code.values(), key=lambda each: (each.status, each.code))


def _kinds(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)
