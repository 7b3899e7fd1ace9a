"""Bringing a file of codes into a pool by a worker, piece by piece. Stopped anywhere, it goes on without a code lost,
doubled or counted twice: a piece's codes, its figures and how far the file is commit together.

Who runs is named in the row: a run that was taken for dead, and isn't, finds another's name there and stops.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import errors as pg

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import Busy, DomainError
from core.failpoint import failpoint
from core.tasks import HEADER
from loyalty.imports.files import file_drop
from loyalty.imports.jobs import problem_of
from loyalty.imports.refusals import ImportStateConflict, ImportStuck
from rewards.models import CodePool, PoolImport, PoolImportReject
from rewards.poolfiles import Piece, codes_keep, pieces_read
from rewards.pools import ImportReport, lines_add

log = logging.getLogger(__name__)

State = PoolImport.State
# At once in one brand; further ones wait their turn.
AT_ONCE = 2
SILENT = timedelta(seconds=30)
TRIES = 5
# Codes of an import that nobody went on with are kept so long, which of its lines were left out so long.
KEEP_FILE, KEEP_REPORT = timedelta(days=7), timedelta(days=90)


class _NotMine(Exception):
    """The job was paused, canceled or taken over meanwhile."""


def pool_import_create(*, pool: CodePool, codes: Iterable[str], filename: str, actor: Actor) -> PoolImport:
    """Keep the codes sealed and send for a worker. UnreadableFile, FileTooLarge, TooManyCodes: nothing is kept then."""
    kept, lines = codes_keep(codes)
    try:
        with transaction.atomic():
            job = PoolImport.objects.create(
                pool=pool, filename=_name(filename), path=kept.path, total=lines, initiated_by=actor.initiated_by,
                actor=actor.name, created_at=clock.now(),
            )  # fmt: skip
            _told(job, "pool.import_begun", actor)
            pool_import_wake(str(job.pk))
    except BaseException:
        file_drop(kept.path)
        raise
    return job


def _name(filename: str) -> str:
    plain = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(each for each in plain if each.isprintable())[:200] or "codes.txt"


def pool_import_pause(*, job: PoolImport, actor: Actor) -> PoolImport:
    """Stop after the piece that is being added; the rest waits. ImportStateConflict, Busy."""
    with transaction.atomic():
        locked = _locked_for(job, State.RUNNING)
        locked.state, locked.runner = State.PAUSED, None
        locked.save()
        _told(locked, "pool.import_paused", actor)
    return locked


def pool_import_start(*, job: PoolImport, actor: Actor) -> PoolImport:
    """Go on where it was paused or failed. ImportStateConflict, Busy."""
    with transaction.atomic():
        locked = _locked_for(job, State.PAUSED, State.FAILED)
        locked.state, locked.problem, locked.runner, locked.tries, locked.finished_at = (
            State.RUNNING, None, None, 0, None,
        )  # fmt: skip
        locked.save()
        _told(locked, "pool.import_resumed", actor)
        pool_import_wake(str(locked.pk))
    return locked


def pool_import_cancel(*, job: PoolImport, actor: Actor) -> PoolImport:
    """Give up the rest. Codes that are in stay in. ImportStateConflict, Busy."""
    with transaction.atomic():
        locked = _locked_for(job, State.RUNNING, State.PAUSED, State.FAILED)
        _end(locked, State.CANCELED)
        _told(locked, "pool.import_canceled", actor)
    return locked


def _locked_for(job: PoolImport, *states: str) -> PoolImport:
    try:
        locked = PoolImport.objects.select_for_update(of=("self",)).select_related("pool").get(pk=job.pk)
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise Busy() from error
        raise
    if locked.state not in states:
        words = _("The import is %(state)s.") % {"state": locked.get_state_display()}
        raise ImportStateConflict(words, state=locked.state)
    return locked


def _end(job: PoolImport, state: str) -> None:
    """Over for good: its codes are removed after the commit."""
    path, job.path = job.path, ""
    job.state, job.runner, job.finished_at = state, None, clock.now()
    job.save()
    transaction.on_commit(lambda: file_drop(path), robust=True)


def _told(job: PoolImport, action: str, actor: Actor) -> None:
    audit_record(
        actor=actor.name, action=action, object_type="codepool", object_id=job.pool_id,
        changes={"lines": job.total, "done": job.done, "added": job.added, "duplicates": job.duplicates,
                 "invalid": job.invalid},
    )  # fmt: skip


def pool_import_wake(job_id: str) -> None:
    """Send a worker after the commit. One that doesn't come is made good by the sweep."""
    from rewards.tasks import pool_import_work as task

    schema = connection.schema_name  # type: ignore[attr-defined]  # django-tenants gives it
    transaction.on_commit(lambda: task.apply_async((job_id,), headers={HEADER: schema}, retry=False), robust=True)


