"""What isn't kept for ever: the refused rows of imports that are over, and files that nobody went on with."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from core import clock
from loyalty.imports.files import file_drop
from loyalty.models import ImportJob, ImportReject

State = ImportJob.State
OVER = (State.DONE, State.FAILED, State.CANCELED)
NEVER_STARTED = (State.UPLOADED, State.READY)
ROWS_AT_ONCE = 5_000


def imports_forget() -> dict[str, int]:
    """Of imports that ended, or that nobody started, more than IMPORT_KEEP_DAYS ago: delete refused rows and files.

    The import stays in the list with its counts and reasons. One that never started, or that failed and could have
    gone on, is canceled with its file. Says how much was deleted.
    """
    before = clock.now() - timedelta(days=settings.IMPORT_KEEP_DAYS)
    ended = Q(state__in=OVER) & (Q(finished_at__lt=before) | Q(finished_at__isnull=True, created_at__lt=before))
    rejects = _rejects_delete(list(ImportJob.objects.filter(ended).values_list("pk", flat=True)))
    left = ended & ~Q(path="") | Q(state__in=NEVER_STARTED, created_at__lt=before)
    files = sum(_file_forget(pk) for pk in ImportJob.objects.filter(left).values_list("pk", flat=True))
    return {"import_rejects": rejects, "import_files": files}


def _rejects_delete(jobs: list[UUID]) -> int:
    """In pieces, so that no statement holds many rows at once."""
    deleted = 0
    while ids := list(ImportReject.objects.filter(job__in=jobs).values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        deleted += ImportReject.objects.filter(pk__in=ids).delete()[0]
    return deleted


def _file_forget(pk: UUID) -> bool:
    """Whether there was one. Looked at again under the lock: somebody may have started it meanwhile."""
    with transaction.atomic():
        job = ImportJob.objects.select_for_update(no_key=True).get(pk=pk)
        if job.state not in (*OVER, *NEVER_STARTED):
            return False
        path, job.path = job.path, ""
        if job.state != State.DONE:
            job.state = State.CANCELED
            job.finished_at = job.finished_at or clock.now()
        job.save(update_fields=["path", "state", "finished_at"])
        transaction.on_commit(lambda: file_drop(path), robust=True)
    return bool(path)
