"""Who is on which plan: how it stands with the money (billing) and with what it gives (access), and what happened."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.connection import StripeConnection
from billing.models.plan import MembershipPlan, PlanPrice
from core.bases import AppendOnly, BrandModel
from core.ids import uuid7
from members.models import Member


class Subscription(BrandModel):
    """A member on a plan: from Stripe's subscription, from one payment, or free.

    billing: as Stripe has it; a free plan is active, one fee is active once it is paid. access: whether what the plan
    gives holds, until access_until (None: until something is told). paid_until: the end of the last period that is paid
    for, or free. pause_began_at, resumes_at: what is being skipped. first_failed_at: of the payment that is owed.
    duplicate: a second one beside a live one; it is cancelled and paid back, and gives nothing.
    """

    class Billing(models.TextChoices):
        INCOMPLETE = "incomplete", _("waits for the first payment")
        INCOMPLETE_EXPIRED = "incomplete_expired", _("never paid")
        TRIALING = "trialing", _("trial")
        ACTIVE = "active", _("active")
        PAST_DUE = "past_due", _("payment is late")
        PAUSED = "paused", _("paused")
        UNPAID = "unpaid", _("unpaid")
        CANCELED = "canceled", _("cancelled")

    class Access(models.TextChoices):
        NONE = "none", _("not yet")
        HELD = "held", _("holds")
        SUSPENDED = "suspended", _("held back")
        OVER = "over", _("over")

    OVER_STATES = (Billing.CANCELED, Billing.INCOMPLETE_EXPIRED)

    public_id = models.UUIDField(_("id"), default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("member"), db_index=False
    )
    plan = models.ForeignKey(
        MembershipPlan, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("plan")
    )
    price = models.ForeignKey(
        PlanPrice, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("price")
    )
    group = models.CharField(_("group"), max_length=40)
    connection = models.ForeignKey(
        StripeConnection, on_delete=models.PROTECT, null=True, blank=True, related_name="subscriptions"
    )
    stripe_id = models.CharField(_("id at Stripe"), max_length=80, null=True, blank=True, unique=True)
    item_id = models.CharField(max_length=80, blank=True, editable=False)
    billing = models.CharField(_("billing"), max_length=20, choices=Billing.choices)
    access = models.CharField(_("access"), max_length=10, choices=Access.choices, default=Access.NONE)
    access_until = models.DateTimeField(_("access until"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"))
    period_start = models.DateTimeField(_("period from"), null=True, blank=True)
    period_end = models.DateTimeField(_("period until"), null=True, blank=True)
    paid_until = models.DateTimeField(_("paid until"), null=True, blank=True)
    trial_end = models.DateTimeField(_("trial until"), null=True, blank=True)
    has_card = models.BooleanField(_("has a card"), default=False)
    card_brand = models.CharField(_("brand of the card"), max_length=20, blank=True, default="", db_default="")
    card_last4 = models.CharField(_("card’s last digits"), max_length=4, blank=True, default="", db_default="")
    card_until = models.DateField(_("card good until"), null=True, blank=True)
    cancel_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    collection_paused = models.BooleanField(_("collection paused"), default=False)
    pause_began_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    resumes_at = models.DateTimeField(_("goes on at"), null=True, blank=True)
    first_failed_at = models.DateTimeField(_("payment late since"), null=True, blank=True)
    disputed = models.BooleanField(_("disputed"), default=False)
    duplicate = models.BooleanField(_("duplicate"), default=False)
    schedule_id = models.CharField(max_length=80, blank=True, editable=False)
    next_price = models.ForeignKey(
        PlanPrice, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("then")
    )
    kept_price = models.ForeignKey(
        PlanPrice, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    kept_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    charged_at = models.DateTimeField(_("last charged at"), null=True, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    synced_at = models.DateTimeField(_("last compared at"), null=True, blank=True)
    created_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        permissions: ClassVar = [
            ("act_on_subscription", _("Can cancel, pause and change members' subscriptions")),
            ("refund_subscription", _("Can pay back what was paid for subscriptions")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "group"],
                condition=models.Q(ended_at__isnull=True, duplicate=False)
                & ~models.Q(billing__in=("canceled", "incomplete", "incomplete_expired")),
                name="subscription_one_live",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["member", "-id"], name="subscription_of_member"),
            models.Index(
                fields=["kept_look_at"], name="subscription_change_kept", condition=models.Q(kept_price__isnull=False)
            ),
            models.Index(
                fields=["access_until"],
                name="subscription_access_ends",
                condition=models.Q(access="held", access_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        # No name of anybody's: headings show it to who sees figures without people.
        return f"{self.plan} · {str(self.public_id)[-8:]}"

    @property
    def live(self) -> bool:
        """It counts as the member's one plan of its group."""
        return self.ended_at is None and not self.duplicate and self.billing not in (*self.OVER_STATES, "incomplete")

    @property
    def cancel_scheduled(self) -> bool:
        return self.cancel_at is not None and self.ended_at is None

    @property
    def then_price(self) -> PlanPrice | None:
        """What follows with the next period: as it stands at Stripe, or kept while a change in its place waits to be
        paid for."""
        return self.next_price or self.kept_price

    def holds(self, at: datetime) -> bool:
        """Whether what the plan gives holds then, by what is known here; Stripe is never asked."""
        return self.access == self.Access.HELD and (self.access_until is None or self.access_until > at)


class SubscriptionChange(AppendOnly):
    """The timeline: what happened to a subscription, once. key: what makes it the same happening."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="changes", verbose_name=_("subscription"), db_index=False
    )
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("what"), max_length=40)
    key = models.CharField(max_length=120, editable=False)
    details = models.JSONField(_("details"), default=dict)
    actor = models.CharField(_("actor"), max_length=120)

    class Meta:
        verbose_name = _("change of a subscription")
        verbose_name_plural = _("changes of subscriptions")
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "kind", "key"], name="subscription_change_once")
        ]

    def __str__(self) -> str:
        return self.kind


class BillingProfile(BrandModel):
    """What billing knows of a member: who the invoice is for, and whether they had their trial.

    sealed: the invoice's address (line1, line2, postal_code, city, country) and VAT number; billing.customers reads and
    writes it. Locked while the member's subscriptions are changed.
    """

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="billing_profile")
    name = models.CharField(_("name on invoices"), max_length=120, blank=True)
    sealed = models.TextField(null=True, blank=True)  # noqa: DJ001  (sealed where there is something)
    trial_used_at = models.DateTimeField(_("trial used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("billing profile")
        verbose_name_plural = _("billing profiles")

    def __str__(self) -> str:
        return self.name or str(self.member)


class Checkout(BrandModel):
    """A page of Stripe's that a member was sent to. Of a group one is open at most: a newer one closes the older."""

    class Purpose(models.TextChoices):
        JOIN = "join", _("join")
        CARD = "card", _("card")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        COMPLETE = "complete", _("complete")
        EXPIRED = "expired", _("expired")

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="checkouts")
    stripe_id = models.CharField(_("id at Stripe"), max_length=120, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="checkouts", verbose_name=_("member"))
    purpose = models.CharField(_("purpose"), max_length=4, choices=Purpose.choices)
    price = models.ForeignKey(PlanPrice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    group = models.CharField(_("group"), max_length=40, blank=True)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="checkouts"
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    trial = models.BooleanField(_("with a trial"), default=False)
    win_back = models.ForeignKey(
        "billing.WinBackOffer", on_delete=models.PROTECT, null=True, blank=True, related_name="checkouts"
    )
    created_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")

    def __str__(self) -> str:
        return f"{self.member} {self.purpose}"
