"""What happened: events with how they were judged, and the orders among them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import ReadOnlyAdmin
from core.backoffice.begunby import BegunByFields
from core.backoffice.display import object_link, pretty_json
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from loyalty.admin.amounts import money
from loyalty.admin.filters import MemberIdFilter
from loyalty.admin.tracewords import achieved_lines, trace_lines
from loyalty.models import Event, Order
from members.naming import attach_members, may_see_people, member_link

ENTRIES_SHOWN = 200


def member_or_number(request: HttpRequest, queryset: QuerySet[Any], term: str, number: str) -> QuerySet[Any]:
    """Rows with exactly that number; for whoever may see people also those of the member with that e-mail or id."""
    found = Q(**{number: term})
    if may_see_people(request):
        found |= Q(member__email__iexact=term) | Q(member__external_id=term)
    return queryset.filter(found)


class MemberOfEvent(MemberIdFilter):
    path = "member"


@brand_admin(Event)
class EventAdmin(BegunByFields, ReadOnlyAdmin):
    list_display = ("received_at", "type", "external_id", "member_shown", "status_shown", "awarded", "source")
    list_filter = (period_of("received_at"), "status", "type", "source", MemberOfEvent)
    list_select_related = ("member",)
    search_fields = ("external_id__exact",)
    search_help_text = gettext_lazy("Search by the event's own id, or by a member's e-mail or external id.")
    ordering = ("-received_at",)
    change_form_template = "admin/loyalty/event.html"
    fieldsets = (
        (None, {"fields": (("type", "external_id"), ("member_shown", "status"), ("occurred_at", "received_at"))}),
        (gettext_lazy("Where from"), {"fields": (("source", "begun_by_shown", "actor"), ("program", "version_shown"))}),
        (gettext_lazy("What was told"), {"fields": ("payload_shown",)}),
    )
    readonly_fields = (
        "type", "external_id", "member_shown", "status", "occurred_at", "received_at", "source", "begun_by_shown",
        "actor", "program", "version_shown", "payload_shown",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """The list doesn't need the long columns; a page fetches them."""
        rows: QuerySet[Event] = super().get_queryset(request).select_related("member")
        match = request.resolver_match
        if match is not None and (match.url_name or "").endswith("_change"):
            return rows.select_related("program", "version__program")
        return rows.defer("payload", "trace", "payload_hash")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        term = search_term.strip()
        return (member_or_number(request, queryset, term, "external_id") if term else queryset), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.member)

    @display(description=gettext_lazy("member"))
    def member_shown(self, event: Event) -> str:
        return member_link(event)

    @display(
        description=gettext_lazy("status"),
        label={"processed": "success", "guest": "info", "unmatched": "warning"},
    )
    def status_shown(self, event: Event) -> tuple[str, str]:
        return event.status, event.get_status_display()

    @display(description=gettext_lazy("points"))
    def awarded(self, event: Event) -> str:
        awards = event.result.get("awards", []) if isinstance(event.result, dict) else []
        taken = event.result.get("reversed", []) if isinstance(event.result, dict) else []
        parts = [f"+{each['points']} {each['currency']}" for each in awards]
        parts += [f"−{abs(each['points'])} {each['currency']}" for each in taken]
        return ", ".join(parts)

    @display(description=gettext_lazy("judged by"))
    def version_shown(self, event: Event) -> str:
        return object_link(event.version)

    @display(description=gettext_lazy("payload"))
    def payload_shown(self, event: Event) -> str:
        return pretty_json(event.payload)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        event = self.object_or_404(request, object_id)
        context = {
            "trace": trace_lines(event.trace, event.version.document if event.version else None),
            "entries": event.entries.select_related("account").order_by("id")[:ENTRIES_SHOWN],
            "achieved": achieved_lines(event.result, event.version.document if event.version else None),
            "result": event.result,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)


@brand_admin(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "number", "member_shown", "total", "refunded", "channel", "store", "source")
    list_filter = (period_of("occurred_at"), "source", "currency", MemberOfEvent)
    list_select_related = ("member",)
    search_fields = ("number__exact",)
    search_help_text = gettext_lazy("Search by order number, or by a member's e-mail or external id.")
    ordering = ("-occurred_at",)
    fieldsets = (
        (None, {"fields": (("number", "source"), ("member_shown", "occurred_at"), "event_shown")}),
        (
            gettext_lazy("Amounts"),
            {"fields": (("total", "refunded"), ("net", "tax", "shipping"), ("discount", "cost", "fx_rate"))},
        ),
        (gettext_lazy("Where"), {"fields": (("channel", "store"),)}),
    )
    readonly_fields = (
        "number", "source", "member_shown", "occurred_at", "event_shown", "total", "refunded", "net", "tax", "shipping",
        "discount", "cost", "fx_rate", "channel", "store",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request).select_related("member")
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        term = search_term.strip()
        return (member_or_number(request, queryset, term, "number") if term else queryset), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.member)

    @display(description=gettext_lazy("member"))
    def member_shown(self, order: Order) -> str:
        return member_link(order) if order.member else _("guest")

    @display(description=gettext_lazy("event"))
    def event_shown(self, order: Order) -> str:
        return object_link(order.event)

    @display(description=gettext_lazy("total"), ordering="total_minor")
    def total(self, order: Order) -> str:
        return money(order.total_minor, order.currency)

    @display(description=gettext_lazy("refunded"), ordering="refunded_minor")
    def refunded(self, order: Order) -> str:
        return money(order.refunded_minor, order.currency) if order.refunded_minor else ""

    @display(description=gettext_lazy("net"))
    def net(self, order: Order) -> str:
        return money(order.net_minor, order.currency)

    @display(description=gettext_lazy("tax"))
    def tax(self, order: Order) -> str:
        return money(order.tax_minor, order.currency)

    @display(description=gettext_lazy("shipping"))
    def shipping(self, order: Order) -> str:
        return money(order.shipping_minor, order.currency)

    @display(description=gettext_lazy("discount"))
    def discount(self, order: Order) -> str:
        return money(order.discount_minor, order.currency)

    @display(description=gettext_lazy("cost of goods"))
    def cost(self, order: Order) -> str:
        return money(order.cost_minor, order.currency) if order.cost_minor is not None else ""
