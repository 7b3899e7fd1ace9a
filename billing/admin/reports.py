"""Comparisons with Stripe in the admin: what was found and put right, and one asked for now."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.connections import COMPARE
from billing.comparing import comparison_request
from billing.models import BillingReport, StripeConnection
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.forms import DressedForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin

Kind = BillingReport.Kind
PROBLEMS = {
    "stripe_key_refused": gettext_lazy("Stripe refused the key"),
    "stripe_unavailable": gettext_lazy("Stripe couldn’t be reached"),
}


class CompareForm(DressedForm):
    """Which account, and how much of it."""

    account = forms.ModelChoiceField(
        label=gettext_lazy("Account"), queryset=StripeConnection.objects.order_by("-current", "-pk")
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=Kind.choices,
        help_text=gettext_lazy("Events are done every hour, every subscription every night, by themselves."),
    )


@brand_admin(BillingReport)
class BillingReportAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "connection", "kind", "state_shown", "seen", "repaired", "asked_shown")
    list_filter = (period_of("started_at"), "kind", "connection")
    list_select_related = ("connection",)
    ordering = ("-pk",)
    change_list_template = "admin/billing/reports.html"
    change_form_template = "admin/billing/report.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[BillingReport]:
        rows: QuerySet[BillingReport] = super().get_queryset(request).select_related("connection")
        return rows

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        names = actor_names(row.asked_by for row in rows)
        attach(rows, "who", lambda page: {row.pk: names.get(row.asked_by, row.asked_by) for row in page})

    @display(description=gettext_lazy("state"), label={"done": "success", "problem": "danger", "open": "info"})
    def state_shown(self, row: BillingReport) -> tuple[str, str]:
        return state_of(row)

    @display(description=gettext_lazy("asked by"))
    def asked_shown(self, row: BillingReport) -> str:
        return str(attached(row, "who") or _("by itself"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("compare/", wrap(self.compare_view), name="billing_billingreport_compare"),
            path("<path:object_id>/progress/", wrap(self.progress_view), name="billing_billingreport_progress"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = request.user.has_perm(COMPARE) and StripeConnection.objects.exists()
        return super().changelist_view(request, {"may_compare": may, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        context = self.page_context(request, title=_("Comparison with Stripe"), obj=row, **self._context(request, row))
        return TemplateResponse(request, "admin/billing/report.html", context)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The piece of the page that renews itself while the comparison is under way."""
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        return TemplateResponse(request, "admin/billing/report_progress.html", self._context(request, row))

    def _context(self, request: HttpRequest, row: BillingReport) -> dict[str, Any]:
        self.prepare_page(request, [row])
        return {
            "row": row,
            "state": state_of(row),
            "who": self.asked_shown(row),
            "problem": str(PROBLEMS.get(row.problem, row.problem)),
            "differences": list(row.differences.all()),
        }

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks which, POST has it done."""
        self.require(request.user.has_perm(COMPARE))
        asked = {
            "kind": request.GET.get("kind", Kind.EVENTS),
            "account": StripeConnection.objects.filter(current=True).first(),
        }

        def act(given: dict[str, Any]) -> HttpResponse:
            row = comparison_request(account=given["account"], kind=Kind(given["kind"]), actor=actor_of(request))
            return HttpResponseRedirect(self.url("change", row.pk))

        return ask_and_do(
            self, request, CompareForm(sent(request), initial=asked), act, title=_("Compare with Stripe now"),
            intro=_("What differs is put right here as Stripe has it; nothing is changed at Stripe."),
            submit=_("Compare"), back=self.url("changelist"),
        )  # fmt: skip


def state_of(row: BillingReport) -> tuple[str, str]:
    if row.finished_at is None:
        return "open", _("under way")
    return ("problem", _("broke off")) if row.problem else ("done", _("done"))
