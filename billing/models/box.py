"""Boxes of subscriptions: one row for each cycle that sends something, and what a member likes best."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.invoice import Invoice
from billing.models.subscription import Subscription
from core.bases import BrandModel
from core.ids import uuid7


class Shipment(BrandModel):
    """The box of a cycle. cycle_at: when the cycle begins that it belongs to, which makes it the one of that cycle.

    items: what is in it, as [{code, name, sku, count}]; swaps: what the member chose, by the item it stands for;
    extras: what was added for money, as [{code, name, sku, count, amount_minor, currency, item_id}]. cut_off_at: until
    when all that can be changed. sends_at: when it leaves at the earliest. paid_at: since when its cycle is paid for.
    why: what a cancelled one was cancelled for.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        LOCKED = "locked", _("to be packed")
        SHIPPED = "shipped", _("on its way")
        DELIVERED = "delivered", _("delivered")
        RETURNED = "returned", _("came back")
        SKIPPED = "skipped", _("skipped")
        CANCELED = "canceled", _("canceled")

    class Why(models.TextChoices):
        LEFT = "left", _("the member leaves")
        UNPAID = "unpaid", _("it wasn’t paid for")
        MOVED = "moved", _("the cycle or the plan is another one")
        REFUNDED = "refunded", _("the payment was given back")
        STAFF = "staff", _("by hand")

    OPEN_STATES = (State.PLANNED, State.LOCKED)
    SENT_STATES = (State.SHIPPED, State.DELIVERED)

    public_id = models.UUIDField(_("id"), default=uuid7, unique=True, editable=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="shipments", verbose_name=_("subscription"), db_index=False
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="shipments", verbose_name=_("invoice")
    )
    cycle_at = models.DateTimeField(_("cycle from"))
    cut_off_at = models.DateTimeField(_("closed at"))
    sends_at = models.DateTimeField(_("leaves from"))
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PLANNED)
    why = models.CharField(_("why"), max_length=8, choices=Why.choices, blank=True)
    items = models.JSONField(_("contents"), default=list)
    swaps = models.JSONField(_("swapped"), default=dict, blank=True)
    extras = models.JSONField(_("added"), default=list, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    address = models.TextField(null=True, blank=True)  # noqa: DJ001  (sealed where there is one)
    country = models.CharField(_("country"), max_length=2, blank=True)
    paid_at = models.DateTimeField(_("paid since"), null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=120, blank=True)
    shipped_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    created_at = models.DateTimeField(_("made at"))
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("box")
        verbose_name_plural = _("boxes")
        ordering: ClassVar = ["-cycle_at", "-id"]
        permissions: ClassVar = [("handle_shipment", _("Can pack boxes and move them on"))]
        indexes: ClassVar = [
            models.Index(fields=["cut_off_at"], name="shipment_closes", condition=models.Q(state="planned")),
            models.Index(fields=["state", "sends_at", "id"], name="shipment_queue"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "cycle_at"], name="shipment_once_a_cycle"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="shipment_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.cycle_at:%Y-%m-%d}"


class BoxHabit(BrandModel):
    """What the next boxes of a subscription begin with: where they go, and what stands in the place of what. reminded:
    its member is told before a box closes."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.CASCADE, related_name="box_habit", verbose_name=_("subscription")
    )
    address = models.TextField(null=True, blank=True)  # noqa: DJ001  (sealed where there is one)
    country = models.CharField(_("country"), max_length=2, blank=True)
    swaps = models.JSONField(_("swapped"), default=dict, blank=True)
    reminded = models.BooleanField(_("told before a box closes"), default=True)

    class Meta:
        verbose_name = _("habit of boxes")
        verbose_name_plural = _("habits of boxes")

    def __str__(self) -> str:
        return str(self.subscription)
