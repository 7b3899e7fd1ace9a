"""What a subscription holds besides its plan: add-ons, each an item of its own at Stripe."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.plan import MembershipPlan, PlanPrice
from billing.models.subscription import Subscription
from core.bases import BrandModel


class SubscriptionItem(BrandModel):
    """An add-on or a meter of a subscription, as Stripe has it. ended_at: since when it isn't there any more.

    cap_minor: of a meter, what the member wants to pay for it in a period at most; empty: no limit.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="add_ons", verbose_name=_("subscription"), db_index=False
    )
    plan = models.ForeignKey(MembershipPlan, on_delete=models.PROTECT, related_name="+", verbose_name=_("add-on"))
    price = models.ForeignKey(PlanPrice, on_delete=models.PROTECT, related_name="+", verbose_name=_("price"))
    item_id = models.CharField(max_length=80, editable=False)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    since = models.DateTimeField(_("since"))
    cap_minor = models.BigIntegerField(_("at most"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("add-on of a subscription")
        verbose_name_plural = _("add-ons of subscriptions")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscription", "plan"], condition=models.Q(ended_at__isnull=True), name="add_on_one_running"
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} × {self.quantity}"


class MeteredUse(BrandModel):
    """A use that is to be paid for: told to Stripe once, under the use's own id. counts_at: the moment that Stripe is
    told, by whose period it is billed; see billing/whenbilled.py. moved_from: the one before, of one that had to wait.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        TAKEN_BACK = "taken_back", _("taken back")
        FAILED = "failed", _("failed")

    item = models.ForeignKey(
        SubscriptionItem, on_delete=models.CASCADE, related_name="uses", verbose_name=_("meter"), db_index=False
    )
    use_id = models.UUIDField(_("use"))
    units = models.PositiveIntegerField(_("units"))
    used_at = models.DateTimeField(_("used at"))
    counts_at = models.DateTimeField(_("counts at"))
    moved_from = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    cancels = models.BooleanField(_("to be taken back there"), default=False)
    error = models.CharField(_("error"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("metered use")
        verbose_name_plural = _("metered uses")
        constraints: ClassVar = [models.UniqueConstraint(fields=["item", "use_id"], name="metered_use_once")]
        indexes: ClassVar = [
            models.Index(fields=["item", "counts_at"], name="metered_use_counted"),
            models.Index(
                fields=["id"], name="metered_use_waiting", condition=models.Q(state="waiting") | models.Q(cancels=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.units}"
