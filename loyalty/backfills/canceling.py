"""Calling a count from before off: nobody keeps a part of it, the counters stand as if they had started at zero."""

from __future__ import annotations

from django.db import transaction

from core import clock
from core.actor import Actor
from core.audit import audit_record
from loyalty.backfills.work import backfill_wake
from loyalty.errors import BackfillOver
from loyalty.models import CounterBackfill, Enrollment, Program
from loyalty.publishing import stamp_renew


def backfill_cancel(*, run: CounterBackfill, actor: Actor) -> CounterBackfill:
    """From now on events of older versions don't raise the counters any more, and what was counted is taken back in
    the background, member by member.

    BackfillOver when it is done, or canceled already; Busy while a piece of it is being worked on for long.
    """
    with transaction.atomic():
        # The program first, as publishing does.
        program = Program.objects.select_for_update(no_key=True).get(pk=run.program_id)
        row = CounterBackfill.objects.select_for_update(no_key=True, of=("self",)).get(pk=run.pk)
        if row.finished_at is not None or row.canceled_at is not None:
            raise BackfillOver()
        row.canceled_at, row.after, row.done, row.read = clock.now(), 0, 0, 0
        row.total = Enrollment.objects.filter(program=program).count()
        row.save(update_fields=["canceled_at", "after", "done", "read", "total"])
        stamp_renew(program)
        audit_record(
            actor=actor.name, action="program.count_back_cancel", object_type="program", object_id=program.pk,
            changes={"counters": list(row.counters)},
        )  # fmt: skip
        backfill_wake(row.pk)
    return row
