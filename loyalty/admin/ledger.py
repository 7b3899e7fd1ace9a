"""The ledger, to be looked at and taken away as a file. Points are moved elsewhere, by services."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import ReadOnlyAdmin
from core.backoffice.begunby import BegunByFields, BegunByFilter, begun_by
from core.backoffice.columns import attach_actor_names, attached
from core.backoffice.display import object_link, signed_points
from core.backoffice.export import csv_response
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import in_language
from loyalty.admin.adjust import adjust_urls
from loyalty.admin.filters import CurrencyFilter, MemberIdFilter
from loyalty.admin.pools import pool_urls
from loyalty.admin.statements import statement_urls
from loyalty.admin.tiers import tier_urls
from loyalty.models import LotDraw, PointsEntry, PointsLot
from members.naming import attach_members, may_see_people, member_link

DRAWS_SHOWN = 200


@brand_admin(PointsEntry)
class PointsEntryAdmin(BegunByFields, ReadOnlyAdmin):
    list_display = (
        "recorded",
        "member",
        "kind_shown",
        "points_shown",
        "currency",
        "reason_shown",
        "order_number",
        "who",
    )
    list_filter = (period_of("recorded_at"), "kind", CurrencyFilter, BegunByFilter, MemberIdFilter)
    list_select_related = ("account__enrollment__member",)
    search_fields = ("order_number__exact",)
    search_help_text = gettext_lazy("Search by order number, or by a member's e-mail or external id.")
    ordering = ("-id",)
    change_form_template = "admin/loyalty/entry.html"
    fieldsets = (
        (None, {"fields": (("kind", "points_shown"), ("member", "currency"), ("reason_shown", "rule"))}),
        (
            gettext_lazy("Where from"),
            {
                "fields": (
                    ("occurred_at", "recorded_at"),
                    ("event_shown", "order_number"),
                    ("who", "source_shown"),
                    "reversal",
                )
            },
        ),
        (gettext_lazy("After it"), {"fields": (("balance_after", "debt"), ("expires_at", "allocated_minor"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PointsEntry]:
        rows: QuerySet[PointsEntry] = super().get_queryset(request)
        return rows.select_related("account__enrollment__member")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PointsEntry], search_term: str
    ) -> tuple[QuerySet[PointsEntry], bool]:
        """Exact matches only: a part of a text can't be found in millions of rows."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(order_number=term)
        if may_see_people(request):
            found |= Q(account__enrollment__member__email__iexact=term)
            found |= Q(account__enrollment__member__external_id=term)
        return queryset.filter(found), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_actor_names(rows)
        attach_members(request, rows, lambda row: row.account.enrollment.member)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            self.prepare_page(request, [entry])
        return entry

    # --- columns -------------------------------------------------------------------------------------------------
    @display(description=gettext_lazy("recorded at"), ordering="id")
    def recorded(self, entry: PointsEntry) -> Any:
        return entry.recorded_at

    @display(description=gettext_lazy("member"))
    def member(self, entry: PointsEntry) -> str:
        return member_link(entry)

    @display(
        description=gettext_lazy("kind"),
        label={"earn": "success", "spend": "info", "expire": "warning", "reverse": "danger", "debt": "danger"},
    )
    def kind_shown(self, entry: PointsEntry) -> tuple[str, str]:
        return entry.kind, entry.get_kind_display()

    @display(description=gettext_lazy("points"))
    def points_shown(self, entry: PointsEntry) -> str:
        return signed_points(entry.points)

    @display(description=gettext_lazy("currency"))
    def currency(self, entry: PointsEntry) -> str:
        return entry.account.currency

    @display(description=gettext_lazy("reason"))
    def reason_shown(self, entry: PointsEntry) -> str:
        return in_language(entry.reason)

    @display(description=gettext_lazy("who"))
    def who(self, entry: PointsEntry) -> str:
        if attached(entry, "who") is None:
            attach_actor_names([entry])
        return str(attached(entry, "who")) or begun_by(entry.initiated_by)

    @display(description=gettext_lazy("event"))
    def event_shown(self, entry: PointsEntry) -> str:
        return object_link(entry.event)

    @display(description=gettext_lazy("reversal of"))
    def reversal(self, entry: PointsEntry) -> str:
        return object_link(entry.reversal_of)

    # --- page ----------------------------------------------------------------------------------------------------
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        names: list[str] = []
        for _title, options in self.fieldsets:
            for line in options["fields"]:
                names += [line] if isinstance(line, str) else list(line)
        return tuple(names)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        entry = self.object_or_404(request, object_id)
        context = {
            "lot": PointsLot.objects.filter(pk=entry.pk).first(),
            "draws": LotDraw.objects.filter(entry=entry).select_related("lot__entry").order_by("id")[:DRAWS_SHOWN],
            "drawn_by": LotDraw.objects.filter(lot_id=entry.pk).select_related("entry").order_by("id")[:DRAWS_SHOWN],
            "reversals": entry.reversals.order_by("id")[:DRAWS_SHOWN],
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    # --- file ----------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export_view), name="loyalty_pointsentry_export")
        return [
            export,
            *adjust_urls(self),
            *statement_urls(self),
            *pool_urls(self),
            *tier_urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"export_url": f"{self.url('export')}?{request.GET.urlencode()}", **(extra_context or {})}
        return super().changelist_view(request, context)

    change_list_template = "admin/backoffice/list_with_export.html"

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered, all pages of it."""
        self.require(self.has_view_permission(request))
        rows = self.get_changelist_instance(request).get_queryset(request).order_by("-id")
        people = may_see_people(request)
        columns = [
            ("id", lambda e: e.pk),
            (_("recorded at"), lambda e: e.recorded_at.isoformat()),
            (_("occurred at"), lambda e: e.occurred_at.isoformat()),
            (_("member"), lambda e: str(e.account.enrollment.member.public_id)),
            (_("external id"), lambda e: e.account.enrollment.member.external_id if people else ""),
            (_("currency"), lambda e: e.account.currency),
            (_("kind"), lambda e: e.kind),
            (_("points"), lambda e: e.points),
            (_("debt"), lambda e: e.debt),
            (_("rule"), lambda e: e.rule),
            (_("reason"), lambda e: in_language(e.reason)),
            (_("order"), lambda e: e.order_number),
            (_("source"), lambda e: e.source),
            (_("initiated by"), lambda e: e.initiated_by),
            (_("expires at"), lambda e: e.expires_at.isoformat() if e.expires_at else ""),
        ]
        return csv_response(rows=rows.iterator(chunk_size=2000), columns=columns, filename="ledger.csv")
