"""Stripe Connect in the admin: an account is opened for the brand, its owner goes to Stripe and comes back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.connecting import account_follow, account_open, connect_offered, onboarding_link
from billing.disconnecting import account_disconnect, renewing_at
from billing.models import StripeConnection
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of, add_refusal
from core.backoffice.forms import DressedForm, ReasonForm
from core.errors import DomainError

CONNECT = "billing.connect_stripe"


class OpenForm(DressedForm):
    country = forms.RegexField(
        r"^[A-Z]{2}$",
        label=gettext_lazy("Country"),
        initial="NL",
        help_text=gettext_lazy("Where the business is, in two letters such as NL. It can’t be changed afterwards."),
        error_messages={"invalid": gettext_lazy("Two capital letters, such as NL.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), max_length=200, help_text=gettext_lazy("Stripe writes to this address.")
    )


class LeaveForm(ReasonForm):
    sure = forms.BooleanField(label=gettext_lazy("I know what this does to members"))


class OnboardingPages(ReadOnlyAdmin):
    """The pages of it, beside those of an account that has a key of its own."""

    def onboarding_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "billing_stripeconnection"
        return [
            path("open/", wrap(self.open_view), name=f"{name}_open"),
            path("<path:object_id>/onboard/", wrap(self.onboard_view), name=f"{name}_onboard"),
            path("<path:object_id>/back/", wrap(self.back_view), name=f"{name}_back"),
            path("<path:object_id>/disconnect/", wrap(self.disconnect_view), name=f"{name}_disconnect"),
        ]

    def open_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request.user.has_perm(CONNECT))

        def act(given: dict[str, Any]) -> HttpResponse:
            made = account_open(**given, actor=actor_of(request))
            return HttpResponseRedirect(self.url("onboard", made.pk))

        offered = connect_offered()
        intro = _(
            "Stripe opens an account for your brand: the money is yours, and no key has to be copied. After this you"
            " say at Stripe who you are."
        )
        closed = _("The platform doesn’t open accounts at Stripe. Connect your own with a restricted key.")
        form = OpenForm(sent(request), initial={"email": getattr(request.user, "email", "")})
        return ask_and_do(
            self, request, form, act, title=_("An account at Stripe"), intro=intro if offered else closed,
            submit=_("Open an account") if offered else "", back=self.url("changelist"),
        )  # fmt: skip

    def onboard_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET says what comes, POST makes the way to Stripe: for once, and for some minutes."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CONNECT))
        if (elsewhere := self._not_by_connect(row)) is not None:
            return elsewhere
        link = ""
        if request.method == "POST":
            here = request.build_absolute_uri
            back, again = here(self.url("back", row.pk)), here(f"{self.url('onboard', row.pk)}?late=1")
            try:
                link = onboarding_link(
                    connection=row, return_url=back, refresh_url=again, actor=actor_of(request)
                )  # fmt: skip
            except DomainError as error:
                add_refusal(request, error)
        context = self.page_context(
            request, title=_("Who gets the money"), obj=row, row=row, link=link, late="late" in request.GET,
            cancel_url=self.url("change", row.pk),
        )  # fmt: skip
        return TemplateResponse(request, "admin/billing/onboarding.html", context)

    def back_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Back from Stripe's page: how the account stands is read at once."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CONNECT))
        if (elsewhere := self._not_by_connect(row)) is not None:
            return elsewhere
        try:
            row = account_follow(connection=row)
        except DomainError as error:
            add_refusal(request, error)
        else:
            if row.charges_enabled:
                messages.success(request, _("The account can take payments. New subscriptions begin there."))
            else:
                messages.warning(request, _("The account can’t take payments yet: Stripe asks for more."))
        return HttpResponseRedirect(self.url("change", row.pk))

    def disconnect_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET says what comes of it and asks for the reason, POST begins it."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CONNECT))
        if (elsewhere := self._not_by_connect(row)) is not None:
            return elsewhere

        def act(given: dict[str, Any]) -> str:
            account_disconnect(connection=row, reason=given["reason"], actor=actor_of(request))
            return _("The account is being disconnected. Nobody joins there any more.")

        return ask_and_do(
            self, request, LeaveForm(sent(request)), act, title=_("Disconnect %(account)s") % {"account": row}, obj=row,
            intro=leaving_words(row), submit=_("Disconnect"), danger=True, back=self.url("change", row.pk),
        )  # fmt: skip

    def _not_by_connect(self, row: StripeConnection) -> HttpResponse | None:
        """An account with a key of its own has nothing to do here; one that was disconnected is over."""
        by_connect = row.mode == StripeConnection.Mode.CONNECT and row.health != StripeConnection.Health.DISCONNECTED
        return None if by_connect else HttpResponseRedirect(self.url("change", row.pk))


def leaving_words(row: StripeConnection) -> str:
    """What comes of disconnecting, for members first."""
    number = renewing_at(row).count()
    members = ngettext(
        "%(n)d membership renews there: it ends with the period that is paid for, and nothing more is charged.",
        "%(n)d memberships renew there: each ends with the period that is paid for, and nothing more is charged.",
        number,
    )
    till_then = _(
        "Until then members keep what they paid for; who wants to stay joins anew at another account of yours."
    )
    return " ".join([
        _("Nobody joins there from now on."),
        *((members % {"n": number}, till_then) if number else (_("No membership renews there."),)),
        _("After that we ask nothing of Stripe for this account: refunds and invoices are yours, in its dashboard."),
        _("This can’t be taken back; an account can be opened anew."),
    ])  # fmt: skip


def asked_words(row: StripeConnection) -> list[tuple[str, str]]:
    """What Stripe asks of the owner: in words where we have some, and as Stripe calls it."""
    return [(_words(each), each) for each in row.requirements]


WORDS: dict[str, Any] = {
    "business_profile": gettext_lazy("what the business does"),
    "business_type": gettext_lazy("what kind of business it is"),
    "company": gettext_lazy("the company"),
    "external_account": gettext_lazy("the bank account"),
    "individual": gettext_lazy("the owner"),
    "owners": gettext_lazy("the owners"),
    "directors": gettext_lazy("the directors"),
    "person": gettext_lazy("a person of the company"),
    "representative": gettext_lazy("who speaks for the company"),
    "tos_acceptance": gettext_lazy("Stripe’s terms, to be accepted"),
}


def _words(named: str) -> str:
    start = named.partition(".")[0]
    return str(WORDS.get("person" if start.startswith("person_") else start, named))
