"""What happened: events, once for ever, and the order facts that figures are made of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models.program import Program, ProgramVersion
from members.models import Member


class Event(BrandModel):
    """One thing that happened, as it was told, and how it was judged. Unique (source, external id) for ever."""

    kept = True

    class Status(models.TextChoices):
        PROCESSED = "processed", _("processed")
        GUEST = "guest", _("guest's order")
        UNMATCHED = "unmatched", _("matches no order")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("external id"), max_length=200)
    type = models.CharField(_("type"), max_length=80)
    # The booking proves these, and what they name is never deleted (ADR 0015); a check of each by the database was a
    # quarter of what a booking cost.
    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, verbose_name=_("program"), db_index=False, db_constraint=False
    )
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("member"),
        db_index=False,
        db_constraint=False,
    )
    version = models.ForeignKey(
        ProgramVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("judged by"),
        db_index=False,
        db_constraint=False,
    )
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"))
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices)
    payload = models.JSONField(_("payload"))
    payload_hash = models.BinaryField()
    trace = models.JSONField(_("trace"))
    result = models.JSONField(_("result"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "external_id"], name="event_once")]
        indexes: ClassVar = [
            models.Index(fields=["member", "-occurred_at"], name="event_of_member"),
            models.Index(fields=["received_at"], name="event_received"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.external_id}"


class Order(BrandModel):
    """The money side of an `order.paid` event, kept for figures and for returns. Amounts in minor units.

    total = net + tax + shipping − nothing else: net is after discount. refunded never exceeds total.
    """

    kept = True

    event = models.OneToOneField(
        Event,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="order",
        verbose_name=_("event"),
        db_constraint=False,
    )
    source = models.CharField(_("source"), max_length=60)
    number = models.CharField(_("order number"), max_length=200)
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("member"),
        db_index=False,
        db_constraint=False,
    )
    occurred_at = models.DateTimeField(_("occurred at"))
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total"))
    net_minor = models.BigIntegerField(_("net"))
    tax_minor = models.BigIntegerField(_("tax"), default=0)
    shipping_minor = models.BigIntegerField(_("shipping"), default=0)
    discount_minor = models.BigIntegerField(_("discount"), default=0)
    cost_minor = models.BigIntegerField(_("cost of goods"), null=True, blank=True)
    fx_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, null=True, blank=True)
    channel = models.CharField(_("channel"), max_length=60, blank=True)
    store = models.CharField(_("store"), max_length=60, blank=True)
    refunded_minor = models.BigIntegerField(_("refunded"), default=0)
    # Of each line (by its place) what came back by returns that named lines: [pieces, money of them in minor units].
    returned_lines = models.JSONField(_("lines returned"), null=True, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "number"], name="order_once"),
            models.CheckConstraint(condition=models.Q(total_minor__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__gte=0, refunded_minor__lte=models.F("total_minor")),
                name="order_refund_within_total",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["member", "-occurred_at"], name="order_of_member")]

    def __str__(self) -> str:
        return self.number
