"""Where a member stands on a ladder, and every move there was: intervals can't be rebuilt if they aren't stored."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from core.ids import uuid7
from loyalty.models.event import Event
from loyalty.models.ledger import Enrollment


class TierStanding(BrandModel):
    """A member's tier on one ladder now. valid_until: the local midnight at which it is looked at again, or null.

    floor_tier: one that is held whatever is earned (a plan gives it, or an invitation), until floor_until. While there
    is one, own_tier and own_until are what was earned, and tier the higher of the two; without one, tier is earned.
    """

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
    floor_tier = models.CharField(_("floor"), max_length=40, blank=True, default="", db_default="")
    floor_until = models.DateTimeField(_("floor until"), null=True, blank=True)
    own_tier = models.CharField(_("earned tier"), max_length=40, blank=True, default="", db_default="")
    own_until = models.DateTimeField(_("earned until"), null=True, blank=True)
    # The end that the member was told of; another end is told anew.
    told_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("tier standing")
        verbose_name_plural = _("tier standings")
        constraints: ClassVar = [models.UniqueConstraint(fields=["enrollment", "ladder"], name="standing_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["valid_until", "enrollment"],
                name="standing_due_of",
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
        FLOOR = "floor", _("given")
        FLOOR_END = "floor_end", _("what was given ended")
        BALANCE = "balance", _("by the balance")
        PROGRAM = "program", _("the program changed")

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


class TierFloor(BrandModel):
    """A tier that a member holds on a ladder whatever they earn: by invitation, by a plan, by staff.

    One at a time per source; setting another of the same source ends the one before. until: null is for ever.
    """

    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="tier_floors", verbose_name=_("enrollment")
    )
    ladder = models.CharField(_("ladder"), max_length=40)
    tier = models.CharField(_("tier"), max_length=40)
    source = models.CharField(_("source"), max_length=60)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    set_by = models.CharField(_("set by"), max_length=120)
    set_at = models.DateTimeField(_("set at"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("given tier")
        verbose_name_plural = _("given tiers")
        permissions: ClassVar = [("give_tier", _("Can give tiers by hand and take them back"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment", "ladder", "source"], name="floor_once", condition=models.Q(ended_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.ladder}: {self.tier} ({self.source})"


class TierInvitation(BrandModel):
    """A member is asked into a tier, and it waits for their answer. until: of the tier, null is for ever.

    One waits at a time per ladder. Once it is accepted, a TierFloor of the source "invitation" holds the tier.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="tier_invitations", verbose_name=_("enrollment")
    )
    ladder = models.CharField(_("ladder"), max_length=40)
    tier = models.CharField(_("tier"), max_length=40)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    invited_by = models.CharField(_("invited by"), max_length=120)
    invited_at = models.DateTimeField(_("invited at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation to a tier")
        verbose_name_plural = _("invitations to tiers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment", "ladder"], name="invitation_once", condition=models.Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.ladder}: {self.tier}"
