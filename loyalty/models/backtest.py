"""A backtest: a document under test over months that are over, its progress and its report. Nothing else is written."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models.program import Program


class BacktestRun(BrandModel):
    """One asked for. version null: the draft as it was then, which stands in document.

    Looked at: what was booked from since up to, not including, until. problem: why it failed, in words.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("canceled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="backtests", verbose_name=_("program"))
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)
    document = models.JSONField(_("document"))
    document_hash = models.BinaryField()
    months = models.PositiveSmallIntegerField(_("months"))
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    asked_by = models.CharField(_("asked by"), max_length=120)
    asked_at = models.DateTimeField(_("asked at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    report = models.JSONField(_("report"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("backtest")
        verbose_name_plural = _("backtests")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program"], name="backtest_one_at_a_time", condition=models.Q(state__in=["queued", "running"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.program} · {date_format(timezone.localtime(self.asked_at), 'SHORT_DATETIME_FORMAT')}"

    @property
    def open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class BacktestPart(BrandModel):
    """A share of a run's members, counted by one process. done, total: members. after: the last enrollment counted.

    tally: what has been counted so far, so that a part whose process died goes on from there. claims: how often a
    process took it; what one writes holds only while nobody took it after. beat_at: when its process last said that it
    lives; empty while nobody is at it.
    """

    run = models.ForeignKey(BacktestRun, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    after = models.BigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)
    tally = models.JSONField(default=dict)
    claims = models.PositiveIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("part of a backtest")
        verbose_name_plural = _("parts of backtests")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="backtest_part_once")]

    def __str__(self) -> str:
        return f"{self.run} {self.number}"
