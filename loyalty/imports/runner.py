"""Bringing a file in, chunk by chunk, by the same code as the API's bulk. Stopped anywhere, it goes on without a row
lost, doubled or counted twice.

A chunk's events are booked slice by slice, and each slice is counted in the transaction that books it: chunk_booked
says how many of the chunk are in. The chunk's end moves the offset, counts what was refused or there before, and sets
it back to 0. A run that dies in between leaves the offset at the chunk's beginning; the next run sends the chunk again,
and of the answers "was there already" chunk_booked are its own. Who runs is named in the row: a run that was taken for
dead, and isn't, finds another's name there and stops, its slice unbooked.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import BinaryIO
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.utils import timezone

from core import clock
from core.actor import Actor
from core.errors import Busy, DomainError
from core.failpoint import failpoint
from core.outbox import woken_once
from loyalty.imports.checking import file_check
from loyalty.imports.files import file_drop, file_open
from loyalty.imports.jobs import import_wake, problem_of
from loyalty.imports.mapping import Columns, Mapping
from loyalty.imports.members import members_take
from loyalty.imports.refusals import ImportStuck
from loyalty.imports.rows import Row, csv_rows, json_rows, sheet_read
from loyalty.ingest import Answer, Booked, Unwanted, event_ingest_raw
from loyalty.judging import refusal
from loyalty.models import ImportJob, ImportReject

log = logging.getLogger(__name__)

# Large enough for several parts (loyalty/parts.py), one of which is booked while the next is judged.
CHUNK = 2_000
# At once in one brand; further ones wait their turn.
AT_ONCE = 2
SILENT = timedelta(seconds=30)
TRIES = 5
State = ImportJob.State
Progress = Callable[[ImportJob], None]


def import_work(
    job_id: UUID | str, *, seconds: float | None = None, progress: Progress = lambda job: None
) -> ImportJob:
    """Do what is due with a job, for at most `seconds`: check it, or bring it in. The job as it stands afterwards."""
    name = uuid4()
    job = _taken(job_id, name)
    if job is None:
        return ImportJob.objects.get(pk=job_id)
    until = monotonic() + seconds if seconds is not None else None
    onward = True
    try:
        if job.state == State.CHECKING:
            _check(job, name, progress)
        if _mine(job_id, name, State.RUNNING):
            _run(job_id, name, until, progress)
    except Unwanted:
        pass
    except Busy:
        # The sweep comes by later: at once it would be as busy.
        log.info("import %s waits: too busy", job_id)
        onward = False
    except DomainError as error:
        _fail(job_id, name, error)
    finally:
        _left(job_id, name, onward=onward)
    return ImportJob.objects.get(pk=job_id)


def _taken(job_id: UUID | str, name: UUID) -> ImportJob | None:
    """Put one's name on the job. None: nothing is due, somebody else is at it, or enough others are."""
    now = _wall()
    with transaction.atomic():
        # All open ones, in one order, so that two who come at once count each other.
        rows = ImportJob.objects.select_for_update().filter(state__in=(State.CHECKING, State.RUNNING)).order_by("pk")
        open_jobs = list(rows)
        job = next((each for each in open_jobs if str(each.pk) == str(job_id)), None)
        busy = [each for each in open_jobs if each.runner is not None and not _silent(each)]
        if job is None or job in busy or len(busy) >= AT_ONCE:
            return None
        job.runner, job.beat_at, job.tries = name, now, job.tries + 1
        job.save(update_fields=["runner", "beat_at", "tries"])
        if job.tries > TRIES:
            job.state, job.runner, job.finished_at = State.FAILED, None, clock.now()
            job.problem = problem_of(ImportStuck())
            job.save()
            return None
    return job


def _silent(job: ImportJob) -> bool:
    return job.beat_at is None or job.beat_at < _wall() - SILENT


def _wall() -> datetime:
    return timezone.now()  # noqa: TID251  (a sign of life stands on wall time)


def _mine(job_id: UUID | str, name: UUID, state: str) -> bool:
    return ImportJob.objects.filter(pk=job_id, runner=name, state=state).exists()


