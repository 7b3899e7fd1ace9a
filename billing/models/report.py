"""What comparing our rows with Stripe's found, and what was put right."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from billing.models.connection import StripeConnection
from core.bases import BrandModel


class BillingReport(BrandModel):
    """One comparison. kind events: what was sent since the last and never arrived; whole: every subscription.

    asked_by: who wanted it now; empty for the hourly and nightly ones. beat_at: its last sign of life.
    """

    class Kind(models.TextChoices):
        EVENTS = "events", _("events since the last time")
        WHOLE = "whole", _("every subscription")

    connection = models.ForeignKey(
        StripeConnection, on_delete=models.CASCADE, related_name="reports", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    seen = models.PositiveIntegerField(_("looked at"), default=0)
    repaired = models.PositiveIntegerField(_("put right"), default=0)
    problem = models.CharField(_("problem"), max_length=200, blank=True)
    asked_by = models.CharField(_("asked by"), max_length=120, blank=True, db_default="", default="")
    beat_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("comparison with Stripe")
        verbose_name_plural = _("comparisons with Stripe")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=models.Q(finished_at__isnull=True) & ~models.Q(asked_by=""),
                name="billing_report_one_asked",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {date_format(timezone.localtime(self.started_at), 'SHORT_DATETIME_FORMAT')}"


class BillingDifference(BrandModel):
    """Something on which the two sides didn't agree. ours, theirs: in few words. repaired: ours follows theirs now."""

    class Kind(models.TextChoices):
        MISSED_EVENT = "missed_event", _("event that never arrived")
        UNKNOWN_HERE = "unknown_here", _("subscription that wasn’t known here")
        OTHER_STATE = "other_state", _("another state")
        GONE_THERE = "gone_there", _("not at Stripe any more")
        NOT_OURS = "not_ours", _("not ours: no member of the brand’s")

    report = models.ForeignKey(
        BillingReport, on_delete=models.CASCADE, related_name="differences", verbose_name=_("comparison")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    object_id = models.CharField(_("object"), max_length=80)
    ours = models.CharField(_("here"), max_length=200, blank=True)
    theirs = models.CharField(_("there"), max_length=200, blank=True)
    repaired = models.BooleanField(_("put right"), default=False)

    class Meta:
        verbose_name = _("difference with Stripe")
        verbose_name_plural = _("differences with Stripe")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}"
