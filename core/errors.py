"""Errors that carry what an edge needs to answer: a code, a status, what happened, where, and what to do."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A refusal that changed nothing. Rendered as problem details (RFC 9457) by the API and as words on pages.

    code: stable snake_case name for machines. status: HTTP status. title: short words, the same for each occurrence.
    detail: this occurrence. field: where in the input (`lines[2].quantity`). hint: what to do about it.
    context: further members of the problem document (JSON values only).
    to_member: the title as the member's own page says it, where that speaks to them; partner systems read the title.
    """

    code = "invalid_request"
    status = 400
    title: Text = _("The request can't be carried out.")
    hint: Text = ""
    to_member: Text = ""

    def __init__(
        self,
        detail: Text = "",
        *,
        field: str | None = None,
        hint: Text | None = None,
        code: str | None = None,
        status: int | None = None,
        **context: Any,
    ) -> None:
        super().__init__(str(detail or self.title))
        self.said: Text = detail or self.to_member or self.title
        self.detail: Text = detail or self.title
        self.field = field
        self.context = context
        if hint is not None:
            self.hint = hint
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status


class InvalidInput(DomainError):
    code, status = "invalid_input", 422
    title = _("Part of the input is not valid.")


class NotFound(DomainError):
    code, status = "not_found", 404
    title = _("There is no such thing here.")


class Conflict(DomainError):
    code, status = "conflict", 409
    title = _("This conflicts with what is already there.")


class Busy(DomainError):
    """A lock wasn't had in time. Nothing was written; the same request may be sent again."""

    code, status = "busy", 503
    title = _("Too much is happening to this at once.")
    hint = _("Nothing was changed. Send the same request again in a moment.")
    retry_after = 1


class IdempotencyKeyReused(DomainError):
    code, status = "idempotency_key_reused", 422
    title = _("This Idempotency-Key was used for another request.")
    hint = _("Use a new key for a new request; repeat a request with exactly the same body.")


class IdempotencyKeyMissing(DomainError):
    code, status = "idempotency_key_missing", 400
    title = _("This request needs an Idempotency-Key header.")
    hint = _("Send a header Idempotency-Key with a value of your own that is unique to this request, such as a UUID.")


class ForeignSchema(DomainError):
    """A bug, not a refusal: an object of one brand was about to be written under another."""

    code, status = "foreign_schema", 500
    title = _("An object of another brand was refused.")
