"""What banks were asked to take back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.connection import StripeConnection
from billing.models.invoice import Invoice
from core.bases import BrandModel
from members.models import Member


class Dispute(BrandModel):
    """One dispute, as Stripe has it. answer_by: until when it takes proof; None where it is too late or not asked.

    invoice: the payment that is disputed; None for one that isn't a membership's.
    """

    class Status(models.TextChoices):
        NEEDS_RESPONSE = "needs_response", _("to be answered")
        UNDER_REVIEW = "under_review", _("the bank looks at it")
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("inquiry to be answered")
        WARNING_UNDER_REVIEW = "warning_under_review", _("the bank looks at the inquiry")
        WARNING_CLOSED = "warning_closed", _("inquiry closed")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        PREVENTED = "prevented", _("prevented")

    OPEN_STATES: ClassVar = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="disputes", db_index=False)
    stripe_id = models.CharField(_("id at Stripe"), max_length=80)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("member"), db_index=False
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="disputes", verbose_name=_("invoice")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=60)
    status = models.CharField(_("state"), max_length=24, choices=Status.choices)
    opened_at = models.DateTimeField(_("since"))
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering: ClassVar = ["-opened_at", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "stripe_id"], name="dispute_once")]
        indexes: ClassVar = [models.Index(fields=["member", "-opened_at"], name="disputes_of_member")]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def open(self) -> bool:
        return self.status in self.OPEN_STATES
