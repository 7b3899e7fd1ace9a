"""What a redemption leads to besides a code: a parcel, credit, a gift to a cause, a place on a waiting list."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from loyalty.models import Enrollment
from members.models import Member
from rewards.models.catalogue import Redemption, Reward


class Fulfilment(BrandModel):
    """A parcel: who it goes to, sealed, and how far it is."""

    class State(models.TextChoices):
        ADDRESS = "address", _("waits for the address")
        TO_PACK = "to_pack", _("to be packed")
        PACKED = "packed", _("packed")
        SHIPPED = "shipped", _("on its way")
        DELIVERED = "delivered", _("delivered")
        RETURNED = "returned", _("came back")
        CANCELED = "canceled", _("canceled")

    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, related_name="fulfilment", verbose_name=_("redemption")
    )
    sku = models.CharField(_("article number"), max_length=120, blank=True)
    address = models.TextField(null=True, blank=True)  # noqa: DJ001  (sealed where there is one)
    country = models.CharField(_("country"), max_length=2, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ADDRESS)
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("taken at"))
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        permissions: ClassVar = [("handle_fulfilment", "Can pack and send parcels")]
        indexes: ClassVar = [models.Index(fields=["state", "created_at"], name="fulfilment_queue")]

    def __str__(self) -> str:
        return f"{self.redemption.reward} · {self.get_state_display()}"


class StoreCredit(BrandModel):
    """A member's money at the brand. The balance is the sum of its lines; the row is what uses of it lock."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="store_credit", verbose_name=_("member"), db_index=False
    )
    money_currency = models.CharField(_("currency"), max_length=3)
    balance_minor = models.BigIntegerField(_("balance"), default=0)

    class Meta:
        verbose_name = _("store credit")
        verbose_name_plural = _("store credit")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "money_currency"], name="store_credit_once"),
            models.CheckConstraint(condition=models.Q(balance_minor__gte=0), name="store_credit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.balance_minor} {self.money_currency}"


class StoreCreditLine(AppendOnly):
    """Credit that was given (+), used or taken back (-)."""

    credit = models.ForeignKey(StoreCredit, on_delete=models.PROTECT, related_name="lines", verbose_name=_("credit"))
    redemption = models.ForeignKey(
        Redemption, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("redemption")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    actor = models.CharField(_("actor"), max_length=120)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("line of store credit")
        verbose_name_plural = _("lines of store credit")
        ordering: ClassVar = ["made_at", "id"]

    def __str__(self) -> str:
        return f"{self.credit_id} {self.amount_minor}"


class Donation(BrandModel):
    """What a redemption gave to a cause. The running total of a cause is the sum of those that stand."""

    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, related_name="donation", verbose_name=_("redemption")
    )
    cause = models.CharField(_("cause"), max_length=40)
    amount_minor = models.BigIntegerField(_("amount"))
    money_currency = models.CharField(_("currency"), max_length=3)
    canceled = models.BooleanField(_("canceled"), default=False)
    given_at = models.DateTimeField(_("given at"))

    class Meta:
        verbose_name = _("donation")
        verbose_name_plural = _("donations")
        indexes: ClassVar = [models.Index(fields=["cause", "money_currency"], name="donation_of_cause")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="donation_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.amount_minor}"


class WaitingPlace(BrandModel):
    """A place on the waiting list of a reward with seats; the oldest that waits comes first."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        PROMOTED = "promoted", _("got a seat")
        PASSED = "passed", _("passed over")
        LEFT = "left", _("left the list")

    reward = models.ForeignKey(
        Reward, on_delete=models.CASCADE, related_name="waiting", verbose_name=_("reward"), db_index=False
    )
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="waiting_places", verbose_name=_("enrollment")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    option = models.CharField(_("way to pay"), max_length=60, blank=True)
    note = models.CharField(_("why"), max_length=60, blank=True)
    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("redemption")
    )
    joined_at = models.DateTimeField(_("joined at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("place on a waiting list")
        verbose_name_plural = _("places on waiting lists")
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["reward", "id"], name="waiting_next", condition=models.Q(state="waiting"))
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reward", "enrollment"], condition=models.Q(state="waiting"), name="waiting_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reward} {self.enrollment}"
