"""Check-ins in the admin: all of them, and the two answers to those that are held."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from claims.checkins import check_in_decide
from claims.models import CheckIn
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.begunby import BegunByFields
from core.backoffice.forms import DressedForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from loyalty.admin.filters import MemberIdFilter
from members.naming import attach_members, may_see_people, member_link

DECIDE = "claims.decide_checkin"


class MemberOfCheckIn(MemberIdFilter):
    path = "enrollment__member"


@brand_admin(CheckIn)
class CheckInAdmin(BegunByFields, ReadOnlyAdmin):
    list_display = ("at", "member", "place", "method", "state_shown", "reason_shown", "distance_shown", "speed_kmh")
    list_filter = ("state", "reason", period_of("at"), "method", "place", MemberOfCheckIn)
    list_select_related = ("place", "enrollment__member")
    search_fields = ("id__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id.")
    ordering = ("-at", "-id")
    change_form_template = "admin/claims/check_in.html"
    fields = (
        ("member", "place"), ("at", "method"), ("state", "reason_shown"), ("distance_shown", "accuracy_m", "speed_kmh"),
        ("decided_at", "decided_by"), ("source_shown", "begun_by_shown"),
    )  # fmt: skip
    readonly_fields = (
        "member", "place", "at", "method", "state", "reason_shown", "distance_shown", "accuracy_m", "speed_kmh",
        "decided_at", "decided_by", "source_shown", "begun_by_shown",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[CheckIn]:
        rows: QuerySet[CheckIn] = super().get_queryset(request)
        return rows.select_related("place", "enrollment__member", "enrollment__program")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CheckIn], search_term: str
    ) -> tuple[QuerySet[CheckIn], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if not may_see_people(request):
            return queryset.none(), False
        who = Q(enrollment__member__email__iexact=term) | Q(enrollment__member__external_id=term)
        return queryset.filter(who), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare_page(request, [obj])
        return obj

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, row: CheckIn) -> str:
        return member_link(row)

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"accepted": "success", "held": "warning", "refused": "danger"},
    )
    def state_shown(self, row: CheckIn) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=gettext_lazy("reason"), ordering="reason")
    def reason_shown(self, row: CheckIn) -> str:
        return row.get_reason_display() or DASH

    @display(description=gettext_lazy("distance"), ordering="distance_m")
    def distance_shown(self, row: CheckIn) -> str:
        if row.distance_m is None:
            return DASH
        return _("%(n)d m of %(radius)d m") % {"n": row.distance_m, "radius": row.place.radius_m}

    # --- deciding ------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        own = (
            ("<path:object_id>/accept/", self.accept_view, "accept"),
            ("<path:object_id>/refuse/", self.refuse_view, "refuse"),
        )
        pages = [
            path(route, self.admin_site.admin_view(view), name=f"claims_checkin_{name}") for route, view, name in own
        ]
        return [*pages, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may = request.user.has_perm(DECIDE)
        return super().change_view(request, object_id, form_url, {"may_decide": may, **(extra_context or {})})

    def accept_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, accept=True)

    def refuse_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, accept=False)

    def _decide(self, request: HttpRequest, object_id: str, *, accept: bool) -> HttpResponse:
        """GET asks, POST does it."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(DECIDE))

        def act(given: dict[str, Any]) -> str:
            check_in_decide(check_in=row, accept=accept, actor=actor_of(request))
            return _("The check-in counts.") if accept else _("The check-in is refused.")

        return ask_and_do(
            self, request, DressedForm(sent(request)), act,
            title=_("Accept the check-in") if accept else _("Refuse the check-in"),
            intro=_("It counts from when the member was there.") if accept else _("It gives nothing."),
            submit=_("Accept") if accept else _("Refuse"), danger=not accept, obj=row, back=self.url("change", row.pk),
        )  # fmt: skip
