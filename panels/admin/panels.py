"""Product panels: the list, a panel's page, lots, and the end of the choosing. Their terms stand in the program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import Act, ask_and_do, sent
from core.backoffice.base import actor_of
from core.backoffice.columns import actor_names
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from loyalty.admin.sections import piece_url, section_url
from loyalty.models import Program
from loyalty.sectionrows import section_piece
from panels.admin.applicants import ApplicantPages
from panels.admin.results import ResultPages
from panels.admin.testers import TesterPages
from panels.canceling import MAX_REASON, panel_cancel
from panels.choosing import panel_settle
from panels.definition import SECTION
from panels.drawing import MAX_RESERVES, panel_draw
from panels.forms import local
from panels.models import Application, Panel, Participation
from panels.pages import after_words
from panels.selectors import draw_file, left_of, phase_of, spec_of

PHASES = {
    "scheduled": gettext_lazy("not open yet"),
    "open": gettext_lazy("open"),
    "choosing": gettext_lazy("to be chosen"),
    "settled": gettext_lazy("chosen"),
    "canceled": gettext_lazy("canceled"),
}


def _terms_url(row: Panel) -> str:
    """The panel's own page in the draft; the section's, where the draft has it no more."""
    there = section_piece(row.program, SECTION, row.code) is not None
    return piece_url(row.program, SECTION, row.code) if there else section_url(row.program, SECTION)


class DrawForm(DressedForm):
    reserves = forms.IntegerField(
        label=gettext_lazy("How many stand by"), min_value=0, max_value=MAX_RESERVES, initial=3
    )


class CancelForm(DressedForm):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=MAX_REASON)


@brand_admin(Panel)
class PanelAdmin(ApplicantPages, TesterPages, ResultPages):
    list_display = ("name_shown", "phase_shown", "units", "applied_shown", "opens_at", "closes_at")
    list_filter = ("state",)
    search_fields = ("code__exact",)
    ordering = ("-closes_at", "id")
    change_form_template = "admin/panels/panel.html"
    change_list_template = "admin/panels/list.html"
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Panel]:
        rows: QuerySet[Panel] = super().get_queryset(request)
        return rows.select_related("program").annotate(applied=Count("applications"))

    @display(description=gettext_lazy("name"), ordering="code")
    def name_shown(self, row: Panel) -> str:
        return local(spec_of(row).name)

    @display(
        description=gettext_lazy("state"),
        label={"open": "success", "choosing": "warning", "settled": "info", "canceled": "danger"},
    )
    def phase_shown(self, row: Panel) -> tuple[str, str]:
        phase = phase_of(row)
        return phase, str(PHASES[phase])

    @display(description=gettext_lazy("applied"))
    def applied_shown(self, row: Any) -> int:
        return int(row.applied)

    def get_urls(self) -> list[URLPattern]:
        own: list[Any] = [
            ("<path:object_id>/draw/", self.draw_view, "draw"),
            ("<path:object_id>/settle/", self.settle_view, "settle"),
            ("<path:object_id>/cancel/", self.cancel_view, "cancel"),
            ("<path:object_id>/draw/file/", self.draw_file_view, "draw_file"),
            *self.applicant_urls(),
            *self.tester_urls(),
            *self.result_urls(),
        ]
        of = self.admin_site.admin_view
        pages = [path(route, of(view), name=f"panels_panel_{name}") for route, view, name in own]
        return [*pages, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        programs = Program.objects.filter(archived_at__isnull=True).order_by("name")
        links = [(each.name, piece_url(each, SECTION)) for each in programs]
        may = request.user.has_perm("loyalty.change_program")
        return super().changelist_view(request, {"makes": links if may else [], **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        applied = dict(Application.objects.filter(panel=row).values_list("state").annotate(Count("pk")))
        under_way = dict(
            Participation.objects.filter(application__panel=row).values_list("state").annotate(Count("pk"))
        )
        spec, phase, may = spec_of(row), phase_of(row), request.user.has_perm("panels.choose_panel")
        context = {
            **self.tabs(request, row, "panel"),
            "applied": [(label, applied.get(state, 0)) for state, label in Application.State.choices],
            "testers": [(label, under_way.get(state, 0)) for state, label in Participation.State.choices],
            "left": left_of(row),
            "spec": spec,
            "product": local(spec.product),
            "after": after_words(spec),
            "edit_url": _terms_url(row),
            "may_draw": may and phase == "choosing" and row.drawn_at is None and left_of(row) > 0,
            "may_settle": may and phase == "choosing",
            "may_cancel": may and phase != "canceled",
            "canceled_by": actor_names([row.canceled_by]).get(row.canceled_by, row.canceled_by),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def draw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks how many stand by, POST draws."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm("panels.choose_panel"))

        def act(given: dict[str, Any]) -> str:
            panel_draw(panel=row, reserves=given["reserves"], actor=actor_of(request))
            return _("Drawn. Whoever was chosen is invited.")

        intro = _(
            "%(n)d products are left. Lots are drawn among those who wait for an answer; the seed is revealed, so that"
            " the draw can be worked out again. It can’t be done twice."
        ) % {"n": left_of(row)}
        return self._ask(request, row, DrawForm(sent(request)), act, title=_("Draw lots"), intro=intro)

    def draw_file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the draw can be worked out from again: manage.py sweepstake_verify reads it."""
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        if row.drawn_at is None:
            raise Http404(_("There is no such thing here."))
        answer = JsonResponse(draw_file(row))
        answer["Content-Disposition"] = f'attachment; filename="{row.code}-draw.json"'
        return answer

    def settle_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, POST tells everybody."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm("panels.choose_panel"))

        def act(given: dict[str, Any]) -> str:
            panel_settle(panel=row, actor=actor_of(request))
            return _("Everybody is told.")

        waiting = Application.objects.filter(panel=row, state=Application.State.APPLIED).count()
        intro = _(
            "Products that are left go to those who stand by. Whoever still waits (%(n)d) gets a mail that they weren’t"
            " chosen. This can’t be undone."
        ) % {"n": waiting}
        return self._ask(request, row, DressedForm(sent(request)), act, title=_("End the choosing"), intro=intro)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks why, POST cancels."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm("panels.choose_panel"))

        def act(given: dict[str, Any]) -> str:
            panel_cancel(panel=row, reason=given["reason"], actor=actor_of(request))
            return _("Canceled. Everybody who waited is told.")

        intro = _(
            "Nobody applies, is chosen or is sent anything any more; whoever waits gets a mail. Tests that are over"
            " stay as they are. This can’t be undone."
        )
        return self._ask(request, row, CancelForm(sent(request)), act, title=_("Cancel the panel"), intro=intro)

    def _ask(
        self, request: HttpRequest, row: Panel, form: forms.Form, act: Act, *, title: str, intro: str
    ) -> HttpResponse:
        back = self.url("change", row.pk)
        return ask_and_do(self, request, form, act, title=title, intro=intro, danger=True, obj=row, back=back)
