"""Counting from before: counters that a version declared, and how far their stored events have been read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models.program import Program, ProgramVersion


class CounterBackfill(BrandModel):
    """Asked for with a publication. counters: codes. From then on events of older versions raise them too, so what is
    left to read only shrinks.

    after: the last enrollment that is counted; done, total: members; read: events looked at. canceled_at: from then on
    it goes over the members again and takes back what was counted, and those three are about that.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="backfills", verbose_name=_("program"))
    version = models.OneToOneField(
        ProgramVersion, on_delete=models.PROTECT, related_name="backfill", verbose_name=_("version")
    )
    counters = models.JSONField(_("counters"))
    asked_by = models.CharField(_("asked by"), max_length=120)
    asked_at = models.DateTimeField(_("asked at"))
    after = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(_("members"), default=0)
    total = models.PositiveIntegerField(_("of"), default=0)
    read = models.PositiveBigIntegerField(_("events read"), default=0)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("counting from before")
        verbose_name_plural = _("counting from before")
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], name="backfill_open", condition=models.Q(finished_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.program} {', '.join(self.counters)}"
