"""Plans that are sold together: what of a bundle's price is each part's, and which parts a subscription has."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.plan import MembershipPlan, PlanPrice
from billing.models.subscription import Subscription
from core.bases import BrandModel


class BundleShare(BrandModel):
    """What of a bundle's price is one part's: together they are the price to the cent. For ever, as the price is."""

    price = models.ForeignKey(
        PlanPrice, on_delete=models.CASCADE, related_name="shares", verbose_name=_("price"), db_index=False
    )
    part = models.ForeignKey(MembershipPlan, on_delete=models.PROTECT, related_name="+", verbose_name=_("part"))
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("share of a bundle’s price")
        verbose_name_plural = _("shares of bundles’ prices")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["price", "part"], name="bundle_share_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="bundle_share_not_negative"),
        ]

    def __str__(self) -> str:
        return str(self.part)


class SubscriptionPart(BrandModel):
    """A part of a subscription's bundle, as the item that Stripe has for it."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="parts", verbose_name=_("subscription"), db_index=False
    )
    share = models.ForeignKey(BundleShare, on_delete=models.PROTECT, related_name="+", verbose_name=_("share"))
    item_id = models.CharField(max_length=80, editable=False)

    class Meta:
        verbose_name = _("part of a subscription")
        verbose_name_plural = _("parts of subscriptions")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "share"], name="subscription_part_once")
        ]

    def __str__(self) -> str:
        return str(self.share)
