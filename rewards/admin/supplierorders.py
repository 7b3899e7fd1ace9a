"""Orders at suppliers, and comparisons of the books, in the admin. A code is never shown here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of, add_refusal
from core.backoffice.columns import attach, attached
from core.backoffice.display import points
from core.backoffice.export import csv_response
from core.backoffice.forms import ReasonForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH, Labelled
from core.errors import DomainError
from loyalty.admin.amounts import money
from members.naming import attach_members, member_link
from rewards.suppliers.byhand import order_give_back, order_retry
from rewards.suppliers.models import SupplierDifference, SupplierOrder, SupplierReconciliation
from rewards.suppliers.reconciling import TITLES, difference_rows
from rewards.suppliers.words import answer_words, difference_words, failure_words, problem_words

SETTLE = "rewards.settle_supplierorder"
State = SupplierOrder.State
TONES = {
    State.WAITING: "info", State.SENT: "warning", State.PLACED: "info", State.DELIVERED: "success",
    State.FAILED: "danger", State.STUCK: "danger",
}  # fmt: skip
SHOWN = 200


@brand_admin(SupplierOrder)
class SupplierOrderAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "member", "product", "amount", "state_shown", "connection", "attempts")
    list_filter = ("state", "connection", period_of("created_at"))
    list_select_related = ("connection", "product", "redemption__enrollment__member")
    search_fields = ("redemption__id__exact", "ref")
    search_help_text = gettext_lazy("Search by the redemption’s id or the supplier’s number.")
    ordering = ("-created_at",)
    change_form_template = "admin/rewards/supplier_order.html"
    fields = readonly_fields = (
        "member", "redemption", "connection", "product", "amount", "charged_shown", "state_shown", "ref", "why",
        "attempts", "answer", "created_at", "sent_at", "next_at", "closed_at", "code_until",
    )  # fmt: skip

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare_page(request, [obj])
        return obj

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.redemption.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, row: SupplierOrder) -> str:
        return member_link(row)

    @display(description=gettext_lazy("amount"), ordering="value_minor")
    def amount(self, row: SupplierOrder) -> str:
        return money(row.value_minor, row.money_currency)

    @display(description=gettext_lazy("charged"))
    def charged_shown(self, row: SupplierOrder) -> str:
        if row.charged_minor is None:
            return DASH
        return money(row.charged_minor, row.connection.balance_currency or row.money_currency)

    @display(
        description=gettext_lazy("state"), ordering="state", label={each.value: tone for each, tone in TONES.items()}
    )
    def state_shown(self, row: SupplierOrder) -> Labelled:
        return Labelled(row.state, row.get_state_display())

    @display(description=gettext_lazy("reason"))
    def why(self, row: SupplierOrder) -> str:
        return failure_words(row.failure) or DASH

    @display(description=gettext_lazy("last answer"))
    def answer(self, row: SupplierOrder) -> str:
        return answer_words(row.last_error) or DASH

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/retry/", wrap(self.retry_view), name="rewards_supplierorder_retry"),
            path("<path:object_id>/give-back/", wrap(self.give_back_view), name="rewards_supplierorder_give_back"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        may = request.user.has_perm(SETTLE)
        more = {"may_retry": may and row.open, "may_give_back": may and row.state == State.STUCK}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SETTLE))
        if request.method == "POST":
            try:
                order_retry(order=row, actor=actor_of(request))
            except DomainError as error:
                add_refusal(request, error)
            else:
                messages.success(request, _("The supplier is asked once more."))
        return HttpResponseRedirect(self.url("change", row.pk))

    def give_back_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SETTLE))

        def act(given: dict[str, Any]) -> str:
            order_give_back(order=row, actor=actor_of(request), reason=given["reason"])
            return _("The order is closed and the points are back.")

        return ask_and_do(
            self, request, ReasonForm(sent(request)), act, title=_("Give the points back"), danger=True, obj=row,
            intro=_("Ask the supplier first: should it deliver after all, you pay for nothing."),
            back=self.url("change", row.pk),
        )  # fmt: skip


@brand_admin(SupplierReconciliation)
class SupplierReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "connection", "since", "until", "ours", "theirs", "agreed", "left", "trouble")
    list_filter = ("connection", period_of("started_at"))
    list_select_related = ("connection",)
    ordering = ("-id",)
    change_form_template = "admin/rewards/supplier_comparison.html"
    fields = readonly_fields = (
        "connection", "since", "until", "ours", "theirs", "agreed", "started_at", "finished_at", "trouble",
    )  # fmt: skip

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        found = SupplierDifference.objects.filter(reconciliation__in=[row.pk for row in rows], repaired=False)
        counts: dict[int, int] = {}
        for pk in found.values_list("reconciliation_id", flat=True):
            counts[pk] = counts.get(pk, 0) + 1
        attach(rows, "left", lambda page: counts)

    @display(description=gettext_lazy("left to be settled"))
    def left(self, row: SupplierReconciliation) -> str:
        return points(attached(row, "left") or 0)

    @display(description=gettext_lazy("problem"))
    def trouble(self, row: SupplierReconciliation) -> str:
        return problem_words(row.problem)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.csv_view)
        return [path("<path:object_id>/csv/", view, name="rewards_supplierreconciliation_csv"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        differences = row.differences.select_related("order").order_by("repaired", "pk")
        account = row.connection.balance_currency
        told = [(each, *difference_words(each, account)) for each in differences[:SHOWN]]
        more = {"differences": told, "all_of_them": differences.count(), "trouble": problem_words(row.problem)}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def csv_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        columns = [(title, lambda cells, at=at: cells[at]) for at, title in enumerate(TITLES)]
        return csv_response(rows=difference_rows(row), columns=columns, filename=f"comparison-{row.pk}.csv")
