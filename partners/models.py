"""API keys: what a partner system shows to be let in. Only the hash is stored."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel


class ApiKey(BrandModel):
    """A named, scoped, expiring key. `sg_<prefix>_<secret>` is shown once; prefix finds the row, SHA-256 proves it."""

    name = models.CharField(
        _("name"),
        max_length=120,
        help_text=_("Which system uses it: “web shop”, “till”."),
    )
    prefix = models.CharField(_("prefix"), max_length=12, editable=False)
    digest = models.BinaryField(editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    rate_per_minute = models.PositiveIntegerField(_("requests per minute"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=120)
    last_used_on = models.DateField(_("last used on"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["prefix"], name="api_key_prefix_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="api_key_named"),
        ]

    def __str__(self) -> str:
        return self.name
