"""Invoices in the admin: the list, one with what was paid back and disputed, money back, and who owes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.acts import RefundForm
from billing.admin.filters import PlanOfInvoice, of_member
from billing.admin.stripelinks import stripe_url
from billing.disputes import disputes_of
from billing.models import Invoice
from billing.owing import invoices_owed, notices_of
from billing.refunding import invoice_refund
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names
from core.backoffice.paging import BoundedPaginator
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from loyalty.admin.amounts import money
from loyalty.admin.filters import MemberIdFilter
from members.naming import attach_members, member_link

REFUND = "billing.refund_subscription"
AT_ONCE = 100
STATUS_TONES = {
    "draft": "info", "open": "warning", "paid": "success", "void": "info", "uncollectible": "danger",
}  # fmt: skip


class MemberOfInvoice(MemberIdFilter):
    path = "member"


class TroubleFilter(SimpleListFilter):
    """What somebody may have to look at."""

    title = gettext_lazy("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("late", gettext_lazy("tried in vain")),
            ("disputed", gettext_lazy("disputed")),
            ("refunded", gettext_lazy("paid back")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            "late": Q(status=Invoice.Status.OPEN, attempts__gt=0),
            "disputed": Q(disputed=True),
            "refunded": Q(refunded_minor__gt=0),
        }.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


@brand_admin(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "number_shown",
        "member_shown",
        "plan_shown",
        "total_shown",
        "status_shown",
        "back_shown",
    )
    list_filter = (period_of("created_at"), "status", TroubleFilter, PlanOfInvoice, MemberOfInvoice)
    search_fields = ("number__exact",)
    search_help_text = gettext_lazy("Search by a number, a member's e-mail or external id, or an id at Stripe.")
    ordering = ("-created_at", "-pk")
    change_list_template = "admin/billing/invoices.html"
    change_form_template = "admin/billing/invoice.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        rows: QuerySet[Invoice] = super().get_queryset(request)
        return rows.select_related("member", "subscription__plan__program", "connection")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        return of_member(request, queryset, search_term, "number", "stripe_id", "payment_intent"), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.member)

    # --- columns -------------------------------------------------------------------------------------------------
    @display(description=gettext_lazy("number"), ordering="number")
    def number_shown(self, row: Invoice) -> str:
        return str(row)

    @display(description=gettext_lazy("member"))
    def member_shown(self, row: Invoice) -> str:
        return member_link(row)

    @display(description=gettext_lazy("plan"))
    def plan_shown(self, row: Invoice) -> str:
        return str(row.subscription.plan) if row.subscription is not None else "–"

    @display(description=gettext_lazy("total"), ordering="total_minor")
    def total_shown(self, row: Invoice) -> str:
        return money(row.total_minor, row.currency)

    @display(description=gettext_lazy("status"), ordering="status", label=STATUS_TONES)
    def status_shown(self, row: Invoice) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=gettext_lazy("paid back"), ordering="refunded_minor")
    def back_shown(self, row: Invoice) -> str:
        return money(row.refunded_minor, row.currency) if row.refunded_minor else "–"

    # --- pages ---------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("late/", wrap(self.late_view), name="billing_invoice_late"),
            path("<path:object_id>/refund/", wrap(self.refund_view), name="billing_invoice_refund"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        self.prepare_page(request, [row])
        refunds = list(row.refunds.all())
        names = actor_names(each.actor for each in refunds)
        left = row.paid_minor - row.refunded_minor
        sums = {
            name: money(getattr(row, f"{name}_minor"), row.currency)
            for name in ("subtotal", "tax", "total", "paid", "refunded", "due")
        }
        context = self.page_context(
            request,
            title=_("Invoice %(number)s") % {"number": row},
            obj=row,
            row=row,
            member=member_link(row),
            sums=sums,
            lines=[_line(each, row.currency) for each in row.lines if isinstance(each, dict)],
            refunds=[
                (each, money(each.amount_minor, each.currency), names.get(each.actor, each.actor)) for each in refunds
            ],
            disputes=[(each, money(each.amount_minor, each.currency)) for each in disputes_of(row)],
            may_refund=request.user.has_perm(REFUND) and row.status == Invoice.Status.PAID and left > 0,
            stripe_url=stripe_url(row.connection, row.stripe_id),
        )
        return TemplateResponse(request, "admin/billing/invoice.html", context)

    def refund_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(REFUND))

        def act(given: dict[str, Any]) -> str:
            made = invoice_refund(
                invoice=row, amount_minor=given["amount"], reason=given["reason"], key=given["key"],
                actor=actor_of(request),
            )  # fmt: skip
            return _("%(sum)s is paid back.") % {"sum": money(made.amount_minor, made.currency)}

        intro = _(
            "The money goes back to the card. The subscription goes on: ending it is another step. When all of it"
            " is paid back, the points that it earned are taken off."
        )
        return ask_and_do(
            self, request, RefundForm(row, sent(request)), act, title=_("Pay back of %(number)s") % {"number": row},
            intro=intro, submit=_("Pay back"), danger=True, obj=row, back=self.url("change", row.pk),
            places={"amount_minor": "amount"},
        )  # fmt: skip

    def late_view(self, request: HttpRequest) -> HttpResponse:
        """Who owes, since when, when the card is tried again, and what was said."""
        self.require(self.has_view_permission(request))
        page = BoundedPaginator(invoices_owed(), AT_ONCE).get_page(request.GET.get("page"))
        found = list(page.object_list)
        self.prepare_page(request, found)
        told = notices_of(found)
        context = self.page_context(
            request,
            title=_("Failed payments"),
            page=page,
            rows=[(each, member_link(each), money(each.due_minor, each.currency), told[each.pk]) for each in found],
            back_url=self.url("changelist"),
        )
        return TemplateResponse(request, "admin/billing/late.html", context)


def _line(line: dict[str, Any], currency: str) -> tuple[str, str]:
    amount = line.get("amount_minor", line.get("amount"))
    return str(line.get("description") or ""), money(int(amount), currency) if amount is not None else "–"
