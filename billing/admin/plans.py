"""Plans in the admin: how many are on each, and who still pays which price. What a plan says stands in the program."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.ladder import LadderPages
from billing.admin.timelinewords import REASONS, STEPS
from billing.counting import live_ones
from billing.leavefigures import leave_figures
from billing.models import MembershipPlan, PlanPrice
from billing.plans import section_now
from billing.section import EVERY_WORDS, SECTION
from core.backoffice.columns import attach, attached
from core.backoffice.display import points
from core.backoffice.registry import brand_admin
from core.backoffice.words import in_language
from loyalty.admin.amounts import money
from loyalty.admin.sections import section_links, section_url
from loyalty.models import Program

KINDS = {
    "free": gettext_lazy("free of charge"),
    "one_fee": gettext_lazy("one fee"),
    "recurring": gettext_lazy("a price that comes back"),
    "add_on": gettext_lazy("an add-on"),
    "metered": gettext_lazy("paid per use"),
}


@brand_admin(MembershipPlan)
class MembershipPlanAdmin(LadderPages):
    list_display = ("name_shown", "program", "group", "kind_shown", "prices_shown", "members_shown", "sold_shown")
    list_filter = ("program",)
    ordering = ("position", "pk")
    change_list_template = "admin/billing/plans.html"
    change_form_template = "admin/billing/plan.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[MembershipPlan]:
        rows: QuerySet[MembershipPlan] = super().get_queryset(request)
        return rows.select_related("program").prefetch_related("prices")

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        found = live_ones().filter(plan__in=rows).values_list("plan").annotate(Count("pk")).order_by()
        attach(rows, "members", lambda page: dict(found))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = request.user.has_perm("loyalty.change_program")
        makes = section_links(SECTION) if may else []
        return super().changelist_view(request, {"makes": makes, **(extra_context or {})})

    @display(description=gettext_lazy("name"), ordering="code")
    def name_shown(self, row: MembershipPlan) -> str:
        return str(row)

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_shown(self, row: MembershipPlan) -> str:
        return str(KINDS.get(row.kind, row.kind))

    @display(description=gettext_lazy("prices"))
    def prices_shown(self, row: MembershipPlan) -> str:
        return ", ".join(price_text(each) for each in row.prices.all() if each.replaced_at is None) or "–"

    @display(description=gettext_lazy("members"))
    def members_shown(self, row: MembershipPlan) -> str:
        return points(attached(row, "members") or 0)

    @display(description=gettext_lazy("can be joined"), label={"yes": "success", "no": "warning", "gone": "danger"})
    def sold_shown(self, row: MembershipPlan) -> tuple[str, str]:
        if row.retired_at is not None:
            return "gone", _("taken out")
        return ("yes", _("yes")) if row.offered else ("no", _("no"))

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "billing_membershipplan"
        return [
            path("leaving/", wrap(self.leaving_view), name=f"{name}_leaving"),
            path("ladder/<int:program>/", wrap(self.ladder_view), name=f"{name}_ladder"),
            *super().get_urls(),
        ]

    def leaving_view(self, request: HttpRequest) -> HttpResponse:
        """How the steps before leaving do, why people go, and who came back."""
        self.require(self.has_view_permission(request))
        figures, names = leave_figures(), _reason_names()
        context = self.page_context(
            request,
            title=_("Leaving"),
            figures=figures,
            steps=[(STEPS.get(step, step), points(number)) for step, number in figures.steps],
            reasons=[(names.get(code, REASONS.get(code, code)), points(number)) for code, number in figures.reasons],
            edits=_editable() if request.user.has_perm("loyalty.change_program") else [],
        )
        return TemplateResponse(request, "admin/billing/leaving.html", context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        paying = dict(live_ones().filter(plan=row).values_list("price").annotate(Count("pk")).order_by())
        prices = row.prices.order_by(F("replaced_at").desc(nulls_first=True), "pk")
        context = self.page_context(
            request,
            title=str(row),
            obj=row,
            row=row,
            kind=self.kind_shown(row),
            sold=self.sold_shown(row),
            members=points(sum(paying.values())),
            prices=[(each, price_text(each), points(paying.get(each.pk, 0))) for each in prices],
            edit_url=section_url(row.program, SECTION),
            members_url=f"{reverse('admin:billing_subscription_changelist')}?plan={row.code}",
        )
        return TemplateResponse(request, "admin/billing/plan.html", context)


def _editable() -> list[tuple[str, str, str]]:
    """Each program with where its terms are changed, and where its ladder is looked at."""
    rows = Program.objects.filter(archived_at__isnull=True).order_by("pk")
    ladder = "admin:billing_membershipplan_ladder"
    return [(str(each), section_url(each, SECTION), reverse(ladder, args=[each.pk])) for each in rows]


def _reason_names() -> dict[str, str]:
    """The brand's own reasons, of all its programs."""
    programs = Program.objects.filter(plans__isnull=False).distinct().values_list("pk", flat=True)
    return {each.code: in_language(each.name) for pk in programs for each in section_now(pk).leave_reasons}


def price_text(price: PlanPrice) -> str:
    text = money(price.amount_minor, price.currency)
    return f"{text} {_(EVERY_WORDS[price.every])}" if price.every else text
