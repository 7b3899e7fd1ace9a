"""Where a member stands on a ladder, and every move there was: intervals can't be rebuilt if they aren't stored."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from loyalty.models.event import Event
from loyalty.models.ledger import Enrollment


class TierStanding(BrandModel):
    """A member's tier on one ladder now. valid_until: the local midnight at which it is looked at again, or null."""

    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="standings",
        verbose_name=_("enrollment"),
        db_index=False,
    )
    ladder = models.CharField(_("ladder"), max_length=40)
    tier = models.CharField(_("tier"), max_length=40)
    since = models.DateTimeField(_("since"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    # How it was reached: only a tier that was earned is given back when the points that earned it go.
    cause = models.CharField(_("cause"), max_length=12, default="enrolled")

    class Meta:
        verbose_name = _("tier standing")
        verbose_name_plural = _("tier standings")
        constraints: ClassVar = [models.UniqueConstraint(fields=["enrollment", "ladder"], name="standing_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["valid_until"],
                name="standing_due",
                condition=models.Q(valid_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.ladder}: {self.tier}"


class TierChange(AppendOnly):
    """A move on a ladder: from which tier to which, when it holds from, when it was written, and why."""

    class Cause(models.TextChoices):
        ENROLLED = "enrolled", _("enrolled")
        EARNED = "earned", _("earned")
        WINDOW_END = "window_end", _("end of the period")
        STAFF = "staff", _("by staff")

    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="tier_changes",
        verbose_name=_("enrollment"),
    )
    ladder = models.CharField(_("ladder"), max_length=40)
    from_tier = models.CharField(_("from"), max_length=40, blank=True)
    to_tier = models.CharField(_("to"), max_length=40)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tier_changes",
        verbose_name=_("event"),
        db_index=False,
    )
    at = models.DateTimeField(_("from when"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")

    def __str__(self) -> str:
        return f"{self.from_tier or '–'} → {self.to_tier}"