def _left(job_id: UUID | str, name: UUID, *, onward: bool) -> None:
    """Take one's name off, and send for somebody if there is more to do."""
    ImportJob.objects.filter(pk=job_id, runner=name).update(runner=None)
    if not onward:
        return
    waiting = ImportJob.objects.filter(state__in=(State.CHECKING, State.RUNNING), runner=None).order_by("created_at")
    for pk in waiting.values_list("pk", flat=True)[:AT_ONCE]:
        import_wake(str(pk))


def _locked(job_id: UUID | str, name: UUID, state: str) -> ImportJob:
    """The row, to be written in this transaction. Unwanted when somebody stopped it or took it over."""
    job = ImportJob.objects.select_for_update().filter(pk=job_id, runner=name, state=state).first()
    if job is None:
        raise Unwanted
    job.beat_at = _wall()
    return job


def _fail(job_id: UUID | str, name: UUID, error: DomainError) -> None:
    with transaction.atomic():
        job = ImportJob.objects.select_for_update().filter(pk=job_id, runner=name).first()
        if job is not None:
            job.state, job.problem, job.finished_at = State.FAILED, problem_of(error), clock.now()
            job.save()


def _check(job: ImportJob, name: UUID, progress: Progress) -> None:
    """Read the file to its end, so that one which breaks off or isn't text changes nothing at all."""

    def alive(rows: int) -> None:
        if not ImportJob.objects.filter(pk=job.pk, runner=name).update(beat_at=_wall(), done=0, total=rows):
            raise Unwanted

    total = file_check(job, alive)
    with transaction.atomic():
        locked = _locked(job.pk, name, State.CHECKING)
        locked.total, locked.tries = total, 0
        locked.state = State.RUNNING if locked.starts_itself else State.READY
        if locked.starts_itself:
            locked.started_at = clock.now()
        locked.save()
    progress(locked)


def _run(job_id: UUID | str, name: UUID, until: float | None, progress: Progress) -> None:
    job = ImportJob.objects.get(pk=job_id)
    step = _step_members if job.kind == ImportJob.Kind.MEMBERS else _step_events
    with file_open(job.path) as file:
        chunks = Chunks(rows_of(job, file))
        while chunk := chunks.take():
            with woken_once():
                job = step(job, name, chunk, chunks.ahead)
            failpoint("import.noted")
            progress(job)
            if until is not None and monotonic() > until:
                return
    _finish(job_id, name)


def _step_events(job: ImportJob, name: UUID, chunk: Sequence[Row], ahead: Callable[[], None]) -> ImportJob:
    answers = events_take(job, chunk, lambda booked: _count_booked(job.pk, name, booked), meanwhile=ahead)
    failpoint("import.booked")
    return _note(job.pk, name, chunk, answers)


def _step_members(job: ImportJob, name: UUID, chunk: Sequence[Row], ahead: Callable[[], None]) -> ImportJob:
    with transaction.atomic():
        answers = members_take(job, chunk)
        _count_booked(job.pk, name, [answer for answer in answers if answer.status == 201])
        failpoint("import.booked")
        return _note(job.pk, name, chunk, answers)


def rows_of(job: ImportJob, file: BinaryIO) -> Iterator[Row]:
    """The rows that are still to do."""
    if job.format == ImportJob.Format.NDJSON:
        return json_rows(file, offset=job.offset, line=job.line)
    mapping = msgspec.convert(job.mapping, Mapping)
    sheet = sheet_read(file, mapping.delimiter)
    columns = Columns(mapping, sheet.titles, job.kind)
    offset, line = max((job.offset, job.line), (sheet.offset, sheet.line))
    return csv_rows(file, columns, delimiter=sheet.delimiter, offset=offset, line=line)


def actor_of(job: ImportJob) -> Actor:
    return Actor(job.initiated_by, job.actor, job.source)


