"""Codes that are made here, what is used up of them, and who guesses at them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from core.ids import uuid7
from rewards.models.catalogue import Redemption


class Voucher(BrandModel):
    """A code made for a redemption: sealed, shown to its owner alone, looked up by a keyed hash.

    balance_minor: what is left of a gift card; null for what is used once and whole.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        USED = "used", _("used")
        VOID = "void", _("voided")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, related_name="voucher", verbose_name=_("redemption")
    )
    kind = models.CharField(_("kind"), max_length=20)
    sealed = models.TextField()
    lookup = models.BinaryField(unique=True)
    terms = models.JSONField(_("what it is worth"), default=dict)
    original_minor = models.BigIntegerField(_("amount"), null=True, blank=True)
    balance_minor = models.BigIntegerField(_("left"), null=True, blank=True)
    money_currency = models.CharField(_("currency"), max_length=3, blank=True)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.ACTIVE)
    use_until = models.DateTimeField(_("to be used by"), null=True, blank=True)
    created_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(balance_minor__isnull=True, original_minor__isnull=True)
                | models.Q(balance_minor__gte=0, balance_minor__lte=models.F("original_minor")),
                name="voucher_balance_within_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.redemption.reward} · {self.get_state_display()}"


class VoucherUse(AppendOnly):
    """One line of a voucher's ledger: used by a partner, or given back by one (negative). Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="uses", verbose_name=_("voucher"))
    amount_minor = models.BigIntegerField(_("amount"), null=True, blank=True)
    left_minor = models.BigIntegerField(_("left"), null=True, blank=True)
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    returned_use = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="returns", verbose_name=_("gives back")
    )
    source = models.CharField(_("source"), max_length=60)
    actor = models.CharField(_("actor"), max_length=120)
    used_at = models.DateTimeField(_("used at"))

    class Meta:
        verbose_name = _("use of a voucher")
        verbose_name_plural = _("uses of vouchers")
        ordering: ClassVar = ["used_at", "id"]

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.amount_minor}"


class GuessCount(BrandModel):
    """How often somebody asked for a code that isn't there, of late; locked_until: they aren't answered before."""

    subject = models.CharField(_("who"), max_length=140, unique=True)
    failures = models.PositiveIntegerField(_("wrong codes"), default=0)
    since = models.DateTimeField(_("since"))
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)

    class Meta:
        verbose_name = _("lock-out of guessing")
        verbose_name_plural = _("lock-outs of guessing")

    def __str__(self) -> str:
        return self.subject
