"""Asking for a count from before, and doing it: a few members at a time, each piece with how far it came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from time import monotonic
from uuid import UUID

from django.db import OperationalError, connection, transaction

from core import clock
from core.actor import Actor
from core.errors import Busy
from core.tasks import HEADER
from core.tenancy import current_schema
from loyalty.backfills.emptying import Emptier
from loyalty.backfills.filling import Filler
from loyalty.models import CounterBackfill, Program, ProgramVersion
from loyalty.selectors import program_state_of

log = logging.getLogger(__name__)

# Their bookings wait while their events are read.
MEMBERS, TURN_SECONDS = 20, 8.0
_send: Callable[..., object] | None = None


def provide_task(send: Callable[..., object]) -> None:
    """Called once in ready(), with the task's apply_async."""
    global _send
    _send = send


def backfill_start(
    *, program: Program, version: ProgramVersion, counters: Collection[str], actor: Actor
) -> CounterBackfill | None:
    """In the publication's transaction. counters: as counters_checked said. Nothing for none."""
    if not counters:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM loyalty_enrollment WHERE program_id = %s", [program.pk])
        [total] = cursor.fetchone()
    run = CounterBackfill.objects.create(
        program=program, version=version, counters=list(counters), asked_by=actor.name, asked_at=clock.now(),
        total=total,
    )  # fmt: skip
    backfill_wake(run.pk)
    return run


def backfill_wake(run_id: UUID) -> None:
    """After the current transaction, at once when there is none. A broker that is away costs delay: beat comes by."""
    schema = current_schema()

    def send() -> None:
        try:
            if _send is not None:
                _send(args=(str(run_id),), headers={HEADER: schema}, retry=False)
        except Exception:
            log.warning("a count from before couldn't be sent; the sweeper will", exc_info=True)

    transaction.on_commit(send, robust=True)


def backfill_work(*, run_id: UUID | str, seconds: float = TURN_SECONDS) -> bool:
    """Count on for a while from where the run stands; whether it is over. Another process at it is left alone."""
    until = monotonic() + seconds
    while monotonic() < until:
        try:
            went_on = _piece(run_id)
        except (Busy, OperationalError):
            return False  # somebody holds a member's lock; beat comes by
        if went_on is not None:
            return went_on
    backfill_wake(UUID(str(run_id)))
    return False


def backfills_sweep() -> int:
    """Go on with whatever isn't over. How many there are."""
    waiting = list(CounterBackfill.objects.filter(finished_at__isnull=True).order_by("asked_at"))
    for run in waiting:
        backfill_work(run_id=run.pk)
    return len(waiting)


def _piece(run_id: UUID | str) -> bool | None:
    """A few members and how far it came, together or not at all. None while there is more to do."""
    with transaction.atomic():
        open_runs = CounterBackfill.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        run = open_runs.filter(pk=run_id, finished_at__isnull=True).first()
        if run is None:
            return not CounterBackfill.objects.filter(pk=run_id, finished_at__isnull=True).exists()
        members = _next(run)
        if members and (run.canceled_at is not None or not _withdrawn(run)):
            run.read += _work(run, members)
            run.after, run.done = members[-1], run.done + len(members)
        else:
            run.finished_at = clock.now()
        run.save(update_fields=["read", "after", "done", "finished_at"])
        return None if run.finished_at is None else True


def _next(run: CounterBackfill) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM loyalty_enrollment WHERE program_id = %s AND id > %s ORDER BY id LIMIT %s",
            [run.program_id, run.after, MEMBERS],
        )
        return [row[0] for row in cursor.fetchall()]


def _withdrawn(run: CounterBackfill) -> bool:
    """The version was taken back before it was in force: nothing asks for its counters."""
    return any(each.id == run.version_id for each in program_state_of(run.program_id).withdrawn)


def _work(run: CounterBackfill, members: list[int]) -> int:
    """Count these members, or take back what was counted of them; returns how many events were read for it."""
    state = program_state_of(run.program_id)
    plans = state.version(run.version_id).triggers
    counters = {
        trigger: tuple(each for each in plan.raises if each.code in run.counters) for trigger, plan in plans.items()
    }
    wanted = {trigger: found for trigger, found in counters.items() if found}
    if run.canceled_at is not None:
        return Emptier(state, wanted).empty(members)
    return Filler(state, wanted).fill(members)
