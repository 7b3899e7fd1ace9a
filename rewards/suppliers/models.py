"""A brand's accounts at suppliers, what they sell, what was ordered there, and how the two sides' books compare."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models import Program
from loyalty.models.program import code_validator


class SupplierConnection(BrandModel):
    """An account at a supplier's. Its key is sealed and never shown again; `code` is how documents name it.

    rates: currency → points for one whole unit of it, as a decimal text. A product in another currency isn't offered.
    """

    class Rounding(models.TextChoices):
        UP = "up", _("up")
        HALF_UP = "half_up", _("to the nearest")
        DOWN = "down", _("down")

    class Pause(models.TextChoices):
        NONE = "", _("not paused")
        STAFF = "staff", _("by the team")
        LOW_BALANCE = "low_balance", _("the balance at the supplier is too low")
        KEY_REFUSED = "key_refused", _("the supplier refuses the key")

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="supplier_connections", verbose_name=_("program")
    )
    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=80)
    supplier = models.CharField(_("supplier"), max_length=40)
    base_url = models.CharField(_("address"), max_length=300)
    sealed_secret = models.TextField(editable=False)
    secret_last4 = models.CharField(max_length=4, editable=False)
    sealed_hook_secret = models.TextField(editable=False)
    hook_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    currency = models.CharField(_("point currency"), max_length=40)
    rates = models.JSONField(_("points for one whole unit of money"), default=dict)
    rounding = models.CharField(_("rounded"), max_length=8, choices=Rounding.choices, default=Rounding.UP)
    round_to = models.PositiveIntegerField(_("to a multiple of"), default=1)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    low_balance_minor = models.BigIntegerField(_("pause the sale when the balance is below"), default=0)
    balance_minor = models.BigIntegerField(_("balance"), null=True, blank=True, editable=False)
    balance_currency = models.CharField(max_length=3, blank=True, editable=False)
    balance_at = models.DateTimeField(_("balance asked at"), null=True, blank=True, editable=False)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True, editable=False)
    paused = models.CharField(
        _("sale paused"), max_length=12, choices=Pause.choices, default=Pause.NONE, blank=True, editable=False
    )
    problem = models.CharField(_("problem"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def sells(self) -> bool:
        return self.verified_at is not None and not self.paused


class SupplierProduct(BrandModel):
    """A product of a supplier's catalogue, as it was at the last sync. values empty: any amount of the range."""

    connection = models.ForeignKey(
        SupplierConnection,
        on_delete=models.PROTECT,
        related_name="products",
        verbose_name=_("supplier"),
        db_index=False,
    )
    external_id = models.CharField(_("id at the supplier"), max_length=80)
    name = models.CharField(_("name"), max_length=200)
    brand_name = models.CharField(_("brand"), max_length=200, blank=True)
    category = models.CharField(_("category"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    terms = models.TextField(_("terms"), blank=True)
    countries = models.JSONField(_("countries"), default=list)
    money_currency = models.CharField(_("currency"), max_length=3)
    values = models.JSONField(_("denominations"), default=list)
    least_minor = models.BigIntegerField(_("least"), default=0)
    most_minor = models.BigIntegerField(_("most"), default=0)
    step_minor = models.BigIntegerField(_("step"), default=1)
    cost_bp = models.PositiveIntegerField(_("cost, in ten-thousandths of the value"), default=10_000)
    valid_days = models.PositiveIntegerField(_("valid for (days)"), null=True, blank=True)
    in_stock = models.BooleanField(_("in stock"), default=True)
    fits = models.BooleanField(_("fits our countries and currencies"), default=True)
    seen_at = models.DateTimeField(_("last seen at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("product of a supplier")
        verbose_name_plural = _("products of suppliers")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="supplier_product_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def on_sale(self) -> bool:
        return self.withdrawn_at is None and self.in_stock and self.fits


class SupplierOffer(BrandModel):
    """A product at one amount that the brand gives for points: what ties a reward to the supplier.

    price_by_rate: the price follows the connection's rate; else staff have set it. stopped: the sync took the reward
    off, and puts it back when the product is there again.
    """

    reward = models.OneToOneField(
        "rewards.Reward", on_delete=models.PROTECT, related_name="supplier_offer", verbose_name=_("reward")
    )
    product = models.ForeignKey(
        SupplierProduct, on_delete=models.PROTECT, related_name="offers", verbose_name=_("product")
    )
    value_minor = models.BigIntegerField(_("amount"))
    price_by_rate = models.BooleanField(_("price by the rate"), default=True)
    stopped = models.BooleanField(_("stopped by the sync"), default=False)

    class Meta:
        verbose_name = _("offer of a supplier's product")
        verbose_name_plural = _("offers of suppliers' products")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(value_minor__gt=0), name="supplier_offer_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.value_minor}"


class SupplierSync(BrandModel):
    """One reading of a whole catalogue, with how far it is."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    connection = models.ForeignKey(
        SupplierConnection, on_delete=models.CASCADE, related_name="syncs", verbose_name=_("supplier")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    requested_by = models.CharField(_("asked for by"), max_length=120)
    requested_at = models.DateTimeField(_("asked for at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    total = models.PositiveIntegerField(_("products in all"), null=True, blank=True)
    seen = models.PositiveIntegerField(_("products seen"), default=0)
    added = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    withdrawn = models.PositiveIntegerField(_("withdrawn"), default=0)
    problem = models.CharField(_("problem"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("reading of a catalogue")
        verbose_name_plural = _("readings of catalogues")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(state__in=("waiting", "running")),
                name="supplier_sync_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.state}"

    @property
    def open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        if self.state == self.State.DONE:
            return 100
        return min(99, self.seen * 100 // self.total) if self.total else 0


class SupplierOrder(BrandModel):
    """A redemption's order at the supplier. Its id there is the redemption's: the same for ever, so nothing is doubled.

    Who works on it has put `runner` on it; whoever finds another's there afterwards writes nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("to be ordered")
        SENT = "sent", _("sent, outcome unknown")
        PLACED = "placed", _("ordered, delivery on its way")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed, points given back")
        STUCK = "stuck", _("waits for the team")

    redemption = models.OneToOneField(
        "rewards.Redemption", on_delete=models.PROTECT, related_name="supplier_order", verbose_name=_("redemption")
    )
    connection = models.ForeignKey(
        SupplierConnection, on_delete=models.PROTECT, related_name="orders", verbose_name=_("supplier")
    )
    product = models.ForeignKey(
        SupplierProduct, on_delete=models.PROTECT, related_name="orders", verbose_name=_("product")
    )
    value_minor = models.BigIntegerField(_("amount"))
    money_currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    ref = models.CharField(_("number at the supplier"), max_length=80, blank=True)
    charged_minor = models.BigIntegerField(_("charged"), null=True, blank=True)
    # What the supplier refused it for. While it isn't failed: to be believed once nothing can still be on its way.
    failure = models.CharField(_("reason"), max_length=40, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    wrong_codes = models.PositiveIntegerField(_("wrong codes"), default=0)
    last_error = models.CharField(_("last answer"), max_length=200, blank=True)
    runner = models.UUIDField(null=True, blank=True, editable=False)
    runner_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    created_at = models.DateTimeField(_("taken at"))
    sent_at = models.DateTimeField(_("last sent at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    sealed = models.TextField(null=True, editable=False)  # noqa: DJ001  (resealing goes over what is there)
    sealed_pin = models.TextField(null=True, editable=False)  # noqa: DJ001  (as above)
    lookup = models.BinaryField(null=True, unique=True, editable=False)
    code_until = models.DateField(_("code valid through"), null=True, blank=True)

    class Meta:
        verbose_name = _("order at a supplier")
        verbose_name_plural = _("orders at suppliers")
        permissions: ClassVar = [("settle_supplierorder", "Can settle an order at a supplier by hand")]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                name="supplier_order_due",
                condition=models.Q(state__in=("waiting", "sent", "placed")),
            ),
            models.Index(fields=["connection", "created_at"], name="supplier_order_by_day"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="delivered", lookup__isnull=False) | ~models.Q(state="delivered"),
                name="supplier_order_delivered_has_code",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | models.Q(lookup__isnull=True, sealed__isnull=True),
                name="supplier_order_failed_has_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} · {self.get_state_display()}"

    @property
    def open(self) -> bool:
        return self.state not in (self.State.DELIVERED, self.State.FAILED)


class SupplierReconciliation(BrandModel):
    """One comparison of our orders with the supplier's list, over a span of our time."""

    connection = models.ForeignKey(
        SupplierConnection, on_delete=models.CASCADE, related_name="reconciliations", verbose_name=_("supplier")
    )
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    requested_by = models.CharField(_("asked for by"), max_length=120)
    ours = models.PositiveIntegerField(_("our orders"), default=0)
    theirs = models.PositiveIntegerField(_("their orders"), default=0)
    agreed = models.PositiveIntegerField(_("agreed"), default=0)
    problem = models.CharField(_("problem"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("comparison with a supplier")
        verbose_name_plural = _("comparisons with suppliers")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.connection} {self.since:%Y-%m-%d}"


class SupplierDifference(BrandModel):
    """Something on which the two sides don't agree. repaired: ours was put right by what the supplier says."""

    class Kind(models.TextChoices):
        MISSING_THERE = "missing_there", _("not at the supplier")
        UNKNOWN_HERE = "unknown_here", _("not ours")
        DOUBLED = "doubled", _("charged twice")
        OTHER_AMOUNT = "other_amount", _("another amount or product")
        DELIVERED_THERE = "delivered_there", _("delivered there, not here")
        FAILED_THERE = "failed_there", _("failed there, open here")
        PAID_FOR_NOTHING = "paid_for_nothing", _("charged there, points given back here")
        OVERDUE = "overdue", _("not delivered in time")

    reconciliation = models.ForeignKey(
        SupplierReconciliation, on_delete=models.CASCADE, related_name="differences", verbose_name=_("comparison")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    order = models.ForeignKey(
        SupplierOrder, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("order")
    )
    key = models.CharField(_("key"), max_length=200, blank=True)
    ref = models.CharField(_("number at the supplier"), max_length=80, blank=True)
    ours = models.CharField(_("here"), max_length=200, blank=True)
    theirs = models.CharField(_("there"), max_length=200, blank=True)
    repaired = models.BooleanField(_("repaired"), default=False)

    class Meta:
        verbose_name = _("difference with a supplier")
        verbose_name_plural = _("differences with suppliers")
        ordering: ClassVar = ["repaired", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
