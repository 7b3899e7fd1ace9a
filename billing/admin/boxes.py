"""The queue of boxes: what is to be packed and what is coming, its list and its file, and moving boxes on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import display

from billing.boxes.addressing import address_of
from billing.boxes.selectors import boxes_to_send
from billing.boxes.sending import MOVES, box_move, boxes_csv, line_of
from billing.models import Shipment
from core.audit import audit_record
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from members.naming import attach_members, may_see_people, member_link

HANDLE = "billing.handle_shipment"
AT_ONCE = 1_000


class BoxMoveForm(DressedForm):
    state = forms.ChoiceField(label=gettext_lazy("State"))
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60, required=False)
    tracking = forms.CharField(label=gettext_lazy("Tracking number"), max_length=120, required=False)

    def __init__(self, box: Shipment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        can = MOVES.get(box.state, ())
        known = [(value, text) for value, text in Shipment.State.choices if value in can]
        self.fields["state"].choices = known  # type: ignore[attr-defined]  # a choice field


@brand_admin(Shipment)
class ShipmentAdmin(ReadOnlyAdmin):
    list_display = ("cycle_at", "plan", "member", "quantity", "country", "state_shown", "paid", "sends_at", "tracking")
    list_filter = ("state", "subscription__plan", "country")
    list_select_related = ("subscription__plan", "subscription__member")
    ordering = ("sends_at",)
    change_form_template = "admin/billing/box.html"
    change_list_template = "admin/billing/boxes.html"
    fields = (
        "plan", "member", "contents", "quantity", "state", "why", ("cycle_at", "cut_off_at", "sends_at"), "paid_at",
        "country", ("carrier", "tracking"), ("shipped_at", "delivered_at"),
    )  # fmt: skip
    readonly_fields = (
        "plan", "member", "contents", "quantity", "state", "why", "cycle_at", "cut_off_at", "sends_at", "paid_at",
        "country", "carrier", "tracking", "shipped_at", "delivered_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        rows: QuerySet[Shipment] = super().get_queryset(request)
        return rows.select_related("subscription__plan__program", "subscription__member")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare_page(request, [obj])
        return obj

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.subscription.member)

    @display(description=gettext_lazy("member"))
    def member(self, box: Shipment) -> str:
        return member_link(box)

    @display(description=gettext_lazy("plan"))
    def plan(self, box: Shipment) -> str:
        return str(box.subscription.plan)

    @display(description=gettext_lazy("contents"))
    def contents(self, box: Shipment) -> str:
        return ", ".join(lines_of(box))

    @display(description=gettext_lazy("paid"), boolean=True)
    def paid(self, box: Shipment) -> bool:
        return box.paid_at is not None

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"locked": "warning", "shipped": "info", "delivered": "success", "returned": "danger"},
    )
    def state_shown(self, box: Shipment) -> tuple[str, str]:
        return box.state, box.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        of = self.admin_site.admin_view
        return [
            path("list/", of(self.list_view), name="billing_shipment_list"),
            path("file/", of(self.file_view), name="billing_shipment_file"),
            path("<path:object_id>/move/", of(self.move_view), name="billing_shipment_move"),
            *super().get_urls(),
        ]

    def _may(self, request: HttpRequest) -> bool:
        """Addresses are people: who may not see those packs nothing."""
        return bool(request.user.has_perm(HANDLE)) and may_see_people(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"may_handle": self._may(request), **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        more: dict[str, Any] = {"may_handle": self._may(request)}
        if more["may_handle"]:
            box = self.object_or_404(request, object_id)
            more |= {"address": address_of(box), "can_move": bool(MOVES.get(box.state))}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """The packing list: what is closed and not sent yet, the soonest first, to be printed and ticked off."""
        self.require(self._may(request))
        rows = boxes_to_send()[:AT_ONCE]
        context = self.page_context(
            request,
            title=_("Packing list"),
            boxes=[(each, lines_of(each), address_of(each)) for each in rows],
            list_url=self.url("changelist"),
        )
        return TemplateResponse(request, "admin/billing/packing_list.html", context)

    def file_view(self, request: HttpRequest) -> HttpResponseBase:
        """The same as CSV, for whoever sends the boxes."""
        self.require(self._may(request))
        rows = list(boxes_to_send()[:AT_ONCE])
        audit_record(
            actor=actor_of(request).name, action="shipment.export", object_type="shipment", object_id="",
            changes={"boxes": len(rows)},
        )  # fmt: skip
        answer = StreamingHttpResponse(boxes_csv(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="boxes.csv"'
        return answer

    def move_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        box = self.object_or_404(request, object_id)
        self.require(self._may(request))

        def act(given: dict[str, Any]) -> str:
            box_move(shipment=box, actor=actor_of(request), **given)
            return _("The box is moved on.")

        return ask_and_do(
            self, request, BoxMoveForm(box, sent(request)), act, title=_("Move the box on"), submit=_("Move on"),
            intro=_("A box that is sent earns its member what the program says; one that comes back takes that back."),
            obj=box, back=self.url("change", box.pk),
        )  # fmt: skip


def lines_of(box: Shipment) -> list[str]:
    """What is in it, and what was added, in the reader's language."""
    language = (get_language() or "en")[:2]
    return [line_of(each, language) for each in (*box.items, *box.extras)]
