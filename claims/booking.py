"""From a decision to its event. The decision is committed first, with an outbox row; the event follows at once.

The event's id is the decision's own, so that booking it again changes nothing: a process that died in between is made
good by whoever drains the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from claims.models import CheckIn, Claim
from core.actor import Actor
from core.errors import DomainError
from core.failpoint import failpoint
from core.outbox import Message, handler
from loyalty.incoming import CHECK_INS_SOURCE, CLAIMS_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.models import Enrollment

log = logging.getLogger(__name__)

CLAIM_APPROVED, CHECK_IN_ACCEPTED = "claim.approved", "check_in.accepted"
CHECKED_IN = "store.checked_in"


class NotBookedYet(Exception):
    """The event was refused for now, such as for a member who is suspended; the outbox tries again. Names the code."""


def claim_event(claim: Claim) -> EventInput:
    """The event that an approved claim is."""
    assert claim.happened_at is not None
    return _event(
        claim.pk,
        kind=claim.event_type,
        source=CLAIMS_SOURCE,
        enrollment=claim.enrollment,
        occurred_at=claim.happened_at,
        payload={**claim.fields, "claim": {"type": claim.type, "submitted_at": claim.submitted_at.isoformat()}},
    )


def check_in_event(check_in: CheckIn) -> EventInput:
    """The event that an accepted check-in is."""
    place = check_in.place
    return _event(
        check_in.pk,
        kind=CHECKED_IN,
        source=CHECK_INS_SOURCE,
        enrollment=check_in.enrollment,
        occurred_at=check_in.at,
        payload={
            "place": {"code": place.code, "kind": place.kind, "tags": list(place.tags)},
            "method": check_in.method,
            **({"distance_m": check_in.distance_m} if check_in.distance_m is not None else {}),
        },
    )


def _event(
    pk: UUID, *, kind: str, source: str, enrollment: Enrollment, occurred_at: datetime, payload: Mapping[str, Any]
) -> EventInput:
    member, program = str(enrollment.member.public_id), enrollment.program.slug
    told = {"type": kind, "member": member, "occurred_at": occurred_at.isoformat(), "program": program}
    return EventInput(
        external_id=str(pk),
        type=kind,
        occurred_at=occurred_at,
        member=MemberRef(id=member),
        source=source,
        program=program,
        payload=dict(payload),
        # Not over the payload: a place that was renamed between two tries is still the same visit.
        body_hash=body_hash(told),
    )


def decision_book(row: Claim | CheckIn, *, actor: Actor) -> UUID:
    """Ingest the event of an approved claim or an accepted check-in and note its id. Safe to repeat.

    DomainError as the one way in gives it, Busy among them.
    """
    if row.event is not None:
        return row.event
    event = claim_event(row) if isinstance(row, Claim) else check_in_event(row)
    [answer] = event_ingest([event], actor=actor)
    if answer.error is not None:
        raise answer.error
    event_id = UUID(answer.body["id"])
    type(row)._default_manager.filter(pk=row.pk, event__isnull=True).update(event=event_id)
    row.event = event_id
    return event_id


def decision_book_now(row: Claim | CheckIn, *, actor: Actor) -> None:
    """Right after the decision, so that who decided sees what came of it. What isn't had now is left to the outbox."""
    failpoint("claims.before_book")
    try:
        decision_book(row, actor=actor)
    except DomainError as error:
        log.warning("the event of %s %s waits: %s", row._meta.model_name, row.pk, error.code)


def booking_actor(row: Claim | CheckIn) -> Actor:
    """Who caused the event: staff for what they decided, else whoever sent it."""
    if isinstance(row, Claim) or row.decided_by:
        kind = "partner" if row.decided_by.startswith("api:") else "staff"
        return Actor(kind, row.decided_by, row.source)
    return Actor(row.initiated_by, f"member:{row.enrollment.member.public_id}", row.source)


@handler(CLAIM_APPROVED)
def claim_booked(message: Message) -> None:
    row = Claim.objects.select_related("enrollment__member", "enrollment__program").get(pk=message.payload["claim_id"])
    _book(row)


@handler(CHECK_IN_ACCEPTED)
def check_in_booked(message: Message) -> None:
    rows = CheckIn.objects.select_related("enrollment__member", "enrollment__program", "place")
    _book(rows.get(pk=message.payload["check_in_id"]))


def _book(row: Claim | CheckIn) -> None:
    try:
        decision_book(row, actor=booking_actor(row))
    except DomainError as error:
        raise NotBookedYet(error.code) from error
