"""Reading what comes in: one event's envelope, from the API, an import, staff or the product itself."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core import clock
from core.errors import InvalidInput
from core.expected import expected
from loyalty.errors import OccurredInFuture
from loyalty.payloads import path_of, text_check, values_check

# Events that the product itself makes; nobody else may speak under it.
OWN_SOURCE = "stamgast"
# What was decided here about a member: an approved claim, an accepted check-in. The event's id is theirs.
CLAIMS_SOURCE, CHECK_INS_SOURCE, REFERRALS_SOURCE, PANEL_SOURCE = "claims", "check-ins", "referrals", "panel"
BILLING_SOURCE, SWEEPSTAKES_SOURCE = "billing", "sweepstakes"
OWN_SOURCES = frozenset(
    {
        OWN_SOURCE, CLAIMS_SOURCE, CHECK_INS_SOURCE, REFERRALS_SOURCE, PANEL_SOURCE, BILLING_SOURCE, SWEEPSTAKES_SOURCE,
    }
)  # fmt: skip
FUTURE = timedelta(hours=24)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_ID = r"^[^\x00-\x1f\x7f]+$(?!\n)"


class MemberRef(Struct, frozen=True):
    """Exactly one of the three. id: the member's public id (UUID as text)."""

    id: str | None = None
    external_id: str | None = None
    email: str | None = None


class EventInput(Struct, frozen=True):
    """An event as it was told. member None: a guest's. body_hash tells a repetition from another."""

    external_id: str
    type: str
    occurred_at: datetime
    member: MemberRef | None
    source: str
    program: str | None
    payload: dict[str, Any]
    body_hash: bytes


class _RefBody(Struct, forbid_unknown_fields=True):
    external_id: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    email: Annotated[str, Meta(min_length=3, max_length=254)] | None = None


class _Envelope(Struct, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=200, pattern=_ID)]
    type: Annotated[str, Meta(min_length=3, max_length=80)]
    member: str | _RefBody | None
    occurred_at: Annotated[datetime, Meta(tz=True)]
    source: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$(?!\n)")] | None = None
    program: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    payload: dict[str, Any] = msgspec.field(name="data")


def event_read(raw: Any, *, default_source: str) -> EventInput:
    """An envelope, checked. raw: the decoded JSON object. InvalidInput names the field and what would be right."""
    if not isinstance(raw, dict):
        raise InvalidInput(_("An event is a JSON object."), field="")
    try:
        body = msgspec.convert(raw, _Envelope, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidInput(expected(error, _Envelope), field=path_of(error, "").lstrip(".")) from error
    for name in ("id", "type"):
        text_check(getattr(body, name), name)
    values_check(raw.get("member"), "member")
    if body.source in OWN_SOURCES:
        raise InvalidInput(_("This source is the product's own."), field="source")
    when_check(body.occurred_at)
    return EventInput(
        external_id=body.id,
        type=body.type,
        occurred_at=body.occurred_at.astimezone(UTC),
        member=_ref(body.member),
        source=body.source or default_source,
        program=body.program,
        payload=body.payload,
        body_hash=body_hash(raw),
    )


def body_hash(raw: dict[str, Any]) -> bytes:
    """SHA-256 over what was told, whatever the order of its keys; source is part of the identity, not of the body."""
    told = {key: value for key, value in raw.items() if key not in ("id", "source")}
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).digest()


def when_check(occurred_at: datetime) -> None:
    """Refuse a date beyond 24 hours from now or before 1990: a clock or a unit is wrong at the sender's."""
    if occurred_at > clock.now() + FUTURE:
        raise OccurredInFuture(field="occurred_at")
    if occurred_at < EARLIEST:
        raise InvalidInput(_("occurred_at lies before 1990."), field="occurred_at")


def _ref(given: str | _RefBody | None) -> MemberRef | None:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            return MemberRef(id=str(UUID(given)))
        except ValueError as error:
            raise InvalidInput(
                _("`member` must be a member's id (a UUID), an object with external_id or email, or null."),
                field="member",
            ) from error
    if (given.external_id is None) == (given.email is None):
        raise InvalidInput(_("Name the member by external_id or by email, not by both."), field="member")
    return MemberRef(external_id=given.external_id, email=given.email.lower() if given.email else None)
