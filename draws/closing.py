"""From open to drawn: the list is frozen and hashed, the seed revealed, winners and alternates worked out.

Whoever holds a sweepstake's lock takes no member's: entries take the member's first. So prizes are given afterwards,
by what the outbox says (draws/prizes.py).
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor, system
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from core.secrets import unseal
from draws.definition import Sweepstake as Spec
from draws.drawing import drawn, entries_hash_of, value_plain
from draws.errors import NotCancelable, NotDrawable, NoWinner
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.outside import value_checked
from draws.selectors import list_of, spec_of
from loyalty import ledger
from loyalty.payloads import text_check

State = Sweepstake.State
PURPOSE = "sweepstake_seed"
MAX_REASON = 300
OWN = system("sweepstakes")


def locked(sweepstake_id: int) -> Sweepstake:
    """Busy after lock_timeout."""
    rows = Sweepstake.objects.select_for_update(of=("self",)).select_related("program")
    with ledger.told():
        return rows.get(pk=sweepstake_id)


def sweepstakes_due() -> int:
    """Close those whose time is over. Returns how many."""
    due = Sweepstake.objects.filter(state=State.OPEN, closes_at__lte=clock.now()).values_list("pk", flat=True)
    return sum(sweepstake_close(sweepstake_id=each) for each in list(due))


def draws_due() -> int:
    """Draw those that are closed and draw by themselves. Returns how many."""
    closed = [row for row in Sweepstake.objects.filter(state=State.CLOSED) if spec_of(row).draw == "at_close"]
    for row in closed:
        sweepstake_draw(sweepstake_id=row.pk, actor=OWN)
    return len(closed)


def answers_due() -> int:
    """Pass over who won and didn't accept in time. Returns how many."""
    waiting = SweepstakeWinner.objects.filter(state=SweepstakeWinner.State.WON, answered_at__isnull=True)
    late = list(waiting.filter(answer_by__lte=clock.now()).order_by("pk").values_list("sweepstake", "place"))
    for sweepstake_id, place in late:
        with suppress(NoWinner):  # answered or passed over meanwhile
            winner_pass(sweepstake_id=sweepstake_id, place=place, reason=_("No answer in time."), actor=OWN, late=True)
    return len(late)


def sweepstake_close(*, sweepstake_id: int) -> bool:
    """Freeze the list of entries: nobody comes in or goes any more, and its hash is published. Whether it was open."""
    with transaction.atomic():
        row = locked(sweepstake_id)
        if row.state != State.OPEN or row.closes_at > clock.now():
            return False
        # Of one member all entries have one name, made with a key that is thrown away.
        key = secrets.token_bytes(32)
        for member in set(SweepstakeEntry.objects.filter(sweepstake=row).values_list("enrollment", flat=True)):
            person = hmac.digest(key, str(member).encode(), "sha256").hex()[:32]
            SweepstakeEntry.objects.filter(sweepstake=row, enrollment=member).update(person=person)
        entries = list_of(row)
        row.state, row.closed_at = State.CLOSED, clock.now()
        row.entries_count, row.entries_hash = len(entries), entries_hash_of(entries)
        row.save()
        outbox_add("sweepstake.closed", {**_told(row), "entries_hash": row.entries_hash, "entries": len(entries)})
    return True


def sweepstake_draw(*, sweepstake_id: int, actor: Actor, outside: str | None = None) -> Sweepstake:
    """Reveal the seed and note who is drawn. Drawn already: the same. outside: the public value, where the terms bind
    the draw to one.

    Errors: NotDrawable before its end, or drawn by another value; NotAnnounced, OutsideMissing, OutsideUnasked,
    InvalidInput.
    """
    sweepstake_close(sweepstake_id=sweepstake_id)
    with transaction.atomic():
        row = locked(sweepstake_id)
        if row.state == State.DRAWN and (outside is None or value_plain(outside) == row.outside):
            return row
        if row.state != State.CLOSED:
            raise NotDrawable(state=row.state)
        spec, seed = spec_of(row), bytes.fromhex(unseal(row.seed, purpose=PURPOSE))
        wanted, value = spec.winners + spec.alternates, value_checked(row, spec, outside)
        found = drawn(seed, list_of(row), wanted=wanted, once_per_person=spec.once_per_person, outside=value)
        for winner in SweepstakeWinner.objects.bulk_create(_drawn(row, spec, found)):
            if winner.state == SweepstakeWinner.State.WON:
                _won(winner, row, spec)
        row.state, row.revealed, row.drawn_at, row.drawn_by = State.DRAWN, seed.hex(), clock.now(), actor.name
        row.outside = value or ""
        row.save()
        told = {"outside": value} if value is not None else {}
        audit_record(
            actor=actor.name, action="sweepstake.draw", object_type="sweepstake", object_id=row.pk, changes=told
        )
        outbox_add("sweepstake.drawn", {**_told(row), "drawn": found, **told})
    return row


