"""The public schema's only tables: brands, their hosts and payment accounts, and sign-ups of new ones."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

HEX_COLOR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("A colour is written as #rrggbb."))


class BrandKind(models.TextChoices):
    BRAND = "brand", _("Brand")
    OPERATOR = "operator", _("Operator")
    TEMPLATE = "template", _("Template")


class BrandStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    PROVISIONING = "provisioning", _("Being set up")
    FAILED = "failed", _("Failed")


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    DUTCH = "nl", _("Dutch")


class BrandQuerySet(models.QuerySet["Brand"]):
    def live(self) -> BrandQuerySet:
        """Brands and the operator that are open for business; never the template."""
        return self.filter(status=BrandStatus.ACTIVE).exclude(kind=BrandKind.TEMPLATE)

    def with_schema(self) -> BrandQuerySet:
        """Every row that owns a schema, the template too: what migrations go over."""
        return self.exclude(status__in=[BrandStatus.PROVISIONING, BrandStatus.FAILED])


class BrandManager(models.Manager["Brand"]):
    """Brand.objects; `live()` is what every loop over brands goes by."""

    def get_queryset(self) -> BrandQuerySet:
        return BrandQuerySet(self.model, using=self._db)

    def live(self) -> BrandQuerySet:
        return self.get_queryset().live()

    def with_schema(self) -> BrandQuerySet:
        return self.get_queryset().with_schema()


class Brand(TenantMixin):  # type: ignore[misc]  # its base has no types
    """One brand and the name of its schema. Saved in the public schema's context only."""

    # The schema is made by tenants.provision, from the template's DDL, never by saving a row.
    auto_create_schema = False
    auto_drop_schema = False

    slug = models.CharField(_("address"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=BrandKind.choices, default=BrandKind.BRAND)
    status = models.CharField(_("status"), max_length=14, choices=BrandStatus.choices, default=BrandStatus.ACTIVE)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Amsterdam")
    color_primary = models.CharField(_("main colour"), max_length=7, default="#0f766e", validators=[HEX_COLOR])
    color_accent = models.CharField(_("accent colour"), max_length=7, default="#b45309", validators=[HEX_COLOR])
    # The `d` attribute of one SVG path on a 24 × 24 grid, so that a logo can't carry markup.
    logo = models.TextField(_("logo"), blank=True, default="")
    # How far the brand's clock stands from the wall's; only honoured where settings.CLOCK_MOVABLE.
    clock_shift = models.DurationField(_("clock shift"), default=timedelta(0))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[BrandManager] = BrandManager()

    class Meta:
        ordering = ("slug",)
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name

    @property
    def is_operator(self) -> bool:
        return self.kind == BrandKind.OPERATOR


class Domain(DomainMixin):  # type: ignore[misc]  # its base has no types
    """A host name. Those of the platform itself point at no brand: they are in settings, not here."""

    class Meta:
        ordering = ("domain",)
        verbose_name = _("domain")
        verbose_name_plural = _("domains")


class PaymentAccount(models.Model):
    """An account at the payment service that the platform opened for a brand: whose an event of it is."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="payment_accounts", verbose_name=_("brand"))
    account_id = models.CharField(_("account"), max_length=80)
    livemode = models.BooleanField(_("live"))
    opened_at = models.DateTimeField(_("opened at"))

    class Meta:
        ordering = ("account_id",)
        verbose_name = _("payment account")
        verbose_name_plural = _("payment accounts")
        constraints = [models.UniqueConstraint(fields=["account_id", "livemode"], name="payment_account_once")]

    def __str__(self) -> str:
        return self.account_id


class SignupState(models.TextChoices):
    REQUESTED = "requested", _("Waiting for the mail to be confirmed")
    QUEUED = "queued", _("Waiting for its turn")
    RUNNING = "running", _("Being set up")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Failed")


class BrandSignup(models.Model):
    """A wish for a brand, from the form to the finished schema. The progress page reads it."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    slug = models.CharField(_("address"), max_length=40)
    email = models.EmailField(_("e-mail"), max_length=254)
    template = models.CharField(_("program template"), max_length=60, blank=True, default="")
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH)
    state = models.CharField(_("state"), max_length=10, choices=SignupState.choices, default=SignupState.REQUESTED)
    step = models.CharField(_("step"), max_length=40, blank=True, default="")
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    error = models.TextField(_("error"), blank=True, default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    address_hash = models.CharField(_("address, hashed"), max_length=64, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.SET_NULL, null=True, blank=True, related_name="signups")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True, blank=True)
    mail_attempts = models.PositiveSmallIntegerField(_("mail attempts"), default=0)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        constraints = [
            # Two people may ask for the same address; only one of them can be confirmed.
            models.UniqueConstraint(
                fields=["slug"],
                condition=models.Q(state__in=["queued", "running", "done"]),
                name="signup_slug_once",
                violation_error_message=_("This address is taken."),
            ),
            models.CheckConstraint(condition=models.Q(progress__lte=100), name="signup_progress_percent"),
        ]
        indexes = [
            models.Index(fields=["address_hash", "created_at"], name="signup_by_address"),
            models.Index(fields=["created_at"], name="signup_open", condition=~models.Q(state__in=["done", "failed"])),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"
