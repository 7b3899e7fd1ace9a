"""Files on their way in: one job per file, and the rows of it that were refused."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7


class ImportJob(BrandModel):
    """A file and how far it has come. Everything below `offset` is in and counted; see loyalty/imports/runner.py.

    chunk_booked: rows of the chunk at `offset` that are booked and counted already, when its run was cut off.
    runner, beat_at: who works on it (only that one may write) and when it last did, on wall time.
    """

    class Kind(models.TextChoices):
        EVENTS = "events", _("events")
        MEMBERS = "members", _("members")

    class Format(models.TextChoices):
        NDJSON = "ndjson", _("lines of JSON")
        CSV = "csv", _("CSV")

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waits for its columns")
        CHECKING = "checking", _("being checked")
        READY = "ready", _("ready to start")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("canceled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    format = models.CharField(_("format"), max_length=8, choices=Format.choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    filename = models.CharField(_("file"), max_length=200)
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    size = models.BigIntegerField(_("size in bytes"))
    source = models.CharField(_("source"), max_length=60)
    program = models.CharField(_("program"), max_length=40, blank=True)
    mapping = models.JSONField(_("columns"), null=True, blank=True)
    starts_itself = models.BooleanField(default=False)
    total = models.PositiveIntegerField(_("rows"), null=True, blank=True)
    offset = models.BigIntegerField(default=0)
    line = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(_("rows done"), default=0)
    chunk_booked = models.PositiveIntegerField(default=0)
    counts = models.JSONField(_("outcomes"), default=dict)
    issued = models.JSONField(_("points issued"), default=dict)
    reversed = models.JSONField(_("points taken back"), default=dict)
    reasons = models.JSONField(_("reasons"), default=dict)
    problem = models.JSONField(_("problem"), null=True, blank=True)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("who"), max_length=120)
    created_at = models.DateTimeField(_("uploaded at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    runner = models.UUIDField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes: ClassVar = [
            models.Index(fields=["sha256", "source"], name="import_same_file"),
            models.Index(
                fields=["state"],
                name="import_open",
                condition=models.Q(state__in=["checking", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def open(self) -> bool:
        """Whether anything may still come of it."""
        return self.state not in (self.State.DONE, self.State.FAILED, self.State.CANCELED)

    @property
    def through(self) -> int:
        """Rows that are done, those of the chunk under way too."""
        return self.done + self.chunk_booked

    @property
    def percent(self) -> int:
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.through // self.total) if self.total else 0

    @property
    def rejected(self) -> int:
        found: Any = self.counts.get("refused", 0)
        return int(found)


class ImportReject(BrandModel):
    """A row that was refused, and why. line: where it begins in the file, from 1."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    line = models.PositiveIntegerField(_("line"))
    external_id = models.CharField(_("id"), max_length=200, blank=True)
    code = models.CharField(_("code"), max_length=60)
    field = models.CharField(_("field"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=500)

    class Meta:
        verbose_name = _("refused row")
        verbose_name_plural = _("refused rows")
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "line"], name="import_reject_once")]

    def __str__(self) -> str:
        return f"{self.line}: {self.code}"
