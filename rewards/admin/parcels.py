"""The queue of parcels: what is to be packed, its list and its file, and moving parcels on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.audit import audit_record
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from members.naming import attach_members, may_see_people, member_link
from rewards.fulfilment import MOVES, address_of, parcel_move, parcels_csv
from rewards.models import Fulfilment
from rewards.packing import packing_elsewhere, packing_links

HANDLE = "rewards.handle_fulfilment"
AT_ONCE = 1_000
TO_PACK = (Fulfilment.State.TO_PACK,)


class MoveForm(DressedForm):
    state = forms.ChoiceField(label=gettext_lazy("State"))
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60, required=False)
    tracking = forms.CharField(label=gettext_lazy("Tracking number"), max_length=120, required=False)

    def __init__(self, parcel: Fulfilment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        can = MOVES.get(parcel.state, ())
        known = [(value, text) for value, text in Fulfilment.State.choices if value in can]
        self.fields["state"].choices = known  # type: ignore[attr-defined]  # a field with choices


@brand_admin(Fulfilment)
class FulfilmentAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "reward", "sku", "member", "country", "state_shown", "tracking")
    list_filter = ("state", "redemption__reward", "country")
    list_select_related = ("redemption__reward", "redemption__enrollment__member")
    ordering = ("created_at",)
    change_form_template = "admin/rewards/parcel.html"
    change_list_template = "admin/rewards/parcels.html"
    fields = ("reward", "member", "sku", "state", "country", ("carrier", "tracking"), ("created_at", "changed_at"))
    readonly_fields = (
        "reward", "member", "sku", "state", "country", "carrier", "tracking", "created_at", "changed_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fulfilment]:
        rows: QuerySet[Fulfilment] = super().get_queryset(request)
        return rows.select_related("redemption__reward", "redemption__enrollment__member")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare_page(request, [obj])
        return obj

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.redemption.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, parcel: Fulfilment) -> str:
        return member_link(parcel)

    @display(description=gettext_lazy("reward"))
    def reward(self, parcel: Fulfilment) -> str:
        return str(parcel.redemption.reward)

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"to_pack": "warning", "shipped": "info", "delivered": "success", "returned": "danger"},
    )
    def state_shown(self, parcel: Fulfilment) -> tuple[str, str]:
        return parcel.state, parcel.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        of = self.admin_site.admin_view
        return [
            path("list/", of(self.list_view), name="rewards_fulfilment_list"),
            path("file/", of(self.file_view), name="rewards_fulfilment_file"),
            path("<path:object_id>/move/", of(self.move_view), name="rewards_fulfilment_move"),
            *super().get_urls(),
        ]

    def _may(self, request: HttpRequest) -> bool:
        """Addresses are people: who may not see those packs nothing."""
        return bool(request.user.has_perm(HANDLE)) and may_see_people(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        more = {"may_handle": self._may(request), "elsewhere": packing_links(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        more: dict[str, Any] = {"may_handle": self._may(request)}
        if more["may_handle"]:
            parcel = self.object_or_404(request, object_id)
            more |= {"address": address_of(parcel), "can_move": bool(MOVES.get(parcel.state))}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """The packing list: what is to be packed, oldest first, to be printed and ticked off; other rooms' below."""
        self.require(self._may(request))
        rows = list(self.get_queryset(request).filter(state__in=TO_PACK).order_by("created_at", "pk")[:AT_ONCE])
        context = self.page_context(
            request,
            title=_("Packing list"),
            parcels=[(each, address_of(each)) for each in rows],
            elsewhere=packing_elsewhere(request, AT_ONCE),
            list_url=self.url("changelist"),
        )
        return TemplateResponse(request, "admin/rewards/packing_list.html", context)

    def file_view(self, request: HttpRequest) -> HttpResponseBase:
        """The same as CSV, for whoever sends the parcels."""
        self.require(self._may(request))
        rows = self.get_queryset(request).filter(state__in=TO_PACK).order_by("created_at", "pk")[:AT_ONCE]
        audit_record(
            actor=actor_of(request).name,
            action="parcel.export",
            object_type="fulfilment",
            object_id="",
            changes={"parcels": len(rows)},
        )
        answer = StreamingHttpResponse(parcels_csv(list(rows)), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="parcels.csv"'
        return answer

    def move_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        parcel = self.object_or_404(request, object_id)
        self.require(self._may(request))

        def act(given: dict[str, Any]) -> str:
            parcel_move(parcel=parcel, actor=actor_of(request), **given)
            return _("The parcel is moved on.")

        return ask_and_do(
            self, request, MoveForm(parcel, sent(request)), act, title=_("Move the parcel on"), submit=_("Move on"),
            intro=_("The member is told by your messages and webhooks."), obj=parcel,
            back=self.url("change", parcel.pk),
        )  # fmt: skip
