"""Events that say something else than the ones that are known by their ids."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.connection import StripeConnection
from core.bases import BrandModel


class QuarantinedEvent(BrandModel):
    """An event whose id was known already with another content: kept to be looked at, and never worked.

    digest: of the content, so that the same one is kept once.
    """

    connection = models.ForeignKey(
        StripeConnection,
        on_delete=models.CASCADE,
        related_name="quarantined",
        verbose_name=_("account"),
        db_index=False,
    )
    event_id = models.CharField(_("event"), max_length=80)
    type = models.CharField(_("type"), max_length=80)
    digest = models.CharField(max_length=64, editable=False)
    body = models.JSONField(_("body"))
    by = models.CharField(_("came by"), max_length=10)
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("event in quarantine")
        verbose_name_plural = _("events in quarantine")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "event_id", "digest"], name="quarantined_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
