"""Points on their way: held for an order that isn't final yet, given to another member, asked for by staff."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from core.ids import uuid7
from loyalty.models.ledger import Enrollment, PointsAccount, PointsEntry, PointsLot


class PointsHold(BrandModel):
    """Points set aside until they are captured or released. While it is held they are `reserved`, out of the balance.

    Holding and releasing are no ledger lines, since the holdings stay the same; a capture is a spend. regrant_until:
    what comes back past its expiry when the time is up is given again until then. collect: what a return claimed while
    the points were held is taken when they come back.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        CAPTURED = "captured", _("captured")
        RELEASED = "released", _("released")
        EXPIRED = "expired", _("time is up")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(
        PointsAccount, on_delete=models.PROTECT, related_name="holds", verbose_name=_("account"), db_index=False
    )
    points = models.BigIntegerField(_("points"))
    captured = models.BigIntegerField(_("captured"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.HELD)
    effect = models.CharField(_("effect"), max_length=120)
    reason = models.JSONField(_("reason"), default=dict)
    order_number = models.CharField(_("order"), max_length=200, blank=True)
    held_at = models.DateTimeField(_("held at"))
    expires_at = models.DateTimeField(_("held until"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    regrant_until = models.DateTimeField(null=True, blank=True)
    collect = models.BooleanField(default=False)
    entry = models.OneToOneField(
        PointsEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="hold", verbose_name=_("entry")
    )
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "effect"], name="hold_once"),
            models.CheckConstraint(
                condition=models.Q(points__gt=0, captured__gte=0, captured__lte=models.F("points")),
                name="hold_captured_within_points",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "expires_at"], name="hold_open", condition=models.Q(state="held")),
            models.Index(fields=["expires_at"], name="hold_due", condition=models.Q(state="held")),
        ]

    def __str__(self) -> str:
        return f"{self.points} {self.state}"


class HoldLot(AppendOnly):
    """How many points of a lot a hold set aside."""

    hold = models.ForeignKey(PointsHold, on_delete=models.PROTECT, related_name="lots", verbose_name=_("hold"))
    lot = models.ForeignKey(PointsLot, on_delete=models.PROTECT, related_name="holds", verbose_name=_("lot"))
    points = models.BigIntegerField(_("points"))

    class Meta:
        verbose_name = _("held lot")
        verbose_name_plural = _("held lots")

    def __str__(self) -> str:
        return str(self.points)


class PointsTransfer(AppendOnly):
    """Points that went from one account to another of the same program. Its lines in both ledgers sum to 0."""

    class Cause(models.TextChoices):
        GIFT = "gift", _("given to another member")
        POOL = "pool", _("brought into a shared account")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sender = models.ForeignKey(
        PointsAccount, on_delete=models.PROTECT, related_name="sent", verbose_name=_("from"), db_index=False
    )
    recipient = models.ForeignKey(
        PointsAccount, on_delete=models.PROTECT, related_name="received", verbose_name=_("to"), db_index=False
    )
    points = models.BigIntegerField(_("points"))
    cause = models.CharField(_("why"), max_length=10, choices=Cause.choices)
    effect = models.CharField(_("effect"), max_length=120)
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "effect"], name="transfer_once"),
            models.CheckConstraint(condition=models.Q(points__gt=0), name="transfer_of_something"),
            models.CheckConstraint(
                condition=~models.Q(sender=models.F("recipient")), name="transfer_to_another_account"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["sender", "at"], name="transfer_of_sender"),
            models.Index(fields=["recipient", "at"], name="transfer_of_recipient"),
        ]

    def __str__(self) -> str:
        return str(self.points)


class PointsAdjustment(BrandModel):
    """An adjustment above the limit: asked for by one of the staff, booked when another of them agrees."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("waits for a second person")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("not looked at in time")

    class Reason(models.TextChoices):
        GOODWILL = "goodwill", _("goodwill")
        CORRECTION = "correction", _("correction of a mistake")
        MISSING = "missing_purchase", _("purchase that wasn't counted")
        COMPLAINT = "complaint", _("complaint")
        PROMOTION = "promotion", _("promotion")
        ABUSE = "abuse", _("abuse")
        OTHER = "other", _("other")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="adjustments", verbose_name=_("enrollment"), db_index=False
    )
    currency = models.CharField(_("currency"), max_length=40)
    points = models.BigIntegerField(_("points"))
    reason_code = models.CharField(_("kind of reason"), max_length=20, choices=Reason.choices, default=Reason.OTHER)
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    effect = models.CharField(_("effect"), max_length=120)
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    requested_by = models.CharField(_("asked for by"), max_length=120)
    requested_at = models.DateTimeField(_("asked for at"))
    expires_at = models.DateTimeField(_("waits until"))
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision = models.CharField(_("why it was decided so"), max_length=200, blank=True)
    entry = models.OneToOneField(
        PointsEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="adjustment", verbose_name=_("entry")
    )

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        permissions: ClassVar = [("approve_pointsadjustment", "Can approve an adjustment that another asked for")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "effect"], name="adjustment_once"),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | ~models.Q(decided_by=models.F("requested_by")),
                name="adjustment_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state="approved", entry__isnull=False)
                | (~models.Q(state="approved") & models.Q(entry__isnull=True)),
                name="adjustment_booked_when_approved",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["requested_at"], name="adjustment_waiting", condition=models.Q(state="requested")),
            models.Index(fields=["enrollment", "-requested_at"], name="adjustment_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.points:+d} {self.currency}"
