"""What points are spent on: the catalogue, its stock in buckets, pools of codes, and redemptions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models import Enrollment, PointsEntry, PointsHold, Program
from loyalty.models.program import code_validator
from rewards.benefits.models import (  # noqa: F401  (where Django looks for this room's tables)
    Benefit,
    BenefitGrant,
    BenefitUse,
    TokenKey,
)


class CodePool(BrandModel):
    """A list of codes bought or imported, handed out in order: one code, one member, never twice.

    next_ordinal is the only hot row: taking a code raises it, so two takers can't get the same one.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    next_ordinal = models.BigIntegerField(_("next"), default=1)
    size = models.BigIntegerField(_("size"), default=0)
    # Codes of reservations that ended: nobody ever saw them, so they are handed out before new ones.
    returned = models.BigIntegerField(default=0, editable=False)
    low_at = models.PositiveIntegerField(_("warn when fewer are left than"), default=10)
    # So that the team is told once for each time that it becomes low, and not with each code that comes and goes.
    warned = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("code pool")
        verbose_name_plural = _("code pools")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(next_ordinal__gte=1, next_ordinal__lte=models.F("size") + 1),
                name="pool_ordinal_within_size",
            ),
            models.CheckConstraint(
                condition=models.Q(returned__gte=0, returned__lt=models.F("next_ordinal")),
                name="pool_returned_handed_out",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int:
        return self.size - self.next_ordinal + 1 + self.returned


class Reward(BrandModel):
    """Something a member can take for points. Stock null = unlimited; otherwise it lies in buckets (RewardStock)."""

    program = models.ForeignKey(
        Program,
        on_delete=models.PROTECT,
        related_name="rewards",
        verbose_name=_("program"),
    )
    code = models.CharField(_("code"), max_length=40, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    name_nl = models.CharField(_("name in Dutch"), max_length=120, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_nl = models.TextField(_("description in Dutch"), blank=True)
    terms = models.TextField(_("terms"), blank=True)
    terms_nl = models.TextField(_("terms in Dutch"), blank=True)
    kind = models.CharField(_("kind"), max_length=20, default="free_product", editable=False)
    # The piece of the program's document that the columns are made from; {} where the columns are all there is.
    body = models.JSONField(default=dict, blank=True, editable=False)
    # False: only rules give it.
    takeable = models.BooleanField(_("can be taken"), default=True, editable=False)
    picture = models.CharField(_("picture"), max_length=64, blank=True, editable=False)
    currency = models.CharField(_("point currency"), max_length=40, blank=True)
    price = models.PositiveBigIntegerField(_("price in points"))
    tiers = models.JSONField(_("only for tiers"), default=list, blank=True)
    pool = models.ForeignKey(
        CodePool,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rewards",
        verbose_name=_("code pool"),
    )
    stock_total = models.PositiveIntegerField(_("stock"), null=True, blank=True, help_text=_("Empty: unlimited."))
    # Made from the piece, see section.low_at; and what of it the team was told, as of a pool.
    low_at = models.PositiveIntegerField(default=0, editable=False)
    warned = models.PositiveSmallIntegerField(default=0, editable=False)
    limit_per_member = models.PositiveIntegerField(
        _("limit per member"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    valid_days = models.PositiveIntegerField(_("to be used within (days)"), null=True, blank=True)
    unit_cost_minor = models.BigIntegerField(_("cost to us"), null=True, blank=True)
    face_value_minor = models.BigIntegerField(_("face value"), null=True, blank=True)
    emoji = models.CharField(_("picture (emoji)"), max_length=8, blank=True)
    active = models.BooleanField(_("offered"), default=True)
    starts_at = models.DateTimeField(_("offered from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("offered until"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "code"], name="reward_code_once"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="reward_price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class RewardStock(BrandModel):
    """One bucket of a limited reward's stock. Sixteen let redemptions pass side by side; see rewards/stock.py."""

    reward = models.ForeignKey(
        Reward,
        on_delete=models.CASCADE,
        related_name="buckets",
        verbose_name=_("reward"),
        db_index=False,
    )
    bucket = models.PositiveSmallIntegerField(_("bucket"))
    remaining = models.BigIntegerField(_("left"))

    class Meta:
        verbose_name = _("stock bucket")
        verbose_name_plural = _("stock buckets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reward", "bucket"], name="stock_bucket_once"),
            models.CheckConstraint(condition=models.Q(remaining__gte=0), name="stock_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.reward} [{self.bucket}] {self.remaining}"


class PoolCode(BrandModel):
    """One code of a pool: sealed, shown to its owner alone; the keyed hash refuses a second import of the same code."""

    class State(models.TextChoices):
        FREE = "free", _("free")
        TAKEN = "taken", _("handed out")
        VOID = "void", _("voided")
        BACK = "back", _("free again")

    pool = models.ForeignKey(
        CodePool,
        on_delete=models.PROTECT,
        related_name="codes",
        verbose_name=_("pool"),
        db_index=False,
    )
    ordinal = models.BigIntegerField(_("number"))
    sealed = models.TextField()
    lookup = models.BinaryField(unique=True)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.FREE)

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        constraints: ClassVar = [models.UniqueConstraint(fields=["pool", "ordinal"], name="pool_ordinal_once")]
        indexes: ClassVar = [
            models.Index(fields=["pool", "ordinal"], name="pool_code_back", condition=models.Q(state="back"))
        ]

    def __str__(self) -> str:
        return f"{self.pool} #{self.ordinal}"


class Redemption(BrandModel):
    """A reward taken by a member: what it cost, which code it got, and what became of it."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        REDEEMED = "redeemed", _("redeemed")
        USED = "used", _("used")
        CANCELED = "canceled", _("canceled")
        LAPSED = "lapsed", _("reservation ended")

    class Money(models.TextChoices):
        NONE = "", _("none")
        DUE = "due", _("to be paid")
        CONFIRMED = "confirmed", _("paid")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reward = models.ForeignKey(
        Reward,
        on_delete=models.PROTECT,
        related_name="redemptions",
        verbose_name=_("reward"),
    )
    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="redemptions",
        verbose_name=_("enrollment"),
    )
    entry = models.OneToOneField(
        PointsEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="redemption",
        verbose_name=_("ledger entry"),
    )
    # Of a reward that a rule gave: which act it was, and which piece of it. Such a one has no entry.
    given_for = models.CharField(max_length=140, null=True, blank=True, editable=False)  # noqa: DJ001  (once where told)
    # What makes the request unique to the member; none of what a rule gave.
    request = models.CharField(max_length=120, null=True, blank=True, editable=False)  # noqa: DJ001  (once where told)
    hold = models.OneToOneField(
        PointsHold,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="redemption",
        verbose_name=_("points held"),
    )
    # How it was asked for, besides by whom and what: the same key with other words is another request.
    asked = models.JSONField(null=True, blank=True, editable=False)
    order_number = models.CharField(_("order"), max_length=200, blank=True)
    reserved_until = models.DateTimeField(_("reserved until"), null=True, blank=True)
    currency = models.CharField(_("point currency"), max_length=40, blank=True)
    money_minor = models.BigIntegerField(_("money besides"), default=0)
    money_currency = models.CharField(max_length=3, blank=True)
    money_state = models.CharField(_("money"), max_length=9, choices=Money.choices, default=Money.NONE, blank=True)
    money_reference = models.CharField(_("payment"), max_length=120, blank=True)
    code = models.OneToOneField(
        PoolCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="redemption",
        verbose_name=_("code"),
    )
    stock_bucket = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    price = models.BigIntegerField(_("price in points"))
    unit_cost_minor = models.BigIntegerField(_("cost to us"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REDEEMED)
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)
    redeemed_at = models.DateTimeField(_("redeemed at"))
    use_until = models.DateTimeField(_("to be used by"), null=True, blank=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True)
    # Of one that was used: its points went back, and it stayed used.
    refunded_at = models.DateTimeField(_("points given back at"), null=True, blank=True)
    refund_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        permissions: ClassVar = [
            ("cancel_redemption", _("Can cancel a redemption")),
            ("refund_redemption", _("Can give the points of a used reward back")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["enrollment", "-redeemed_at"], name="redemption_of_member"),
            models.Index(fields=["reserved_until"], name="redemption_reserved", condition=models.Q(state="reserved")),
            models.Index(fields=["order_number"], name="redemption_of_order", condition=~models.Q(order_number="")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["given_for"], name="reward_given_once"),
            models.UniqueConstraint(fields=["enrollment", "request"], name="redemption_request_once"),
            models.CheckConstraint(
                condition=models.Q(entry__isnull=False, given_for__isnull=True)
                | models.Q(entry__isnull=True, given_for__isnull=False, price=0)
                | models.Q(entry__isnull=True, given_for__isnull=True, price=0)
                | models.Q(entry__isnull=True, given_for__isnull=True, hold__isnull=False),
                name="redemption_paid_held_or_free",
            ),
            models.CheckConstraint(
                condition=models.Q(money_minor__gte=0) & (models.Q(money_minor=0) | ~models.Q(money_state="")),
                name="redemption_money_accounted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reward} · {self.enrollment}"


class RewardFile(BrandModel):
    """A picture of the catalogue, or a file that members get. Known by its content, so that documents can name it."""

    digest = models.CharField(_("SHA-256"), max_length=64, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    media_type = models.CharField(_("media type"), max_length=60, editable=False)
    content = models.BinaryField()
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)
    uploaded_at = models.DateTimeField(_("uploaded at"))

    class Meta:
        verbose_name = _("picture or file")
        verbose_name_plural = _("pictures and files")
        ordering: ClassVar = ["-uploaded_at", "-id"]

    def __str__(self) -> str:
        return self.name
