"""What can be done with an import: upload, say what the columns are, start, pause, go on, cancel.

The work itself is loyalty/imports/runner.py's, in a worker. Nothing here is lost with the broker: whoever sweeps finds
what is to be done by the job's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from celery import current_app
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg import errors as pg

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import Busy, DomainError, InvalidInput
from core.tasks import HEADER
from loyalty import errors
from loyalty.imports.files import Kept, file_drop, file_keep, file_open
from loyalty.imports.mapping import mapping_guess, mapping_read
from loyalty.imports.refusals import ColumnsUnclear, ImportStateConflict
from loyalty.imports.rows import Sheet, csv_cells, sheet_read
from loyalty.incoming import OWN_SOURCES, SOURCE
from loyalty.models import ImportJob, Program

State = ImportJob.State
SAMPLE = 20
WORK = "loyalty.tasks.import_work"


class Wish(msgspec.Struct, kw_only=True):
    """What is wanted of a file. mapping: as loyalty/imports/mapping.py has it; None: as the columns' names say."""

    kind: str = "events"
    format: str = "ndjson"
    filename: str = ""
    source: str = "import"
    program: str = ""
    mapping: Any = None
    starts_itself: bool = False


@contextmanager
def file_received(pieces: Iterable[bytes]) -> Iterator[Kept]:
    """A file as it came in, for import_create(); at the end it is gone unless an import has taken it. UnreadableFile,
    FileTooLarge.
    """
    kept = file_keep(pieces)
    try:
        yield kept
    finally:
        if not ImportJob.objects.filter(path=kept.path).exists():
            file_drop(kept.path)


def import_create(*, kept: Kept, wish: Wish, actor: Actor, wakes: bool = True) -> tuple[ImportJob, bool]:
    """Make the job of a file: (job, whether it is new). The same file of one source that is still under way is not
    taken twice. wakes: whether a worker is sent for. UnreadableFile, ColumnsUnclear, InvalidInput, UnknownProgram.
    """
    _wish_check(wish)
    with transaction.atomic():
        job, new = _made(kept, wish, actor)
        if new:
            _told(job, "import.uploaded", actor, wakes=wakes)
    return job, new


def _made(kept: Kept, wish: Wish, actor: Actor) -> tuple[ImportJob, bool]:
    same = import_same(sha256=kept.sha256, source=wish.source, kind=wish.kind)
    under_way = next((each for each in same if each.open), None)
    if under_way is not None:
        return under_way, False
    job = ImportJob(
        kind=wish.kind, format=wish.format, state=State.UPLOADED, filename=_name(wish), path=kept.path,
        sha256=kept.sha256, size=kept.size, source=wish.source, program=wish.program, starts_itself=wish.starts_itself,
        initiated_by=actor.initiated_by, actor=actor.name, created_at=clock.now(),
    )  # fmt: skip
    if wish.format == ImportJob.Format.CSV:
        _columns_settle(job, wish)
    if wish.format == ImportJob.Format.NDJSON or job.mapping is not None:
        job.state = State.CHECKING
    job.save()
    return job, True


def _columns_settle(job: ImportJob, wish: Wish) -> None:
    """Columns as told; else, where the import starts by itself, as their names say. A person looks over a guess."""
    sheet, sample = import_sheet(job)
    if wish.mapping is not None:
        job.mapping = msgspec.to_builtins(mapping_read(wish.mapping, kind=job.kind, columns=sheet.titles))
    elif wish.starts_itself:
        guess = mapping_guess(sheet.titles, kind=job.kind, sample=sample)
        unknown = [title for title in sheet.titles if title and title not in guess["fields"].values()]
        if unknown:
            raise ColumnsUnclear(
                _("Nothing says what the column “%(title)s” is.") % {"title": unknown[0][:80]}, field="mapping"
            )
        job.mapping = msgspec.to_builtins(mapping_read(guess, kind=job.kind, columns=sheet.titles))


def _wish_check(wish: Wish) -> None:
    if wish.kind not in ImportJob.Kind.values:
        raise InvalidInput(_("An import is of events or members."), field="kind")
    if wish.format not in ImportJob.Format.values:
        raise InvalidInput(_("A file is ndjson or csv."), field="format")
    if SOURCE.fullmatch(wish.source) is None:
        words = _("A source is small letters, digits, dots, dashes and underscores, at most 60.")
        raise InvalidInput(words, field="source")
    if wish.source in OWN_SOURCES:
        raise InvalidInput(_("This source is the product's own."), field="source")
    if wish.program and not Program.objects.filter(slug=wish.program, archived_at__isnull=True).exists():
        raise errors.UnknownProgram(field="program")


def _name(wish: Wish) -> str:
    name = "".join(each for each in wish.filename.replace("\\", "/").rsplit("/", 1)[-1] if each.isprintable())
    return name[:200] or f"{wish.kind}.{wish.format}"


