"""Events that say something else than the ones that are known by their ids."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.bodies import body_opened
from billing.models.connection import StripeConnection
from core.bases import BrandModel


class QuarantinedEvent(BrandModel):
    """An event whose id was known already with another content: kept to be looked at, and not worked unless somebody
    of the team takes it in the known one's place.

    digest: of the content, so that the same one is kept once. sealed_known: what it took the place of.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("to be looked at")
        TAKEN = "taken", _("taken")
        DROPPED = "dropped", _("dropped")

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
    sealed_body = models.TextField(editable=False)
    by = models.CharField(_("came by"), max_length=10)
    received_at = models.DateTimeField(_("received at"))
    state = models.CharField(
        _("state"), max_length=7, choices=State.choices, default=State.WAITING, db_default=State.WAITING
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")
    settled_by = models.CharField(_("by"), max_length=120, blank=True, default="", db_default="")
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    sealed_known = models.TextField(blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("event in quarantine")
        verbose_name_plural = _("events in quarantine")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "event_id", "digest"], name="quarantined_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def body(self) -> dict[str, Any]:
        """In the clear."""
        return body_opened(self.sealed_body)

    @property
    def known(self) -> dict[str, Any] | None:
        """What it took the place of, in the clear; None while it took none."""
        return body_opened(self.sealed_known) if self.sealed_known else None