# --- the work --------------------------------------------------------------------------------------------------------
def pool_import_run(job_id: UUID | str, *, seconds: float | None = None) -> PoolImport:
    """Bring in what is still to do, for at most `seconds`. The job as it stands afterwards. Not in a transaction."""
    name = uuid4()
    job, onward = _taken(job_id, name), True
    if job is None:
        return PoolImport.objects.get(pk=job_id)
    try:
        _run(job, name, monotonic() + seconds if seconds is not None else None)
    except _NotMine:
        pass
    except Busy:
        # The sweep comes by later: at once it would be as busy.
        log.info("import of codes %s waits: too busy", job_id)
        onward = False
    except DomainError as error:
        _fail(job_id, name, error)
    finally:
        PoolImport.objects.filter(pk=job_id, runner=name).update(runner=None)
        if onward:
            _next()
    return PoolImport.objects.get(pk=job_id)


def _next() -> None:
    waiting = PoolImport.objects.filter(state=State.RUNNING, runner=None).order_by("created_at")
    for pk in waiting.values_list("pk", flat=True)[:AT_ONCE]:
        pool_import_wake(str(pk))


def _taken(job_id: UUID | str, name: UUID) -> PoolImport | None:
    """Put one's name on the job. None: nothing is due, somebody else is at it, or enough others are."""
    with transaction.atomic():
        # All that run, in one order, so that two who come at once count each other.
        running = list(PoolImport.objects.select_for_update().filter(state=State.RUNNING).order_by("pk"))
        job = next((each for each in running if str(each.pk) == str(job_id)), None)
        busy = [each for each in running if each.runner is not None and not _silent(each)]
        if job is None or job in busy or len(busy) >= AT_ONCE:
            return None
        job.runner, job.beat_at, job.tries = name, _wall(), job.tries + 1
        if job.tries > TRIES:
            job.state, job.runner, job.finished_at = State.FAILED, None, clock.now()
            job.problem = problem_of(ImportStuck())
        job.save()
        return job if job.runner is not None else None


def _silent(job: PoolImport) -> bool:
    return job.beat_at is None or job.beat_at < _wall() - SILENT


def _wall() -> datetime:
    return timezone.now()  # noqa: TID251  (a sign of life stands on wall time)


def _run(job: PoolImport, name: UUID, until: float | None) -> None:
    for piece in pieces_read(job.path, job.offset):
        _piece_add(job, name, piece)
        failpoint("codes.noted")
        if until is not None and monotonic() > until:
            return
    with transaction.atomic():
        locked = _mine(job, name)
        _end(locked, State.DONE)
        _told(locked, "pool.import", Actor(locked.initiated_by, locked.actor, "admin"))


def _mine(job: PoolImport, name: UUID) -> PoolImport:
    locked = PoolImport.objects.select_for_update().filter(pk=job.pk, runner=name, state=State.RUNNING).first()
    if locked is None:
        raise _NotMine
    return locked


def _piece_add(job: PoolImport, name: UUID, piece: Piece) -> None:
    """One piece: its codes, its figures, the lines that were left out and how far the file is, or nothing of it."""
    numbered = list(enumerate(piece.codes, start=job.done + 1))

    def begin() -> None:
        if not PoolImport.objects.filter(pk=job.pk, runner=name, state=State.RUNNING).exists():
            raise _NotMine

    def end(report: ImportReport) -> None:
        # Locked last and for a moment, so that who pauses needn't wait for all of a piece; if it was, nothing is added.
        locked = _mine(job, name)
        locked.added += report.added
        locked.duplicates += report.duplicates
        locked.invalid += report.invalid
        locked.done, locked.offset, locked.tries, locked.beat_at = job.done + len(numbered), piece.end, 0, _wall()
        locked.save()
        if report.rejected:
            lines = sorted([each.line, each.reason] for each in report.rejected)
            PoolImportReject.objects.create(job=locked, first_line=job.done + 1, lines=lines)
        failpoint("codes.added")

    try:
        lines_add(pool=job.pool, lines=numbered, begin=begin, end=end)
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise Busy() from error
        raise
    job.done, job.offset = job.done + len(numbered), piece.end


def _fail(job_id: UUID | str, name: UUID, error: DomainError) -> None:
    with transaction.atomic():
        job = PoolImport.objects.select_for_update().filter(pk=job_id, runner=name).first()
        if job is not None:
            job.state, job.problem, job.finished_at = State.FAILED, problem_of(error), clock.now()
            job.save()


def pool_imports_sweep() -> int:
    """Send for somebody to every job that waits or whose runner has gone silent. How many there were."""
    running = PoolImport.objects.filter(state=State.RUNNING).order_by("created_at")
    due = [each for each in running if each.runner is None or _silent(each)]
    for job in due[:AT_ONCE]:
        pool_import_wake(str(job.pk))
    return len(due)


def pool_imports_forget() -> int:
    """Cancel what nobody went on with for long, its codes removed; then the reports of imports that are long over."""
    now = clock.now()
    left = PoolImport.objects.filter(state__in=(State.PAUSED, State.FAILED), created_at__lt=now - KEEP_FILE)
    for pk in left.values_list("pk", flat=True):
        with transaction.atomic():
            job = PoolImport.objects.select_for_update().get(pk=pk)
            if job.state in (State.PAUSED, State.FAILED):
                _end(job, State.CANCELED)
    over = PoolImport.objects.filter(finished_at__lt=now - KEEP_REPORT).exclude(state=State.RUNNING)
    return PoolImportReject.objects.filter(job__in=over).delete()[0]
