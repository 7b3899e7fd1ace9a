"""Win-back offers in the admin: who got which, until when it holds, and whether they came back with it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.filters import PlanOfInvoice, of_member
from billing.models import WinBackOffer
from billing.winback import off_words, winback_terms
from core import clock
from core.backoffice.base import ReadOnlyAdmin
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from members.naming import attach_members, member_link


def taken() -> dict[str, Q]:
    """How each can stand, as a condition."""
    now = clock.now()
    return {
        "taken": Q(redeemed_at__isnull=False),
        "open": Q(redeemed_at__isnull=True, expires_at__gt=now),
        "over": Q(redeemed_at__isnull=True, expires_at__lte=now),
    }


WORDS: dict[str, Any] = {
    "taken": gettext_lazy("came back with it"),
    "open": gettext_lazy("still good"),
    "over": gettext_lazy("not taken"),
}


class OutcomeFilter(SimpleListFilter):
    title = gettext_lazy("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WORDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = taken().get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


@brand_admin(WinBackOffer)
class WinBackOfferAdmin(ReadOnlyAdmin):
    list_display = ("sent_at", "member_shown", "left_shown", "offer_shown", "expires_at", "outcome_shown")
    list_filter = (OutcomeFilter, period_of("sent_at", default_period="all"), PlanOfInvoice)
    search_fields = ("pk__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id.")
    ordering = ("-sent_at", "-pk")
    change_form_template = "admin/billing/winback.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[WinBackOffer]:
        rows: QuerySet[WinBackOffer] = super().get_queryset(request)
        return rows.select_related("member", "subscription__plan", "redeemed_by__plan")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WinBackOffer], search_term: str
    ) -> tuple[QuerySet[WinBackOffer], bool]:
        return of_member(request, queryset, search_term, "subscription__stripe_id"), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.member)

    @display(description=gettext_lazy("member"))
    def member_shown(self, row: WinBackOffer) -> str:
        return member_link(row)

    @display(description=gettext_lazy("left"))
    def left_shown(self, row: WinBackOffer) -> str:
        return str(row.subscription.plan)

    @display(description=gettext_lazy("offer"))
    def offer_shown(self, row: WinBackOffer) -> str:
        return off_words(winback_terms(row).offer)

    @display(
        description=gettext_lazy("outcome"),
        ordering="redeemed_at",
        label={"taken": "success", "open": "info", "over": "warning"},
    )
    def outcome_shown(self, row: WinBackOffer) -> tuple[str, str]:
        state = "taken" if row.redeemed_at is not None else "open" if row.expires_at > clock.now() else "over"
        return state, str(WORDS[state])

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        self.prepare_page(request, [row])
        context = self.page_context(
            request,
            title=_("Win-back offer"),
            obj=row,
            row=row,
            member=member_link(row),
            offer=self.offer_shown(row),
            outcome=self.outcome_shown(row),
        )
        return TemplateResponse(request, "admin/billing/winback.html", context)
