"""From sent answers to their event. The answers are committed first, with an outbox row; the event follows at once.

The event's id is the tester's own, so that booking it again changes nothing: a process that died in between is made
good by whoever drains the outbox. It says of which panel and whether in time; the answers themselves stay here.
"""

from __future__ import annotations

import logging
from uuid import UUID

from core.actor import system
from core.errors import DomainError
from core.failpoint import failpoint
from core.outbox import Message, handler
from loyalty.incoming import PANEL_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.payloads import PANEL_ANSWERED
from panels.choosing import day_of
from panels.models import Participation

log = logging.getLogger(__name__)
OWN = system("panels")


class NotBookedYet(Exception):
    """The event was refused for now, such as for a member who is suspended; the outbox tries again. Names the code."""


def answers_book(row: Participation) -> UUID:
    """Ingest the event of sent answers and note its id. Safe to repeat. DomainError as the one way in gives it."""
    if row.event is not None:
        return row.event
    [answer] = event_ingest([_event(row)], actor=OWN)
    if answer.error is not None:
        raise answer.error
    event = UUID(answer.body["id"])
    Participation.objects.filter(pk=row.pk, event__isnull=True).update(event=event)
    row.event = event
    return event


def answers_book_now(row: Participation) -> None:
    """Right after the answers, so that the member sees what they gave. What isn't had now is left to the outbox."""
    failpoint("panels.before_book")
    try:
        answers_book(row)
    except DomainError as error:
        log.warning("the event of tester %s waits: %s", row.pk, error.code)


@handler(PANEL_ANSWERED)
def answers_booked(message: Message) -> None:
    rows = Participation.objects.select_related(
        "application__panel", "application__enrollment__member", "application__enrollment__program"
    )
    try:
        answers_book(rows.get(pk=message.payload["participation_id"]))
    except DomainError as error:
        raise NotBookedYet(error.code) from error


def _event(row: Participation) -> EventInput:
    place, panel = row.application.enrollment, row.application.panel
    assert row.answered_at is not None
    member, program = str(place.member.public_id), place.program.slug
    told = {"type": PANEL_ANSWERED, "member": member, "program": program, "occurred_at": row.answered_at.isoformat()}
    return EventInput(
        external_id=str(row.pk),
        type=PANEL_ANSWERED,
        occurred_at=row.answered_at,
        member=MemberRef(id=member),
        source=PANEL_SOURCE,
        program=program,
        payload={"panel": {"code": panel.code, "on_time": on_time(row)}},
        body_hash=body_hash(told),
    )


def on_time(row: Participation) -> bool:
    """By the day that the program's own clock showed."""
    assert row.answered_at is not None
    return row.answer_by is None or day_of(row.application.panel, row.answered_at) <= row.answer_by
