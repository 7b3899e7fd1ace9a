"""The brand's account at Stripe in the admin: connected, tried, given a new key or secret, and how it is doing.

A key goes in by a form and is never shown again, not even to who typed it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.onboarding import CONNECT, OnboardingPages, asked_words
from billing.connecting import PLATFORM_HOOK, connect_offered
from billing.connections import connection_add, connection_check, connection_key_change, hook_url, secret_rotate
from billing.disconnecting import leaving_now, renewing_at
from billing.health import health_of
from billing.models import StripeConnection
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import actor_of, add_refusal
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from tenants.links import platform_url

COMPARE = "billing.add_billingreport"
HEALTHS = {"good": "success", "asked": "warning", "key_refused": "danger", "disconnected": "danger"}
Health = StripeConnection.Health
NEEDED = gettext_lazy(
    "Make a restricted key at Stripe. It needs: read and write on Customers, Products, Prices, Coupons, Checkout"
    " Sessions, Subscriptions, Invoices, Refunds, Webhook Endpoints and Billing Meters with their events; read on"
    " Account, Events, Charges and Disputes."
)


class KeyForm(DressedForm):
    key = forms.CharField(
        label=gettext_lazy("Restricted key"),
        max_length=300,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("It begins with rk_test_ or rk_live_. It is tried, sealed, and never shown again."),
    )


@brand_admin(StripeConnection)
class StripeConnectionAdmin(OnboardingPages):
    list_display = ("name_shown", "mode_shown", "current_shown", "health_shown", "verified_at", "created_at")
    ordering = ("-current", "-pk")
    change_list_template = "admin/billing/connections.html"
    change_form_template = "admin/billing/connection.html"
    fields: ClassVar = ()

    # --- columns -------------------------------------------------------------------------------------------------
    @display(description=gettext_lazy("account"), ordering="account_name")
    def name_shown(self, row: StripeConnection) -> str:
        return str(row)

    @display(description=gettext_lazy("mode"), ordering="livemode", label={"live": "success", "test": "warning"})
    def mode_shown(self, row: StripeConnection) -> tuple[str, str]:
        return ("live", _("live")) if row.livemode else ("test", _("test"))

    @display(description=gettext_lazy("in use"), boolean=True)
    def current_shown(self, row: StripeConnection) -> bool:
        return row.current

    @display(description=gettext_lazy("state"), label=HEALTHS)
    def health_shown(self, row: StripeConnection) -> tuple[str, str]:
        if row.health == Health.GOOD and not row.charges_enabled:
            return "asked", _("Stripe asks for more")
        return row.health, row.get_health_display()

    # --- pages ---------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = (("key", self.key_view), ("secret", self.secret_view), ("check", self.check_view))
        return [
            path("connect/", wrap(self.connect_view), name="billing_stripeconnection_connect"),
            *self.onboarding_urls(),
            *(path(f"<path:object_id>/{name}/", wrap(view), name=f"billing_stripeconnection_{name}")
              for name, view in mine),
            *super().get_urls(),
        ]  # fmt: skip

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = request.user.has_perm(CONNECT)
        more = {"may_connect": may, "may_open": may and connect_offered()}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        health, by_connect = health_of(row), row.mode == StripeConnection.Mode.CONNECT
        events = reverse("admin:billing_stripeevent_changelist")
        context = self.page_context(
            request,
            title=str(row),
            obj=row,
            row=row,
            health=health,
            hook_url=platform_url(PLATFORM_HOOK) if by_connect else hook_url(row),
            by_connect=by_connect,
            state=self.health_shown(row)[1],
            asked=asked_words(row),
            gone=row.health == Health.DISCONNECTED,
            elsewhere=StripeConnection.objects.filter(current=True).exclude(pk=row.pk).exists(),
            leaving=renewing_at(row).count() if leaving_now(row) is not None else None,
            may_connect=request.user.has_perm(CONNECT),
            may_compare=request.user.has_perm(COMPARE),
            refused=row.health == Health.KEY_REFUSED,
            failed_url=f"{events}?state__exact=failed&period=all",
            waiting_url=f"{events}?state__exact=waiting&period=all",
            history_url=self.url("history", row.pk),
        )
        return TemplateResponse(request, "admin/billing/connection.html", context)

    def connect_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request.user.has_perm(CONNECT))

        def act(given: dict[str, Any]) -> HttpResponse:
            made = connection_add(key=given["key"], actor=actor_of(request))
            messages.success(request, _("Connected. New subscriptions begin at this account."))
            return HttpResponseRedirect(self.url("change", made.pk))

        return ask_and_do(
            self, request, KeyForm(sent(request)), act, title=_("Connect an account at Stripe"), intro=str(NEEDED),
            submit=_("Connect"), back=self.url("changelist"),
        )  # fmt: skip

    def key_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CONNECT))

        def act(given: dict[str, Any]) -> str:
            connection_key_change(connection=row, key=given["key"], actor=actor_of(request))
            return _("The new key is in use.")

        intro = _("The one in use ends in %(end)s. If Stripe refuses the new one, the old one stays.")
        return ask_and_do(
            self, request, KeyForm(sent(request)), act, title=_("A new key for %(account)s") % {"account": row},
            intro=f"{intro % {'end': row.key_last4}} {NEEDED}", submit=_("Use this key"), obj=row,
            back=self.url("change", row.pk),
        )  # fmt: skip

    def secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, POST makes a new endpoint in the old one's place."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CONNECT))

        def act(given: dict[str, Any]) -> str:
            secret_rotate(connection=row, actor=actor_of(request))
            return _("The new secret is in use; the old one is taken for a day.")

        intro = _(
            "A new endpoint with a secret of its own is made at Stripe, and the old one is taken away. What was"
            " signed with the old secret is taken for another day, so nothing is lost."
        )
        return ask_and_do(
            self, request, DressedForm(sent(request)), act,
            title=_("A new webhook secret for %(account)s") % {"account": row}, intro=intro,
            submit=_("Make a new secret"), obj=row, back=self.url("change", row.pk),
        )  # fmt: skip

    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST asks Stripe whether the key works."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CONNECT))
        if request.method == "POST":
            try:
                if row.mode == StripeConnection.Mode.CONNECT:
                    return self.back_view(request, object_id)
                if connection_check(connection=row):
                    messages.success(request, _("Stripe takes the key."))
                else:
                    messages.error(request, _("Stripe refuses the key. Give another one."))
            except DomainError as error:
                add_refusal(request, error)
        return HttpResponseRedirect(self.url("change", row.pk))