def sweepstake_cancel(*, sweepstake_id: int, reason: str, actor: Actor) -> Sweepstake:
    """It won't be drawn: nobody enters any more, and points spent on entries go back. The same again changes nothing.

    Errors: NotCancelable once it was drawn, InvalidInput without a reason.
    """
    text = _reason(reason)
    with transaction.atomic():
        row = locked(sweepstake_id)
        if row.state == State.CANCELED:
            return row
        if row.state == State.DRAWN:
            raise NotCancelable(state=row.state)
        before, row.state = row.state, State.CANCELED
        row.canceled_at, row.canceled_by, row.cancel_reason = clock.now(), actor.name, text
        row.save()
        audit_record(
            actor=actor.name, action="sweepstake.cancel", object_type="sweepstake", object_id=row.pk,
            changes={"state": [before, row.state]},
        )  # fmt: skip
        outbox_add("sweepstake.canceled", {**_told(row), "sweepstake_id": row.pk})
    return row


def winner_pass(
    *, sweepstake_id: int, place: int, reason: str, actor: Actor, late: bool = False
) -> SweepstakeWinner | None:
    """Somebody who won is passed over, with a reason; the next who stands by gets the prize. None when nobody does.

    What was given for the prize is taken back. late: only who hasn't accepted by now.
    Errors: NoWinner, InvalidInput without a reason.
    """
    text = _reason(reason)
    with transaction.atomic():
        row = locked(sweepstake_id)
        won = _standing(row, place, late)
        if won is None:
            raise NoWinner(field="place")
        won.state, won.reason, won.passed_at = SweepstakeWinner.State.PASSED, text, clock.now()
        won.save()
        waiting = SweepstakeWinner.objects.filter(sweepstake=row, state=SweepstakeWinner.State.ALTERNATE)
        follower = waiting.order_by("place").first()
        if follower is not None:
            follower.state, follower.prize = SweepstakeWinner.State.WON, won.prize
            _won(follower, row, spec_of(row))
        audit_record(
            actor=actor.name, action="sweepstake.pass", object_type="sweepstake", object_id=row.pk,
            changes={"place": [place, follower.place if follower is not None else None]},
        )  # fmt: skip
        outbox_add("sweepstake.passed", {**_told(row), "winner_id": won.pk, "place": place})
    return follower


def _standing(row: Sweepstake, place: int, late: bool) -> SweepstakeWinner | None:
    """Who won there, locked: whoever accepts just now has accepted before, or finds that the prize is gone."""
    rows = SweepstakeWinner.objects.select_for_update().filter(
        sweepstake=row, place=place, state=SweepstakeWinner.State.WON
    )
    with ledger.told():
        return (rows.filter(answered_at__isnull=True, answer_by__lte=clock.now()) if late else rows).first()


def _won(winner: SweepstakeWinner, row: Sweepstake, spec: Spec) -> None:
    """From now on it is their prize: theirs to accept, where the terms ask for it."""
    if spec.answer_days is not None:
        winner.answer_by = clock.now() + timedelta(days=spec.answer_days)
    winner.save()
    member = winner.entry.enrollment.member
    told = {"member_id": str(member.public_id), "winner_id": winner.pk, "prize": winner.prize, "place": winner.place}
    outbox_add("sweepstake.won", {**_told(row), **told})


def _reason(reason: str) -> str:
    text = reason.strip()
    text_check(text, "reason")
    if not text or len(text) > MAX_REASON:
        raise InvalidInput(_("Say why."), field="reason")
    return text


def _drawn(row: Sweepstake, spec: Spec, found: list[str]) -> list[SweepstakeWinner]:
    prizes = [prize.code for prize in spec.prizes for _each in range(prize.quantity)]
    state = SweepstakeWinner.State
    return [
        SweepstakeWinner(
            sweepstake=row,
            entry_id=entry,
            place=at + 1,
            prize=prizes[at] if at < len(prizes) else "",
            state=state.WON if at < len(prizes) else state.ALTERNATE,
        )
        for at, entry in enumerate(found)
    ]


def _told(row: Sweepstake) -> dict[str, object]:
    return {"sweepstake": row.code, "program": row.program.slug}
