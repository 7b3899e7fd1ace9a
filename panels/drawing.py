"""Choosing by lot: the same arithmetic as a sweepstake's, over the applications that are waiting."""

from __future__ import annotations

from django.db import transaction

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.outbox import outbox_add
from core.secrets import unseal
from draws.drawing import drawn, entries_hash_of
from loyalty import ledger
from members.models import Member
from panels.choosing import invite, last_place, panel_locked, stand_by, units_left
from panels.errors import NotDrawable, StillOpen
from panels.models import Application, Panel
from panels.selectors import lots_of

PURPOSE = "panel_seed"
State = Application.State
MAX_RESERVES = 1_000


def panel_draw(*, panel: Panel, reserves: int, actor: Actor) -> Panel:
    """Draw whoever is to have the products that are left among those who wait, and `reserves` who stand by.

    Once; again gives the same. The list and the seed are kept, so that anybody who has the file works it out again.
    StillOpen, NotDrawable.
    """
    with transaction.atomic():
        waiting = Application.objects.filter(panel=panel, state=State.APPLIED)
        ledger.enrollments_lock(waiting.values_list("enrollment", flat=True))
        row = panel_locked(panel.pk)
        if row.drawn_at is not None:
            return row
        if row.closes_at > clock.now():
            raise StillOpen(closes_at=row.closes_at.isoformat())
        left = units_left(row)
        if row.state != Panel.State.OPEN or left < 1:
            raise NotDrawable(state=row.state, left=left)
        takes_part = waiting.filter(enrollment__member__status=Member.Status.ACTIVE)
        takes_part.update(in_draw=True)
        seed, entries = bytes.fromhex(unseal(row.seed, purpose=PURPOSE)), lots_of(row)
        found = drawn(seed, entries, wanted=left + reserves, once_per_person=True)
        last = last_place(row)
        rows = {str(each.pk): each for each in waiting.select_related("enrollment__member", "panel__program")}
        for at, name in enumerate(found):
            each = rows[name]
            Application.objects.filter(pk=each.pk).update(drawn=at + 1)
            if at < left:
                invite(row, each, actor=actor, way=Application.Way.LOT)
            else:
                stand_by(each, last + at - left + 1, actor=actor, way=Application.Way.LOT)
        row.revealed, row.entries_hash, row.drawn_at = seed.hex(), entries_hash_of(entries), clock.now()
        row.drawn_chosen, row.drawn_reserves = left, reserves
        row.save(update_fields=["revealed", "entries_hash", "drawn_at", "drawn_chosen", "drawn_reserves"])
        audit_record(
            actor=actor.name, action="panel.draw", object_type="panel", object_id=row.pk,
            changes={"list": len(entries), "chosen": min(left, len(found)), "stand_by": max(0, len(found) - left)},
        )  # fmt: skip
        outbox_add("panel.drawn", {"panel": row.code, "program": row.program.slug, "seed": row.revealed})
    return row
