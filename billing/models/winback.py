"""Offers to who left: sent once, good for a while, used once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.subscription import Subscription
from core.bases import BrandModel
from members.models import Member


class WinBackOffer(BrandModel):
    """body: the brand's terms as they were when it was sent. redeemed_by: the subscription that they came back with."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, related_name="win_back", verbose_name=_("subscription")
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="win_backs", verbose_name=_("member"), db_index=False
    )
    body = models.JSONField(_("offer"), default=dict)
    sent_at = models.DateTimeField(_("sent at"))
    expires_at = models.DateTimeField(_("good until"))
    redeemed_at = models.DateTimeField(_("used at"), null=True, blank=True)
    redeemed_by = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("came back with"),
    )

    class Meta:
        verbose_name = _("win-back offer")
        verbose_name_plural = _("win-back offers")
        indexes: ClassVar = [models.Index(fields=["member", "-sent_at"], name="win_backs_of_member")]

    def __str__(self) -> str:
        return f"{self.subscription}"
