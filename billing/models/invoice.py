"""Invoices as Stripe has them, with what was paid back, and disputes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.connection import StripeConnection
from billing.models.subscription import Subscription
from core.bases import BrandModel
from core.ids import uuid7
from members.models import Member


class Invoice(BrandModel):
    """One invoice, or one payment of a fee (which Stripe makes no invoice for: stripe_id is the payment's then)."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAID = "paid", _("paid")
        VOID = "void", _("void")
        UNCOLLECTIBLE = "uncollectible", _("uncollectible")

    public_id = models.UUIDField(_("id"), default=uuid7, unique=True, editable=False)
    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="invoices")
    stripe_id = models.CharField(_("id at Stripe"), max_length=80, unique=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("member"), db_index=False
    )
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invoices",
        verbose_name=_("subscription"),
    )
    number = models.CharField(_("number"), max_length=80, blank=True)
    status = models.CharField(_("status"), max_length=13, choices=Status.choices)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    subtotal_minor = models.BigIntegerField(_("subtotal"), default=0)
    tax_minor = models.BigIntegerField(_("tax"), default=0)
    total_minor = models.BigIntegerField(_("total"), default=0)
    due_minor = models.BigIntegerField(_("due"), default=0)
    paid_minor = models.BigIntegerField(_("paid"), default=0)
    refunded_minor = models.BigIntegerField(_("paid back"), default=0)
    period_start = models.DateTimeField(_("from"), null=True, blank=True)
    period_end = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("made at"))
    finalized_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    hosted_url = models.CharField(max_length=500, blank=True)
    pdf_url = models.CharField(max_length=500, blank=True)
    payment_intent = models.CharField(max_length=80, blank=True)
    disputed = models.BooleanField(_("disputed"), default=False)
    lines = models.JSONField(_("lines"), default=list)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering: ClassVar = ["-created_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["member", "-created_at"], name="invoices_of_member"),
            models.Index(fields=["payment_intent"], name="invoice_payment"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(refunded_minor__gte=0) & models.Q(refunded_minor__lte=models.F("paid_minor")),
                name="invoice_refunds_within",
            )
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id


class Refund(BrandModel):
    """Money given back of an invoice. reason: ours; what Stripe is told is its own few words."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("invoice"))
    stripe_id = models.CharField(_("id at Stripe"), max_length=80, unique=True)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(_("status"), max_length=20)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("actor"), max_length=120)
    created_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.invoice} {self.amount_minor}"
