"""Calling a count from before off: nobody keeps a part of it, the counters stand as if they had started at zero."""

from __future__ import annotations

from django.db import transaction

from core import clock
from core.actor import Actor
from core.audit import audit_record
from loyalty.backfills.work import backfill_wake
from loyalty.errors import BackfillOver
from loyalty.models import CounterBackfill, Enrollment, Program, ProgramVersion
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
        _turn_back(row)
        stamp_renew(program)
        audit_record(
            actor=actor.name, action="program.count_back_cancel", object_type="program", object_id=program.pk,
            changes={"counters": list(row.counters)},
        )  # fmt: skip
    return row


def version_uncount(*, version: ProgramVersion) -> None:
    """The version is withdrawn, in the caller's transaction and under its program's lock: what was counted for it is
    taken back, done or not, or a later version's counter of that name would begin with it."""
    rows = CounterBackfill.objects.select_for_update(no_key=True, of=("self",))
    row = rows.filter(version=version, canceled_at__isnull=True).first()
    if row is not None:
        _turn_back(row)


def _turn_back(row: CounterBackfill) -> None:
    row.canceled_at, row.finished_at, row.after, row.done, row.read = clock.now(), None, 0, 0, 0
    row.total = Enrollment.objects.filter(program_id=row.program_id).count()
    row.save(update_fields=["canceled_at", "finished_at", "after", "done", "read", "total"])
    backfill_wake(row.pk)
