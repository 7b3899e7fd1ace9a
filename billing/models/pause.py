"""Clocks that stand still while a plan is paused."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.subscription import Subscription
from core.bases import BrandModel
from loyalty.models import Enrollment


class ClockFreeze(BrandModel):
    """A member's clocks since a pause began: expected for so many days, over when ended_at is set. lots: those that
    were put off, by their entry, with the end that they were given."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="freezes", db_index=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(_("since"))
    days = models.PositiveIntegerField(_("days"))
    lots = models.JSONField(default=dict)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("frozen clock")
        verbose_name_plural = _("frozen clocks")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscription"], condition=models.Q(ended_at__isnull=True), name="clock_frozen_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.subscription)