def import_same(*, sha256: str, source: str, kind: str) -> list[ImportJob]:
    """Imports of the very same file into the same source, the newest first."""
    return list(ImportJob.objects.filter(sha256=sha256, source=source, kind=kind).order_by("-created_at")[:10])


def import_sheet(job: ImportJob) -> tuple[Sheet, list[list[str]]]:
    """The columns of a CSV and its first rows, as they stand there. UnreadableFile."""
    delimiter = (job.mapping or {}).get("delimiter")
    with file_open(job.path) as file:
        sheet = sheet_read(file, delimiter)
        return sheet, csv_cells(file, sheet, SAMPLE)


def import_map(*, job: ImportJob, mapping: Any, actor: Actor) -> ImportJob:
    """Say what the columns are; the file is checked again. ColumnsUnclear, UnreadableFile, ImportStateConflict."""
    with transaction.atomic():
        locked = _locked(job, State.UPLOADED, State.CHECKING, State.READY, State.FAILED)
        if locked.done or locked.format != ImportJob.Format.CSV:
            raise ImportStateConflict(_("Its columns can't be changed any more."))
        wanted = (mapping or {}).get("delimiter") if isinstance(mapping, dict) else None
        with file_open(locked.path) as file:
            sheet = sheet_read(file, wanted if wanted in (",", ";", "\t", "|") else None)
        locked.mapping = msgspec.to_builtins(mapping_read(mapping, kind=locked.kind, columns=sheet.titles))
        locked.state, locked.problem, locked.runner, locked.total = State.CHECKING, None, None, None
        locked.save()
        _told(locked, "import.mapped", actor)
    return locked


def import_start(*, job: ImportJob, actor: Actor) -> ImportJob:
    """Begin, or go on where it was paused or failed. ImportStateConflict."""
    with transaction.atomic():
        locked = _locked(job, State.READY, State.PAUSED, State.FAILED)
        if locked.total is None:
            raise ImportStateConflict(_("The file wasn't read to its end, so there is nothing to start."))
        locked.state, locked.problem, locked.runner, locked.tries = State.RUNNING, None, None, 0
        locked.finished_at, locked.started_at = None, locked.started_at or clock.now()
        locked.save()
        _told(locked, "import.started", actor)
    return locked


def import_pause(*, job: ImportJob, actor: Actor) -> ImportJob:
    """Stop after what is being booked; the rest waits. ImportStateConflict."""
    with transaction.atomic():
        locked = _locked(job, State.RUNNING)
        locked.state, locked.runner = State.PAUSED, None
        locked.save()
        _told(locked, "import.paused", actor, wakes=False)
    return locked


def import_cancel(*, job: ImportJob, actor: Actor) -> ImportJob:
    """Give up the rest. What was booked stays, and can be taken back only event by event. ImportStateConflict."""
    with transaction.atomic():
        wanted = (each for each in State if each not in (State.DONE, State.CANCELED))
        locked = _locked(job, *wanted)
        locked.state, locked.runner, locked.finished_at = State.CANCELED, None, clock.now()
        path, locked.path = locked.path, ""
        locked.save()
        _told(locked, "import.canceled", actor, wakes=False)
        transaction.on_commit(lambda: file_drop(path), robust=True)
    return locked


def _locked(job: ImportJob, *states: str) -> ImportJob:
    try:
        locked = ImportJob.objects.select_for_update().get(pk=job.pk)
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise Busy() from error
        raise
    if locked.state not in states:
        words = _("The import is %(state)s.") % {"state": locked.get_state_display()}
        raise ImportStateConflict(words, state=locked.state)
    return locked


def _told(job: ImportJob, action: str, actor: Actor, *, wakes: bool = True) -> None:
    audit_record(
        actor=actor.name, action=action, object_type="importjob", object_id=str(job.pk),
        changes={"kind": job.kind, "source": job.source, "sha256": job.sha256, "done": job.done},
    )  # fmt: skip
    if wakes and job.state in (State.CHECKING, State.RUNNING):
        import_wake(str(job.pk))


def import_wake(job_id: str) -> None:
    """Send a worker after the commit. One that doesn't come is made good by the sweep."""
    schema = connection.schema_name  # type: ignore[attr-defined]  # django-tenants'

    def send() -> None:
        task = current_app.tasks[WORK]
        task.apply_async((job_id,), headers={HEADER: schema}, retry=False)

    transaction.on_commit(send, robust=True)


def problem_of(error: DomainError) -> dict[str, Any]:
    """What is kept of a refusal, to be shown with the job."""
    return {
        "code": error.code,
        "detail": str(error.detail),
        "hint": str(error.hint),
        **({"field": error.field} if error.field else {}),
        **({"line": error.context["line"]} if "line" in error.context else {}),
    }
