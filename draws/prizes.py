"""What whoever won is given: an event of its own, `sweepstake.won`, by which the program's rules give.

It comes when the prize is theirs, or when they accept it where the terms ask for that; who is passed over loses what it
gave.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core import clock
from core.actor import Actor
from core.outbox import Message, handler, outbox_add
from draws.closing import OWN
from draws.definition import WON
from draws.errors import NothingToAccept
from draws.models import Sweepstake, SweepstakeWinner
from loyalty import ledger
from loyalty.incoming import SWEEPSTAKES_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.models import Enrollment
from loyalty.reversing import reversal_event

State = SweepstakeWinner.State
TAKEN_BACK = {"en": "Somebody else gets this prize", "nl": "Iemand anders krijgt deze prijs"}


def prize_accept(*, sweepstake: Sweepstake, enrollment: Enrollment, actor: Actor) -> list[SweepstakeWinner]:
    """The member takes what they won in the sweepstake. NothingToAccept, Busy."""
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        with ledger.told():
            rows = list(_to_answer(sweepstake, enrollment))
        if not rows:
            raise NothingToAccept()
        for row in rows:
            row.answered_at = clock.now()
            row.save(update_fields=["answered_at"])
            told = {"sweepstake": sweepstake.code, "program": sweepstake.program.slug, "place": row.place}
            outbox_add("sweepstake.accepted", {**told, "prize": row.prize, "by": actor.name})
            _give(row, sweepstake)
    return rows


def _to_answer(sweepstake: Sweepstake, enrollment: Enrollment) -> QuerySet[SweepstakeWinner]:
    """What waits for the member's word, locked: whoever passes them over comes before or after."""
    mine = SweepstakeWinner.objects.select_for_update(of=("self",)).filter(
        sweepstake=sweepstake, entry__enrollment=enrollment, state=State.WON, answered_at__isnull=True
    )
    return mine.filter(answer_by__gt=clock.now()).order_by("place")


@handler("sweepstake.won")
def prize_give(message: Message) -> None:
    """At once, where it needn't be accepted."""
    with transaction.atomic():
        row = _locked(int(message.payload["winner_id"]))
        if row is not None and row.state == State.WON and row.answer_by is None:
            _give(row, row.sweepstake)


@handler("sweepstake.passed")
def prize_take_back(message: Message) -> None:
    with transaction.atomic():
        row = _locked(int(message.payload["winner_id"]))
        if row is None or row.state != State.PASSED or row.event is None:
            return
        place = row.entry.enrollment
        event = reversal_event(
            source=SWEEPSTAKES_SOURCE, external_id=_name(row), member=str(place.member.public_id),
            program=place.program.slug, at=clock.now(), reason=TAKEN_BACK,
        )  # fmt: skip
        [answer] = event_ingest([event], actor=OWN)
        if answer.error is not None and answer.error.code != "unknown_member":  # whoever was erased has nothing left
            raise answer.error


def _locked(winner_id: int) -> SweepstakeWinner | None:
    """Under the member's lock and its own; never with the sweepstake's."""
    rows = SweepstakeWinner.objects.select_related("entry")
    found = rows.filter(pk=winner_id).first()
    if found is None:
        return None
    ledger.enrollment_lock(found.entry.enrollment_id)
    locked = SweepstakeWinner.objects.select_for_update(of=("self",)).select_related(
        "sweepstake__program", "entry__enrollment__member", "entry__enrollment__program"
    )
    with ledger.told():
        return locked.get(pk=winner_id)


def _give(row: SweepstakeWinner, sweepstake: Sweepstake) -> None:
    """Once: the event's id is the winner's own. A member who is gone or suspended is left to staff."""
    if row.event is not None:
        return
    member, program = str(row.entry.enrollment.member.public_id), row.entry.enrollment.program.slug
    told = {"code": sweepstake.code, "prize": row.prize, "place": row.place}
    event = EventInput(
        external_id=_name(row),
        type=WON,
        occurred_at=clock.now(),
        member=MemberRef(id=member),
        source=SWEEPSTAKES_SOURCE,
        program=program,
        payload={"sweepstake": told},
        body_hash=body_hash({"type": WON, "member": member, "program": program, **told}),
    )
    [answer] = event_ingest([event], actor=OWN)
    if answer.error is not None:
        if answer.status >= 500:
            raise answer.error
        return
    row.event = UUID(answer.body["id"])
    row.save(update_fields=["event"])


def _name(row: SweepstakeWinner) -> str:
    return f"winner:{row.pk}"
