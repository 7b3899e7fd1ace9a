"""The ledger: accounts, append-only entries, one lot per award, and which lots each entry drew from.

sum(entries.points) = account.balance + account.pending + account.reserved = sum(lots' remaining + held).
sum(entries.debt) = account.debt. `ledger_invariants()` (loyalty/sql) proves it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from loyalty.models.event import Event
from loyalty.models.program import Program
from members.models import Member


class Enrollment(BrandModel):
    """A member's place in a program. Its row is the one lock of everything that moves the member's points there.

    version rises with each booking; a judgement made on an older version is not booked.
    """

    kept = True

    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="enrollments",
        verbose_name=_("member"),
    )
    program = models.ForeignKey(
        Program,
        on_delete=models.PROTECT,
        related_name="enrollments",
        verbose_name=_("program"),
        db_index=False,
    )
    version = models.BigIntegerField(default=0)
    enrolled_at = models.DateTimeField(_("enrolled at"))
    # Whose accounts this member's points are in, when not their own: the head of a household, whose row is locked too.
    pool = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="sharers", verbose_name=_("shares with")
    )

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "member"], name="enrolled_once"),
            models.CheckConstraint(condition=~models.Q(pool=models.F("id")), name="enrollment_pool_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.program}"


class PointsAccount(BrandModel):
    """A member's points of one currency. Stored so that no read sums the ledger; proven against it every night.

    balance: can be spent now. pending: awarded, not yet active. reserved: held for an uncaptured redemption.
    debt: owed after a return of spent points, outside the balance. issued, spent, expired, reversed: totals ever.
    last_active_at: the latest activity by which points that end by inactivity live on.
    """

    kept = True

    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="accounts",
        verbose_name=_("enrollment"),
        db_index=False,
    )
    currency = models.CharField(_("currency"), max_length=40)
    balance = models.BigIntegerField(_("balance"), default=0)
    pending = models.BigIntegerField(_("pending"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0)
    debt = models.BigIntegerField(_("debt"), default=0)
    issued = models.BigIntegerField(_("issued"), default=0)
    spent = models.BigIntegerField(_("spent"), default=0)
    expired = models.BigIntegerField(_("expired"), default=0)
    reversed = models.BigIntegerField(_("reversed"), default=0)
    last_active_at = models.DateTimeField(_("last active at"), null=True, blank=True)

    class Meta:
        verbose_name = _("points account")
        verbose_name_plural = _("points accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "currency"], name="account_once"),
            models.CheckConstraint(condition=models.Q(balance__gte=0), name="account_balance_not_negative"),
            models.CheckConstraint(condition=models.Q(pending__gte=0), name="account_pending_not_negative"),
            models.CheckConstraint(
                condition=models.Q(reserved__gte=0),
                name="account_reserved_not_negative",
            ),
            models.CheckConstraint(condition=models.Q(debt__gte=0), name="account_debt_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} {self.currency}"


class PointsEntry(AppendOnly):
    """One signed line of an account. Never changed; a mistake is answered by a reversal that names it.

    points: what it does to the holdings (balance, pending and reserved together). debt: what it does to the debt.
    """

    class Kind(models.TextChoices):
        EARN = "earn", _("earned")
        SPEND = "spend", _("spent")
        EXPIRE = "expire", _("expired")
        ADJUST = "adjust", _("adjusted")
        REVERSE = "reverse", _("reversed")
        TRANSFER = "transfer", _("transferred")
        DEBT = "debt", _("debt paid")

    account = models.ForeignKey(
        PointsAccount,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("account"),
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    points = models.BigIntegerField(_("points"))
    debt = models.BigIntegerField(_("debt"), default=0)
    balance_after = models.BigIntegerField(_("holdings after"))
    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name=_("event"),
        db_index=False,
        db_constraint=False,
    )
    # What makes the effect unique: `rule:<code>:<currency>`, `reverse:<lot>`, `redemption:<id>`, `expire:<day>` …
    effect = models.CharField(_("effect"), max_length=120)
    reversal_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversals",
        verbose_name=_("reversal of"),
        db_index=False,
        db_constraint=False,
    )
    rule = models.CharField(_("rule"), max_length=40, blank=True)
    # The plain-word reason as it was told on the day, {"en": …, "nl": …}: rules may be renamed or deleted later.
    reason = models.JSONField(_("reason"), default=dict)
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)
    order_number = models.CharField(_("order"), max_length=200, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    allocated_minor = models.BigIntegerField(_("allocated value"), null=True, blank=True)
    transfer = models.ForeignKey(
        "loyalty.PointsTransfer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name=_("transfer"),
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "account", "effect"],  # in this order it also finds an event's entries
                name="entry_effect_once",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-id"], name="entry_of_account"),
            models.Index(
                fields=["reversal_of"],
                name="entry_reverses",
                condition=models.Q(reversal_of__isnull=False),
            ),
            models.Index(
                fields=["transfer"],
                name="entry_of_transfer",
                condition=models.Q(transfer__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.points:+d}"


class PointsLot(BrandModel):
    """One award's points: when they become active, when they expire, how many are left. Its key is the earning entry.

    pending while active_at is null; held: taken out of remaining for an uncaptured redemption.
    reversed: how many of the award were taken back by returns; never more than granted. expired: how many ran out.
    rolls: it ends so many months after the last activity, which moves expires_at. waits_for: the type of the event that
    makes it active before activates_at; drops: without it the points are off then; expiry: how its end is found then.
    """

    kept = True

    entry = models.OneToOneField(
        PointsEntry,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="lot",
        verbose_name=_("entry"),
        db_constraint=False,
    )
    account = models.ForeignKey(
        PointsAccount,
        on_delete=models.PROTECT,
        related_name="lots",
        verbose_name=_("account"),
        db_index=False,
        db_constraint=False,
    )
    granted = models.BigIntegerField(_("granted"))
    remaining = models.BigIntegerField(_("remaining"))
    held = models.BigIntegerField(_("held"), default=0)
    reversed = models.BigIntegerField(_("reversed"), default=0)
    activates_at = models.DateTimeField(_("activates at"))
    active_at = models.DateTimeField(_("active since"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    expired = models.BigIntegerField(_("expired"), default=0, db_default=0)
    rolls = models.PositiveSmallIntegerField(default=0, db_default=0)
    waits_for = models.CharField(_("waits for"), max_length=80, blank=True, default="", db_default="")
    drops = models.BooleanField(default=False, db_default=False)
    expiry = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = _("points lot")
        verbose_name_plural = _("points lots")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(
                    remaining__gte=0,
                    held__gte=0,
                    remaining__lte=models.F("granted") - models.F("held"),
                ),
                name="lot_remaining_within_granted",
            ),
            models.CheckConstraint(
                condition=models.Q(reversed__gte=0, reversed__lte=models.F("granted")),
                name="lot_reversed_within_granted",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "expires_at", "entry"],
                name="lot_open",
                condition=models.Q(remaining__gt=0),
            ),
            models.Index(
                fields=["expires_at"],
                name="lot_due",
                condition=models.Q(remaining__gt=0, expires_at__isnull=False),
            ),
            models.Index(
                fields=["activates_at"],
                name="lot_waiting",
                condition=models.Q(active_at__isnull=True),
            ),
            models.Index(
                fields=["account"],
                name="lot_awaiting",
                condition=models.Q(active_at__isnull=True) & ~models.Q(waits_for=""),
            ),
            models.Index(
                fields=["account", "rolls"],
                name="lot_rolling",
                condition=models.Q(rolls__gt=0, remaining__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining}/{self.granted}"


class LotDraw(AppendOnly):
    """How many points an entry took from a lot (negative) or gave back to it (positive)."""

    entry = models.ForeignKey(
        PointsEntry,
        on_delete=models.PROTECT,
        related_name="draws",
        verbose_name=_("entry"),
    )
    lot = models.ForeignKey(PointsLot, on_delete=models.PROTECT, related_name="draws", verbose_name=_("lot"))
    points = models.BigIntegerField(_("points"))

    class Meta:
        verbose_name = _("lot draw")
        verbose_name_plural = _("lot draws")

    def __str__(self) -> str:
        return f"{self.points:+d}"


class ProgressCounter(BrandModel):
    """A running count of an enrollment for a period: what caps have used, what counts towards tiers.

    key: `tier:<currency>`, `cap:<group>:<measure>`; period: first local day of the period, or "" for a lifetime.
    """

    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="counters",
        verbose_name=_("enrollment"),
        db_index=False,
        db_constraint=False,
    )
    key = models.CharField(_("what"), max_length=120)
    period = models.CharField(_("period"), max_length=10, blank=True)
    value = models.BigIntegerField(_("value"), default=0)

    class Meta:
        verbose_name = _("progress counter")
        verbose_name_plural = _("progress counters")
        constraints: ClassVar = [models.UniqueConstraint(fields=["enrollment", "key", "period"], name="counter_once")]
        # Who leads: the scores of a leaderboard in order; no other counter is in it.
        indexes: ClassVar = [
            models.Index(
                fields=["key", "period", "-value"],
                name="counter_board",
                condition=models.Q(key__startswith="board:"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.period} {self.value}"
