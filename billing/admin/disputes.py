"""Disputes in the admin: what is to be answered by when, and what became of the membership."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.filters import STATES, of_member
from billing.admin.stripelinks import stripe_url
from billing.admin.timelinewords import timeline_rows
from billing.counting import with_state
from billing.models import Dispute, Subscription
from core.backoffice.base import ReadOnlyAdmin
from core.backoffice.columns import attach, attached
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from loyalty.admin.amounts import money
from members.naming import attach_members, member_link

TONES = {
    "needs_response": "danger", "warning_needs_response": "danger", "under_review": "warning",
    "warning_under_review": "warning", "won": "success", "warning_closed": "success", "prevented": "success",
    "lost": "info",
}  # fmt: skip
# The bank's words for why, as Stripe names them.
REASONS: dict[str, Any] = {
    "bank_cannot_process": gettext_lazy("the bank couldn’t process it"),
    "check_returned": gettext_lazy("the cheque came back"),
    "credit_not_processed": gettext_lazy("a refund never came"),
    "customer_initiated": gettext_lazy("the payer objects"),
    "debit_not_authorized": gettext_lazy("the debit wasn’t allowed"),
    "duplicate": gettext_lazy("charged twice"),
    "fraudulent": gettext_lazy("the payer doesn’t know of it"),
    "general": gettext_lazy("no reason given"),
    "incorrect_account_details": gettext_lazy("wrong account details"),
    "insufficient_funds": gettext_lazy("not enough money"),
    "product_not_received": gettext_lazy("nothing was received"),
    "product_unacceptable": gettext_lazy("not as described"),
    "subscription_canceled": gettext_lazy("charged after cancelling"),
    "unrecognized": gettext_lazy("the payer doesn’t recognise it"),
}
# What of a timeline tells how the membership fared meanwhile.
ABOUT = frozenset({"disputed", "dispute_closed", "access_began", "access_ended", "ended", "moved", "refunded"})


class StandingFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("open")), ("won", gettext_lazy("won")), ("lost", gettext_lazy("lost"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            "open": Dispute.OPEN_STATES,
            "won": ("won", "warning_closed", "prevented"),
            "lost": ("lost",),
        }.get(self.value() or "")
        return queryset.filter(status__in=wanted) if wanted is not None else queryset


@brand_admin(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = (
        "opened_at", "member_shown", "amount_shown", "reason_shown", "status_shown", "answer_shown", "plan_shown",
    )  # fmt: skip
    list_filter = (StandingFilter, period_of("opened_at", default_period="all"))
    search_fields = ("stripe_id__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id, or by the dispute’s id at Stripe.")
    ordering = ("-opened_at", "-pk")
    change_form_template = "admin/billing/dispute.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        rows: QuerySet[Dispute] = super().get_queryset(request)
        return rows.select_related("member", "connection", "invoice__subscription__plan")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Dispute], search_term: str
    ) -> tuple[QuerySet[Dispute], bool]:
        return of_member(request, queryset, search_term, "stripe_id"), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.member)
        named = {row.pk: row.invoice.subscription_id for row in rows if row.invoice is not None}
        found = dict(with_state(Subscription.objects.filter(pk__in=named.values())).values_list("pk", "state"))
        attach(rows, "standing", lambda page: {pk: found.get(subscription) for pk, subscription in named.items()})

    # --- columns -------------------------------------------------------------------------------------------------
    @display(description=gettext_lazy("member"))
    def member_shown(self, row: Dispute) -> str:
        return member_link(row)

    @display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount_shown(self, row: Dispute) -> str:
        return money(row.amount_minor, row.currency)

    @display(description=gettext_lazy("why"))
    def reason_shown(self, row: Dispute) -> str:
        return str(REASONS.get(row.reason, row.reason))

    @display(description=gettext_lazy("state"), ordering="status", label=TONES)
    def status_shown(self, row: Dispute) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=gettext_lazy("answer by"), ordering="answer_by")
    def answer_shown(self, row: Dispute) -> str:
        return date_format(localtime(row.answer_by), "SHORT_DATETIME_FORMAT") if row.answer_by else DASH

    @display(description=gettext_lazy("the membership"))
    def plan_shown(self, row: Dispute) -> str:
        standing = attached(row, "standing")
        if standing is None or row.invoice is None or row.invoice.subscription is None:
            return DASH
        return f"{row.invoice.subscription.plan}: {STATES[standing]}"

    # --- pages ---------------------------------------------------------------------------------------------------
    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        self.prepare_page(request, [row])
        subscription = row.invoice.subscription if row.invoice is not None else None
        lines = timeline_rows(subscription, people=False, kinds=ABOUT, since=row.opened_at) if subscription else []
        context = self.page_context(
            request,
            title=self.amount_shown(row),
            obj=row,
            row=row,
            member=member_link(row),
            why=self.reason_shown(row),
            plan=self.plan_shown(row),
            subscription=subscription,
            timeline=lines,
            stripe_url=stripe_url(row.connection, row.invoice.payment_intent if row.invoice is not None else ""),
        )
        return TemplateResponse(request, "admin/billing/dispute.html", context)
