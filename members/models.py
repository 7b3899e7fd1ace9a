"""People of one brand: users who log in, members who collect, and what the members agreed to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core import clock
from core.bases import AppendOnly, BrandModel
from core.ids import uuid7

SEGMENT_CODE = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}\Z", _("Small letters, digits and underscores, starting with a letter, 40 at most.")
)


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail, without regard to case."""

    use_in_migrations = False

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(BrandModel, AbstractBaseUser, PermissionsMixin):
    """Someone who can log in at this brand: a member, a member of staff, or both. Never shared between brands."""

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(
        _("language"),
        max_length=5,
        default="en",
        choices=[("en", _("English")), ("nl", _("Dutch"))],
    )
    # False: others made the log-in and guessed; pages are in the browser's language until the person chooses one.
    language_chosen = models.BooleanField(_("language chosen"), default=True)
    is_staff = models.BooleanField(
        _("staff"),
        default=False,
        help_text=_("May open the admin, within the groups' permissions."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("since"), default=clock.now)

    objects = UserManager()  # type: ignore[assignment,misc]  # a manager of our own
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This e-mail is in use."),
            )
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email


class Member(BrandModel):
    """A person who collects at this brand. Exists with or without a log-in: a till may know them first."""

    kept = True

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        ERASED = "erased", _("erased")

    public_id = models.UUIDField(_("id"), default=uuid7, unique=True, editable=False)
    external_id = models.CharField(  # noqa: DJ001  (unique where it is told; two members without one must not clash)
        _("external id"),
        max_length=120,
        null=True,
        blank=True,
        help_text=_("The member's number in your own system."),
    )
    user = models.OneToOneField(
        User,
        verbose_name=_("log-in"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="member",
    )
    email = models.EmailField(_("e-mail"), max_length=254, null=True, blank=True)  # noqa: DJ001  (as above)
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(
        _("language"),
        max_length=5,
        default="en",
        choices=[("en", _("English")), ("nl", _("Dutch"))],
    )
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True, help_text=_("Empty: the program's."))
    # What the brand keeps of a member beside these fields, name → plain value; conditions of rules ask for it.
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    is_test = models.BooleanField(_("test member"), default=False, help_text=_("Left out of all figures."))
    # First touch, kept as it was on joining: what is not stored then can't be rebuilt.
    acquisition_channel = models.CharField(_("channel"), max_length=60, blank=True)
    utm_source = models.CharField(max_length=120, blank=True)
    utm_medium = models.CharField(max_length=120, blank=True)
    utm_campaign = models.CharField(max_length=120, blank=True)
    referrer = models.CharField(_("referrer"), max_length=300, blank=True)
    joined_at = models.DateTimeField(_("joined at"))
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar = [
            # Not unique=True: that would add a second index for LIKE, which nobody asks for.
            models.UniqueConstraint(
                fields=["external_id"],
                name="member_external_id_once",
                violation_error_message=_("Another member has this external id."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="member_email_once",
                violation_error_message=_("Another member has this e-mail."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id or str(self.public_id)


class MemberFact(BrandModel):
    """What another room knows of a member: a paid plan, a segment. Rules may ask for it; see members/facts.py."""

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="facts", verbose_name=_("member"), db_index=False
    )
    key = models.CharField(_("what"), max_length=80)
    value = models.JSONField(_("value"))
    until = models.DateTimeField(_("holds until"), null=True, blank=True)

    class Meta:
        verbose_name = _("fact about a member")
        verbose_name_plural = _("facts about members")
        constraints: ClassVar = [models.UniqueConstraint(fields=["member", "key"], name="member_fact_once")]
        indexes: ClassVar = [models.Index(fields=["key", "member"], name="member_fact_key")]

    def __str__(self) -> str:
        return f"{self.member} {self.key}"


class Segment(BrandModel):
    """A named group of members that rules, prices and audiences may name. Who is in it: facts `segment:<code>`."""

    code = models.CharField(_("code"), max_length=40, validators=[SEGMENT_CODE])
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), max_length=600, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], name="segment_code_once", violation_error_message=_("Another segment has this code.")
            )
        ]

    def __str__(self) -> str:
        return self.name


class Consent(AppendOnly):
    """One answer to one question about consent. The latest per purpose holds; none is ever edited."""

    class Purpose(models.TextChoices):
        TERMS = "terms", _("program terms")
        MARKETING_EMAIL = "marketing_email", _("offers by e-mail")
        PROFILING = "profiling", _("personal offers from my purchases")

    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="consents",
        verbose_name=_("member"),
    )
    purpose = models.CharField(_("purpose"), max_length=30, choices=Purpose.choices)
    granted = models.BooleanField(_("granted"))
    text_version = models.CharField(_("version of the text"), max_length=40)
    source = models.CharField(_("asked by"), max_length=60)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return f"{self.member} {self.purpose} {self.granted}"


class JoinIntent(BrandModel):
    """What somebody said when they signed up, kept until their address is proven: then they become a Member.

    The link in the mail may be opened on another device, so the session can't keep it.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="join_intent")
    terms_version = models.CharField(max_length=40)
    marketing = models.BooleanField(default=False)
    acquisition = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)
