"""Promotion codes: what members type on joining to pay less."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel


class PromotionCode(BrandModel):
    """A code and what it takes off (body: an Intro of the section). It never changes: it ends, and another is made.

    code: in capitals; of those that hold it is there once. plans: for which; none: for all. most: how often it can be
    used in all. until: when it ends by itself. first_only: for who never paid before.
    """

    code = models.CharField(_("code"), max_length=40)
    body = models.JSONField(_("what it gives"), default=dict)
    plans = models.JSONField(_("plans"), default=list, blank=True)
    most = models.PositiveIntegerField(_("how often in all"), null=True, blank=True)
    until = models.DateTimeField(_("good until"), null=True, blank=True)
    first_only = models.BooleanField(_("for new members alone"), default=False)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.CharField(_("by"), max_length=120)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("promotion code")
        verbose_name_plural = _("promotion codes")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(ended_at__isnull=True), name="promotion_code_once"
            )
        ]

    def __str__(self) -> str:
        return self.code
