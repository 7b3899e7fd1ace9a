"""Files of codes on their way into a pool, and which of their lines were left out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from rewards.models.catalogue import CodePool


class PoolImport(BrandModel):
    """A file of codes and how far it has come: its first `done` lines are in and counted; see rewards/poolimports.py.

    path: where its codes lie, sealed; empty when they are gone. offset: where in that file the rest begins.
    runner, beat_at: who works on it (only that one may write) and when it last did, on wall time.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("canceled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pool = models.ForeignKey(CodePool, on_delete=models.PROTECT, related_name="imports", verbose_name=_("pool"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    filename = models.CharField(_("file"), max_length=200)
    path = models.CharField(max_length=200, blank=True)
    total = models.PositiveIntegerField(_("lines"))
    done = models.PositiveIntegerField(_("lines done"), default=0)
    offset = models.BigIntegerField(default=0)
    added = models.PositiveIntegerField(_("added"), default=0)
    duplicates = models.PositiveIntegerField(_("there already"), default=0)
    invalid = models.PositiveIntegerField(_("could not be used"), default=0)
    problem = models.JSONField(_("problem"), null=True, blank=True)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("who"), max_length=120)
    created_at = models.DateTimeField(_("uploaded at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    runner = models.UUIDField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("import of codes")
        verbose_name_plural = _("imports of codes")
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="pool_import_open", condition=models.Q(state="running")),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def percent(self) -> int:
        return 100 if self.state == self.State.DONE else min(99, 100 * self.done // max(1, self.total))

    @property
    def left_out(self) -> int:
        return self.duplicates + self.invalid


class PoolImportReject(BrandModel):
    """Which lines of one piece of a file were left out: [line from 1, reason] each. Never the codes themselves."""

    job = models.ForeignKey(PoolImport, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    first_line = models.PositiveIntegerField(_("line"))
    lines = models.JSONField(_("lines"), default=list)

    class Meta:
        verbose_name = _("lines left out")
        verbose_name_plural = _("lines left out")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "first_line"], name="pool_import_piece_once"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.first_line}"