class Chunks:
    """The rows of a file, CHUNK at a time. What isn't wanted yet can be read while there is nothing else to do."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next: list[Row] | None = None

    def ahead(self) -> None:
        if self._next is None:
            self._next = list(islice(self._rows, CHUNK))

    def take(self) -> list[Row]:
        self.ahead()
        taken, self._next = self._next or [], None
        return taken


def events_take(
    job: ImportJob, chunk: Sequence[Row], booked: Booked | None, meanwhile: Callable[[], None] | None = None
) -> list[Answer]:
    """One answer for each row, in order."""
    good = [row for row in chunk if row.error is None]
    bodies = [_of_program(row.body, job.program) for row in good]
    given = iter(event_ingest_raw(bodies, actor=actor_of(job), booked=booked, meanwhile=meanwhile))
    return [next(given) if row.error is None else refusal(row.error) for row in chunk]


def _of_program(body: object, program: str) -> object:
    return {**body, "program": program} if program and isinstance(body, dict) and "program" not in body else body


def _count_booked(job_id: UUID | str, name: UUID, answers: Sequence[Answer]) -> None:
    """Count what is being booked in this very transaction."""
    job = _locked(job_id, name, State.RUNNING)
    counts, issued, reversed_ = Counter(job.counts), Counter(job.issued), Counter(job.reversed)
    for answer in answers:
        counts[str(answer.body["status"])] += 1
        for each in answer.body.get("awards", ()):
            issued[each["currency"]] += each["points"]
        for each in answer.body.get("reversed", ()):
            reversed_[each["currency"]] += each["points"]
    job.counts, job.issued, job.reversed = dict(counts), dict(issued), dict(reversed_)
    job.chunk_booked += len(answers)
    job.save(update_fields=["counts", "issued", "reversed", "chunk_booked", "beat_at"])


def _note(job_id: UUID | str, name: UUID, chunk: Sequence[Row], answers: Sequence[Answer]) -> ImportJob:
    """The chunk is through: move on, count what wasn't booked, keep the reasons."""
    with transaction.atomic():
        job = _locked(job_id, name, State.RUNNING)
        counts, reasons = Counter(job.counts), Counter(job.reasons)
        # Of the rows that are in, those that this job booked were counted when it did: whether in this run or, of a run
        # that was cut off, in the one before.
        counts["repeated"] += sum(answer.status in (200, 201) for answer in answers) - job.chunk_booked
        rejects = []
        for row, answer in zip(chunk, answers, strict=True):
            if answer.error is not None:
                counts["refused"] += 1
                reasons[answer.error.code] += 1
                rejects.append(_reject(job, row, answer.error))
        ImportReject.objects.bulk_create(rejects)
        job.counts, job.reasons = {each: n for each, n in counts.items() if n}, dict(reasons)
        job.offset, job.line = chunk[-1].end, chunk[-1].end_line
        job.done, job.chunk_booked, job.tries = job.done + len(chunk), 0, 0
        job.save()
    return job


def _reject(job: ImportJob, row: Row, error: DomainError) -> ImportReject:
    return ImportReject(
        job=job,
        line=row.line,
        external_id=_storable(row.id, 200),
        code=error.code[:60],
        field=_storable(error.field or "", 200),
        reason=_storable(str(error.detail), 500),
    )


def _storable(text: str, most: int) -> str:
    """What came in may hold what a database can't; the report tells as much of it as can be told."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:most]


def _finish(job_id: UUID | str, name: UUID) -> None:
    with transaction.atomic():
        job = _locked(job_id, name, State.RUNNING)
        job.state, job.finished_at, job.total = State.DONE, clock.now(), job.done
        path, job.path = job.path, ""
        job.save()
        transaction.on_commit(lambda: file_drop(path), robust=True)


def imports_sweep() -> int:
    """Send for somebody to every job that waits or whose runner has gone silent. How many there were."""
    due = [each for each in ImportJob.objects.filter(state__in=(State.CHECKING, State.RUNNING)).order_by("created_at")
           if each.runner is None or _silent(each)]  # fmt: skip
    for job in due[:AT_ONCE]:
        import_wake(str(job.pk))
    return len(due)
