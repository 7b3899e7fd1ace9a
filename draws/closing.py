"""From open to drawn: the list is frozen and hashed, the seed revealed, winners and alternates worked out."""

from __future__ import annotations

import hmac
import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from core.secrets import unseal
from draws.definition import Sweepstake as Spec
from draws.drawing import drawn, entries_hash_of
from draws.errors import NotDrawable, NoWinner
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.selectors import list_of, spec_of
from loyalty.payloads import text_check

State = Sweepstake.State
PURPOSE = "sweepstake_seed"
MAX_REASON = 300


def locked(sweepstake_id: int) -> Sweepstake:
    rows = Sweepstake.objects.select_for_update(of=("self",)).select_related("program")
    return rows.get(pk=sweepstake_id)


def sweepstakes_due() -> int:
    """Close those whose time is over. Returns how many."""
    due = Sweepstake.objects.filter(state=State.OPEN, closes_at__lte=clock.now()).values_list("pk", flat=True)
    return sum(sweepstake_close(sweepstake_id=each) for each in list(due))


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


def sweepstake_draw(*, sweepstake_id: int, actor: Actor) -> Sweepstake:
    """Reveal the seed and note who is drawn. Drawn already: the same. NotDrawable before its end."""
    sweepstake_close(sweepstake_id=sweepstake_id)
    with transaction.atomic():
        row = locked(sweepstake_id)
        if row.state == State.DRAWN:
            return row
        if row.state != State.CLOSED:
            raise NotDrawable(state=row.state)
        spec, seed = spec_of(row), bytes.fromhex(unseal(row.seed, purpose=PURPOSE))
        wanted = spec.winners + spec.alternates
        found = drawn(seed, list_of(row), wanted=wanted, once_per_person=spec.once_per_person)
        SweepstakeWinner.objects.bulk_create(_drawn(row, spec, found))
        row.state, row.revealed, row.drawn_at, row.drawn_by = State.DRAWN, seed.hex(), clock.now(), actor.name
        row.save()
        audit_record(actor=actor.name, action="sweepstake.draw", object_type="sweepstake", object_id=row.pk)
        outbox_add("sweepstake.drawn", {**_told(row), "drawn": found})
    return row


def winner_pass(*, sweepstake_id: int, place: int, reason: str, actor: Actor) -> SweepstakeWinner | None:
    """Somebody who won is passed over, with a reason; the next who stands by gets the prize. None when nobody does.

    Errors: NoWinner, InvalidInput without a reason.
    """
    text = reason.strip()
    text_check(text, "reason")
    if not text or len(text) > MAX_REASON:
        raise InvalidInput(_("Say why."), field="reason")
    with transaction.atomic():
        row = locked(sweepstake_id)
        won = SweepstakeWinner.objects.filter(sweepstake=row, place=place, state=SweepstakeWinner.State.WON).first()
        if won is None:
            raise NoWinner(field="place")
        won.state, won.reason, won.passed_at = SweepstakeWinner.State.PASSED, text, clock.now()
        won.save()
        waiting = SweepstakeWinner.objects.filter(sweepstake=row, state=SweepstakeWinner.State.ALTERNATE)
        follower = waiting.order_by("place").first()
        if follower is not None:
            follower.state, follower.prize = SweepstakeWinner.State.WON, won.prize
            follower.save()
        audit_record(
            actor=actor.name, action="sweepstake.pass", object_type="sweepstake", object_id=row.pk,
            changes={"place": [place, follower.place if follower is not None else None]},
        )  # fmt: skip
        outbox_add("sweepstake.passed", {**_told(row), "place": place})
    return follower


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
