"""The brand's account at Stripe, what of ours is known there by which id, and what it sent."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.bodies import body_opened
from core.bases import BrandModel
from core.ids import uuid7


class StripeConnection(BrandModel):
    """An account at Stripe in one mode. The key and the webhook's secrets are sealed and never shown again.

    mode connect: the key is the platform's, and requests name the account. current: new subscriptions begin here; there
    is one at most. charges_enabled, requirements, asked_by: of a connected account, whether it can take payments, what
    Stripe asks of its owner, and until when. sealed_old_secret: what webhooks may still be signed with until
    old_secret_until (wall time). events_after: the last event that the hourly comparison has read, events_at when.
    """

    class Mode(models.TextChoices):
        API_KEY = "api_key", _("own key")
        CONNECT = "connect", _("Stripe Connect")

    class Health(models.TextChoices):
        GOOD = "good", _("works")
        KEY_REFUSED = "key_refused", _("Stripe refuses the key")
        DISCONNECTED = "disconnected", _("disconnected")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    mode = models.CharField(_("kind"), max_length=8, choices=Mode.choices, default=Mode.API_KEY)
    livemode = models.BooleanField(_("live"))
    account_id = models.CharField(_("account"), max_length=80)
    account_name = models.CharField(_("name"), max_length=200, blank=True)
    sealed_key = models.TextField(blank=True, editable=False)
    key_last4 = models.CharField(_("key ends in"), max_length=4, blank=True, editable=False)
    sealed_secret = models.TextField(blank=True, editable=False)
    sealed_old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    endpoint_id = models.CharField(_("webhook endpoint"), max_length=80, blank=True, editable=False)
    api_version = models.CharField(_("API version"), max_length=40, editable=False)
    current = models.BooleanField(_("in use"), default=True)
    health = models.CharField(_("state"), max_length=12, choices=Health.choices, default=Health.GOOD, editable=False)
    problem = models.CharField(_("problem"), max_length=200, blank=True, editable=False)
    charges_enabled = models.BooleanField(_("can take payments"), default=True, db_default=True, editable=False)
    requirements = models.JSONField(default=list, editable=False)
    asked_by = models.DateTimeField(null=True, blank=True, editable=False)
    disconnected_at = models.DateTimeField(_("disconnected at"), null=True, blank=True, editable=False)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("connected at"))
    events_after = models.CharField(max_length=80, blank=True, editable=False)
    events_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("account at Stripe")
        verbose_name_plural = _("accounts at Stripe")
        permissions: ClassVar = [("connect_stripe", _("Can connect accounts at Stripe and change their keys"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "livemode"], name="stripe_account_once"),
            models.UniqueConstraint(
                fields=["current"], condition=models.Q(current=True), name="stripe_account_one_current"
            ),
        ]

    def __str__(self) -> str:
        return self.account_name or self.account_id


class StripeObject(BrandModel):
    """What of ours (a product, a price, a coupon, a customer) is known at Stripe by which id."""

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="objects_known")
    kind = models.CharField(max_length=20)
    ref = models.CharField(max_length=80)
    stripe_id = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    # What was last told of it, to see when it must be told again.
    told = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("object at Stripe")
        verbose_name_plural = _("objects at Stripe")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "kind", "ref"], name="stripe_object_once"),
            models.UniqueConstraint(fields=["connection", "kind", "stripe_id"], name="stripe_object_known_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


class StripeEvent(BrandModel):
    """An event as it was sent, kept for a while so that it can be worked again. customer: whom it is about, where it
    says so. sealed_body: see billing/bodies.py. Those that were done long ago go: billing/forgetting.py."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    connection = models.ForeignKey(
        StripeConnection, on_delete=models.CASCADE, related_name="events", verbose_name=_("account"), db_index=False
    )
    event_id = models.CharField(_("event"), max_length=80)
    type = models.CharField(_("type"), max_length=80)
    object_id = models.CharField(_("object"), max_length=80, blank=True)
    customer = models.CharField(_("customer"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"))
    sealed_body = models.TextField(editable=False)
    by = models.CharField(_("came by"), max_length=10, default="webhook")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("event of Stripe")
        verbose_name_plural = _("events of Stripe")
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "event_id"], name="stripe_event_once")]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="stripe_event_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["id"], name="stripe_event_failed", condition=models.Q(state="failed")),
            models.Index(fields=["connection", "customer"], name="stripe_event_of"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def body(self) -> dict[str, Any]:
        """In the clear."""
        return body_opened(self.sealed_body)


class BillingOperation(BrandModel):
    """Something that we ask of Stripe. Written before it is asked: its id is the idempotency key, so that asking again
    after a lost answer does nothing twice. digest: of all that is asked; other parameters are another operation.
    follow: what is still to be written here of what it does there; empty once that is done, or undone there.
    """

    class State(models.TextChoices):
        OPEN = "open", _("asked, outcome unknown")
        DONE = "done", _("done")
        FAILED = "failed", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(
        StripeConnection, on_delete=models.PROTECT, related_name="operations", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=40)
    subject = models.CharField(_("of"), max_length=80)
    digest = models.CharField(max_length=64)
    follow = models.JSONField(null=True, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.OPEN)
    stripe_id = models.CharField(_("object"), max_length=80, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    actor = models.CharField(_("actor"), max_length=120)
    made_at = models.DateTimeField(_("made at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("request to Stripe")
        verbose_name_plural = _("requests to Stripe")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "kind", "subject", "digest"],
                condition=models.Q(state="open"),
                name="billing_operation_open_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["made_at"], name="billing_operation_follows", condition=models.Q(follow__isnull=False)
            ),
            models.Index(fields=["subject", "kind"], name="billing_operation_of"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
