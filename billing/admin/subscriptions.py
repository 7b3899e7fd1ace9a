"""Subscriptions in the admin: the list, one with all that happened to it, and what staff do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.acts import ACTS, form_of
from billing.admin.filters import ACCESS, STATES, TONES, LeavingFilter, PlanFilter, StateFilter, of_member
from billing.admin.ontop import on_top
from billing.admin.stripelinks import stripe_url
from billing.admin.timelinewords import moment, timeline_rows
from billing.counting import with_state
from billing.models import Invoice, Subscription
from billing.plans import section_now
from billing.section import EVERY_WORDS
from billing.selectors import next_charge
from billing.staffing import Wish, acts_possible, subscription_act
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import AUDIT, ReadOnlyAdmin, actor_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from loyalty.admin.amounts import money
from loyalty.admin.filters import MemberIdFilter
from members.models import MemberFact
from members.naming import attach_members, may_see_people, member_link

ACT = "billing.act_on_subscription"
SEE_INVOICES = "billing.view_invoice"
INVOICES = 50


class MemberOfSubscription(MemberIdFilter):
    path = "member"


@brand_admin(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    # The first column leads to the subscription; the member has a link of their own.
    list_display = ("plan", "member_shown", "state_shown", "price_shown", "next_shown", "started_at")
    list_filter = (PlanFilter, StateFilter, LeavingFilter, MemberOfSubscription)
    search_fields = ("stripe_id__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id, or by an id at Stripe.")
    ordering = ("-pk",)
    change_form_template = "admin/billing/subscription.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        rows = rows.select_related("member", "plan__program", "price", "next_price__plan", "connection")
        return with_state(rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscription], search_term: str
    ) -> tuple[QuerySet[Subscription], bool]:
        return of_member(request, queryset, search_term, "stripe_id"), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.member)

    # --- columns -------------------------------------------------------------------------------------------------
    @display(description=gettext_lazy("member"))
    def member_shown(self, row: Subscription) -> str:
        return member_link(row)

    @display(description=gettext_lazy("state"), label=TONES)
    def state_shown(self, row: Any) -> tuple[str, str]:
        return row.state, str(STATES[row.state])

    @display(description=gettext_lazy("price"), ordering="price__amount_minor")
    def price_shown(self, row: Subscription) -> str:
        return price_words(row)

    @display(description=gettext_lazy("next"), ordering="period_end")
    def next_shown(self, row: Subscription) -> str:
        return next_words(row)

    # --- pages ---------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        return [path("<path:object_id>/act/<slug:act>/", act, name="billing_subscription_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        self.prepare_page(request, [row])
        may = request.user.has_perm(ACT)
        context = self.page_context(
            request,
            title=_("Subscription"),
            obj=row,
            row=row,
            member=member_link(row),
            state=(TONES.get(row.state, ""), str(STATES[row.state])),
            access=str(ACCESS[row.access]),
            price=price_words(row),
            next=next_words(row),
            then=price_words(row, then=True) if row.then_price else "",
            timeline=timeline_rows(row, people=may_see_people(request)),
            invoices=self._invoices(request, row),
            facts=self._facts(request, row),
            **on_top(row),
            acts=[(act, ACTS[act]) for act in acts_possible(row)] if may else [],
            stripe_url=stripe_url(row.connection, row.stripe_id or ""),
            history_url=self.url("history", row.pk) if request.user.has_perm(AUDIT) else "",
        )
        return TemplateResponse(request, "admin/billing/subscription.html", context)

    def _invoices(self, request: HttpRequest, row: Subscription) -> list[tuple[Invoice, str, str]]:
        if not request.user.has_perm(SEE_INVOICES):
            return []
        rows = Invoice.objects.filter(subscription=row)[:INVOICES]
        return [
            (each, money(each.total_minor, each.currency), money(each.refunded_minor, each.currency)) for each in rows
        ]

    def _facts(self, request: HttpRequest, row: Subscription) -> list[tuple[str, str, Any]]:
        """What rules and benefits know of the member by billing: name, value, until when."""
        if not may_see_people(request):
            return []
        rows = MemberFact.objects.filter(member=row.member_id, key__in=("plan", "charged_at")).order_by("-key")
        names = {"plan": _("plan"), "charged_at": _("last charged at")}
        told: dict[str, Callable[[str], str]] = {"plan": str, "charged_at": moment}
        return [(names[each.key], told[each.key](each.value), each.until) for each in rows]

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """GET asks for the reason, POST does it."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(ACT))
        words = ACTS.get(act)
        if words is None:
            raise Http404(_("There is no such thing here."))

        def act_with(given: dict[str, Any]) -> str:
            wish = Wish(act=act, **given)  # type: ignore[arg-type]  # ACTS has exactly the acts
            subscription_act(subscription=row, wish=wish, actor=actor_of(request))
            return str(words.done)

        form = form_of(act, section_now(row.plan.program_id).most_pause_months, sent(request))
        return ask_and_do(
            self, request, form, act_with, title=str(words.title), intro=str(words.intro), danger=words.danger,
            obj=row, back=self.url("change", row.pk),
        )  # fmt: skip

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The trail knows a subscription by the id that partners have."""
        self.require(self.has_view_or_change_permission(request) and request.user.has_perm(AUDIT))
        row = self.object_or_404(request, object_id)
        query = urlencode({"object_type": "subscription", "object_id": row.public_id, "period": "all"})
        return HttpResponseRedirect(f"{reverse(f'{self.admin_site.name}:core_auditentry_changelist')}?{query}")


def price_words(row: Subscription, *, then: bool = False) -> str:
    """€10.00 a month; the plan is named where it will be another."""
    price = row.then_price if then else row.price
    if price is None:
        return _("free of charge") if row.plan.kind == "free" else DASH
    text = money(price.amount_minor * row.quantity, price.currency)
    text = f"{text} {_(EVERY_WORDS[price.every])}" if price.every else text
    return f"{price.plan}, {text}" if then else text


def next_words(row: Subscription) -> str:
    """What comes next: the end, the charge with its day, or nothing."""
    if row.cancel_scheduled and row.cancel_at is not None:
        return _("ends %(date)s") % {"date": date_format(localtime(row.cancel_at), "SHORT_DATE_FORMAT")}
    charge = next_charge(row)
    if charge is None:
        return DASH
    return f"{money(charge.amount_minor, charge.currency)} · {date_format(localtime(charge.at), 'SHORT_DATE_FORMAT')}"
