"""Codes by which friends come, who brought whom, milestones, and the traces that signals are told by."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models import Enrollment, Program
from members.models import Member


class ReferralCode(BrandModel):
    """A code that friends come by. Earlier ones of the same member still work; the current one is shown.

    chosen: by the brand or the member, else made at random. display_name: what friends read, if anything.
    """

    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="referral_codes", verbose_name=_("enrollment")
    )
    code = models.CharField(_("code"), max_length=24, unique=True)
    chosen = models.BooleanField(_("chosen"), default=False)
    current = models.BooleanField(_("in use"), default=True)
    display_name = models.CharField(_("name that friends see"), max_length=40, blank=True)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment"], condition=models.Q(current=True), name="referral_code_current_once"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Referral(BrandModel):
    """Somebody brought a friend into a program. A friend is brought once.

    signals: [{kind, does, weight}] that were found at the first step; score: the weight of those that flag. event: of
    the first step. hold_until: until then goods can be returned. kept_minor: of an order, what is left of it.
    number: the how manieth of the referrer's that count this is: the lowest that was free when it was approved, so that
    no two that count have the same. referrer_event, friend_event:
    what gave the two sides, once they are booked. taken_back: both were given and are taken back.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        FLAGGED = "flagged", _("to be looked at")
        BLOCKED = "blocked", _("blocked")
        VOID = "void", _("void")

    class Because(models.TextChoices):
        RETURNED = "returned", _("the friend returned the goods")
        TOO_LATE = "too_late", _("the friend took too long")
        SIGNALS = "signals", _("signals")
        STAFF = "staff", _("decided by staff")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, verbose_name=_("program"), db_index=False)
    referrer = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="friends_brought",
        verbose_name=_("who brought"),
        db_index=False,
    )
    friend = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="brought_by", verbose_name=_("friend"), db_index=False
    )
    code = models.CharField(_("code"), max_length=24)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    because = models.CharField(_("because"), max_length=8, choices=Because.choices, blank=True)
    signals = models.JSONField(_("signals"), default=list, blank=True)
    score = models.PositiveIntegerField(_("weight of the signals"), default=0)
    bound_at = models.DateTimeField(_("brought at"))
    converted_at = models.DateTimeField(_("first step at"), null=True, blank=True)
    event = models.UUIDField(_("event of the first step"), null=True, blank=True)
    kept_minor = models.BigIntegerField(_("left of the order"), null=True, blank=True)
    hold_until = models.DateTimeField(_("held until"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    referrer_event = models.UUIDField(_("event of who brought"), null=True, blank=True)
    friend_event = models.UUIDField(_("event of the friend"), null=True, blank=True)
    taken_back = models.BooleanField(_("taken back"), default=False)
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        permissions: ClassVar = [("decide_referral", _("Can approve and block referrals"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["friend"], name="referral_friend_once"),
            models.CheckConstraint(condition=~models.Q(referrer=models.F("friend")), name="referral_not_oneself"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["referrer", "-bound_at"], name="referrals_of_member"),
            models.Index(fields=["program", "state", "hold_until"], name="referrals_due"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {str(self.pk)[-8:]}"


class ReferralMilestone(BrandModel):
    """The n-th friend that counts. It goes again when so many count no longer, and can then be reached anew.

    referral: the one that led to it. event: what gave it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="referral_milestones", verbose_name=_("enrollment"),
        db_index=False,
    )  # fmt: skip
    number = models.PositiveIntegerField(_("number"))
    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, related_name="milestones", verbose_name=_("referral")
    )
    reached_at = models.DateTimeField(_("reached at"))
    event = models.UUIDField(_("event"), null=True, blank=True)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("milestone of referrals")
        verbose_name_plural = _("milestones of referrals")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment", "number"],
                condition=models.Q(taken_back_at__isnull=True),
                name="referral_milestone_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class ReferralTrace(BrandModel):
    """A keyed hash of where a member was or what they paid with: it can be compared, not read. Kept for a while."""

    class Kind(models.TextChoices):
        IP = "ip", _("IP address")
        CARD = "card", _("card")
        ADDRESS = "address", _("postal address")

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="referral_traces", verbose_name=_("member"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    digest = models.BinaryField(max_length=32, editable=False)
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("trace of a member")
        verbose_name_plural = _("traces of members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "kind", "digest"], name="referral_trace_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "digest"], name="referral_traces_same"),
            models.Index(fields=["seen_at"], name="referral_traces_old"),
        ]

    def __str__(self) -> str:
        return self.kind
