"""Parts of orders that were paid in points, and what of them went back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from core.ids import uuid7
from loyalty.models import Enrollment, PointsEntry, PointsHold


class CartPayment(BrandModel):
    """A part of an order that is paid in points. Its state is its hold's: held, captured, released, time is up.

    points, amount_minor: what is held and what it pays for; after a capture of less, what was captured. lines: of the
    cart, each {sku, quantity, amount_minor, points, refunded} with its share; refunded: pieces that went back.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="cart_payments", verbose_name=_("enrollment")
    )
    hold = models.OneToOneField(
        PointsHold, on_delete=models.PROTECT, related_name="cart_payment", verbose_name=_("hold")
    )
    currency = models.CharField(_("point currency"), max_length=40)
    points = models.BigIntegerField(_("points"))
    money = models.CharField(_("money"), max_length=3)
    amount_minor = models.BigIntegerField(_("pays for"))
    refunded_points = models.BigIntegerField(_("points refunded"), default=0)
    lines = models.JSONField(_("articles"), default=list)
    made_at = models.DateTimeField(_("made at"))
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("payment in points")
        verbose_name_plural = _("payments in points")
        permissions: ClassVar = [("refund_cartpayment", _("Can refund a payment in points"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(
                    points__gt=0, refunded_points__gte=0, refunded_points__lte=models.F("points"), amount_minor__gte=0
                ),
                name="cart_payment_refunded_within",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hold.order_number or self.pk}"


class CartRefund(AppendOnly):
    """Points of a payment that went back, to the lots that they came from. points 0: a return had given them before."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(
        CartPayment, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    points = models.BigIntegerField(_("points"))
    amount_minor = models.BigIntegerField(_("paid for"))
    lines = models.JSONField(_("articles"), default=list)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    entry = models.OneToOneField(
        PointsEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cart_refund",
        verbose_name=_("ledger entry"),
    )
    made_at = models.DateTimeField(_("made at"))
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("refund in points")
        verbose_name_plural = _("refunds in points")

    def __str__(self) -> str:
        return f"{self.payment} {self.points}"
