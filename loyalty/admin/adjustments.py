"""Adjustments above the limit: who asked for what, and the two buttons of a second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import ReadOnlyAdmin, actor_of, refusal_text
from core.backoffice.begunby import BegunByFields
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.display import object_link, signed_points
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.adjusting import adjustment_approve, adjustment_refuse
from loyalty.models import PointsAdjustment
from members.naming import attach_members, member_link

APPROVE = "loyalty.approve_pointsadjustment"


class DecideForm(DressedForm):
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("", "—"),
            ("approve", gettext_lazy("Approve: it is booked now")),
            ("refuse", gettext_lazy("Refuse: nothing is booked")),
        ],
    )
    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed to refuse. Kept in the audit trail; the member doesn't see it."),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("decision") == "refuse" and not given.get("note", "").strip():
            self.add_error("note", _("Say why it is refused."))
        return given


@brand_admin(PointsAdjustment)
class PointsAdjustmentAdmin(BegunByFields, ReadOnlyAdmin):
    list_display = (
        "requested_at",
        "member",
        "points_shown",
        "currency",
        "reason_code",
        "reason",
        "asked",
        "state_shown",
    )
    list_filter = ("state", "reason_code")
    list_select_related = ("enrollment__member",)
    ordering = ("-requested_at",)
    fieldsets = (
        (None, {"fields": (("state", "points_shown"), ("member", "currency"), ("reason_code", "reason"))}),
        (gettext_lazy("Asked for"), {"fields": (("asked", "requested_at"), ("source_shown", "expires_at"))}),
        (gettext_lazy("Decided"), {"fields": (("decided", "decided_at"), ("decision", "entry_shown"))}),
    )
    readonly_fields = (
        "state", "points_shown", "member", "currency", "reason_code", "reason", "asked", "requested_at", "source_shown",
        "expires_at", "decided", "decided_at", "decision", "entry_shown",
    )  # fmt: skip
    change_form_template = "admin/loyalty/adjustment.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PointsAdjustment]:
        rows: QuerySet[PointsAdjustment] = super().get_queryset(request)
        return rows.select_related("enrollment__member")

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)
        names = actor_names([*(row.requested_by for row in rows), *(row.decided_by for row in rows)])
        attach(rows, "asked", lambda page: {row.pk: names.get(row.requested_by, row.requested_by) for row in page})
        attach(rows, "decided", lambda page: {row.pk: names.get(row.decided_by, row.decided_by) for row in page})

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    @display(description=gettext_lazy("member"))
    def member(self, row: PointsAdjustment) -> str:
        return member_link(row)

    @display(description=gettext_lazy("points"))
    def points_shown(self, row: PointsAdjustment) -> str:
        return signed_points(row.points)

    @display(description=gettext_lazy("asked for by"))
    def asked(self, row: PointsAdjustment) -> str:
        return str(attached(row, "asked") or row.requested_by)

    @display(description=gettext_lazy("decided by"))
    def decided(self, row: PointsAdjustment) -> str:
        return str(attached(row, "decided") or row.decided_by)

    @display(
        description=gettext_lazy("state"),
        label={"requested": "warning", "approved": "success", "refused": "danger", "expired": "info"},
    )
    def state_shown(self, row: PointsAdjustment) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=gettext_lazy("ledger entry"))
    def entry_shown(self, row: PointsAdjustment) -> str:
        return object_link(row.entry)

    # --- deciding ------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide_view)
        return [path("<path:object_id>/decide/", view, name="loyalty_pointsadjustment_decide"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        waits = row.state == PointsAdjustment.State.REQUESTED and request.user.has_perm(APPROVE)
        own = row.requested_by == actor_of(request).name
        context = {"decide_url": self.url("decide", row.pk) if waits else "", "own": own, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.require(request.user.has_perm(APPROVE))
        row = self.object_or_404(request, object_id)
        form = DecideForm(request.POST or None)
        if form.is_valid():
            try:
                self._decide(request, row, form.cleaned_data)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
            else:
                return HttpResponseRedirect(self.url("changelist"))
        points = signed_points(row.points)
        context = self.page_context(
            request,
            title=_("Decide on %(points)s %(currency)s") % {"points": points, "currency": row.currency},
            obj=row,
            intro=row.reason,
            form=form,
            submit=_("Decide"),
            cancel_url=self.url("change", row.pk),
        )
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/backoffice/form_page.html", context, status=status)

    def _decide(self, request: HttpRequest, row: PointsAdjustment, asked: dict[str, Any]) -> None:
        if asked["decision"] == "approve":
            adjustment_approve(adjustment=row, actor=actor_of(request), note=asked["note"])
            messages.success(request, _("The points were adjusted."))
        else:
            adjustment_refuse(adjustment=row, actor=actor_of(request), note=asked["note"])
            messages.success(request, _("Refused. Nothing was booked."))
