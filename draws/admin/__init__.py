"""Sweepstakes in the admin: what is open, the draw, and who is passed over. Their terms stand in the program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core import clock
from core.backoffice.asking import Act, ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names
from core.backoffice.forms import DressedForm, dress
from core.backoffice.registry import brand_admin
from draws.admin import section  # noqa: F401  (names the form's fields)
from draws.closing import MAX_REASON, sweepstake_cancel, sweepstake_draw, winner_pass
from draws.definition import SECTION
from draws.drawing import value_plain
from draws.errors import NoWinner
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.outside import MAX_VALUE, outside_told
from draws.pages import local
from draws.selectors import drawn_of, phase_of, spec_of
from loyalty.admin.sections import section_links, section_url
from members.naming import attach_members, member_link

DRAW = "draws.draw_sweepstake"
PHASES = {
    "scheduled": gettext_lazy("not open yet"),
    "open": gettext_lazy("open"),
    "closed": gettext_lazy("closed"),
    "drawn": gettext_lazy("drawn"),
    "canceled": gettext_lazy("canceled"),
}


class PassForm(DressedForm):
    """One of those who have a prize, by place and prize: who they are stands on the page before."""

    place = forms.TypedChoiceField(
        label=gettext_lazy("Who"), coerce=int, error_messages={"invalid_choice": NoWinner.title}
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=MAX_REASON)

    def __init__(self, row: Sweepstake, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        prizes = prize_names(row)
        won = [each for each in drawn_of(row) if each.state == SweepstakeWinner.State.WON]
        choices = [(each.place, f"{each.place} · {prizes.get(each.prize, each.prize)}") for each in won]
        self.fields["place"].choices = choices  # type: ignore[attr-defined]  # a field with choices


class DrawForm(DressedForm):
    """Nothing to fill in, or the announced value, twice: what is drawn by can't be put right afterwards."""

    def __init__(self, row: Sweepstake, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if spec_of(row).outside is not None:
            for name, label in (("outside", _("The announced value")), ("again", _("Once more, to be sure"))):
                field = forms.CharField(label=label, max_length=MAX_VALUE)
                dress(field)
                self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if value_plain(given.get("outside", "")) != value_plain(given.get("again", "")):
            self.add_error("again", _("These two aren’t the same."))
        return given


class CancelForm(DressedForm):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=MAX_REASON)


def prize_names(row: Sweepstake) -> dict[str, str]:
    """By code, in the reader's language."""
    return {each.code: local(each.name) for each in spec_of(row).prizes}


def _bound(row: Sweepstake) -> dict[str, Any] | None:
    told = outside_told(row, spec_of(row))
    return None if told is None else {**told, "source": local(told["source"])}


@brand_admin(Sweepstake)
class SweepstakeAdmin(ReadOnlyAdmin):
    list_display = ("name_shown", "phase_shown", "opens_at", "closes_at", "drawn_at")
    list_filter = ("state",)
    search_fields = ("code__exact",)
    ordering = ("-closes_at", "id")
    change_form_template = "admin/draws/sweepstake.html"
    change_list_template = "admin/loyalty/section_rows.html"
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sweepstake]:
        rows: QuerySet[Sweepstake] = super().get_queryset(request)
        return rows.select_related("program")

    @display(description=gettext_lazy("name"), ordering="code")
    def name_shown(self, row: Sweepstake) -> str:
        return local(spec_of(row).name)

    @display(
        description=gettext_lazy("state"),
        label={"open": "success", "closed": "warning", "drawn": "info", "canceled": "danger"},
    )
    def phase_shown(self, row: Sweepstake) -> tuple[str, str]:
        phase = phase_of(row)
        return phase, str(PHASES[phase])

    def get_urls(self) -> list[URLPattern]:
        own = (
            ("<path:object_id>/draw/", self.draw_view, "draw"),
            ("<path:object_id>/pass/", self.pass_view, "pass"),
            ("<path:object_id>/cancel/", self.cancel_view, "cancel"),
        )
        pages = [
            path(route, self.admin_site.admin_view(view), name=f"draws_sweepstake_{name}") for route, view, name in own
        ]
        return [*pages, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"section_links": section_links(SECTION), **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        rows = list(drawn_of(row))
        attach_members(request, rows, lambda each: each.entry.enrollment.member)
        phase, may, bound = phase_of(row), request.user.has_perm(DRAW), _bound(row)
        early = bound is not None and bound["announced_at"] > clock.now()
        prizes = prize_names(row)
        context = {
            "row": row,
            "name": local(spec_of(row).name),
            "phase": PHASES[phase],
            "entries": row.entries_count if row.closed_at else SweepstakeEntry.objects.filter(sweepstake=row).count(),
            "drawn": [(each, member_link(each), prizes.get(each.prize, each.prize)) for each in rows],
            "edit_url": section_url(row.program, SECTION),
            "bound": bound,
            "draws_from": bound["announced_at"] if bound and may and early and phase == "closed" else None,
            "may_draw": may and phase == "closed" and not early,
            "may_cancel": may and phase not in ("drawn", "canceled"),
            "canceled_by": actor_names([row.canceled_by]).get(row.canceled_by, row.canceled_by),
            "may_pass": may,
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def draw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, and for the announced value where the draw is bound to one; POST draws."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(DRAW))

        def act(given: dict[str, Any]) -> str:
            sweepstake_draw(sweepstake_id=row.pk, actor=actor_of(request), outside=given.get("outside"))
            return _("Drawn. Seed, list and who was drawn are public now.")

        intro = _("The seed is revealed and who wins is worked out of it. This can’t be done again.")
        bound = outside_told(row, spec_of(row))
        if bound is not None:
            intro += " " + _("It is bound to: %(source)s. Enter that value as it was announced.") % {
                "source": local(bound["source"])
            }
        return self._ask(request, row, DrawForm(row, sent(request)), act, title=_("Draw"), intro=intro)

    def pass_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(DRAW))

        def act(given: dict[str, Any]) -> str:
            winner_pass(sweepstake_id=row.pk, place=given["place"], reason=given["reason"], actor=actor_of(request))
            return _("Passed over; the next one stands in.")

        form = PassForm(row, sent(request), initial={"place": request.GET.get("place")})
        intro = _("Whoever has this place loses the prize; the next who stands by gets it.")
        return self._ask(request, row, form, act, title=_("Pass a winner over"), intro=intro)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(DRAW))

        def act(given: dict[str, Any]) -> str:
            sweepstake_cancel(sweepstake_id=row.pk, reason=given["reason"], actor=actor_of(request))
            return _("Canceled. Points spent on entries go back.")

        intro = _(
            "It won’t be drawn: nobody enters any more, and points spent on entries go back. This can’t be undone."
        )
        return self._ask(request, row, CancelForm(sent(request)), act, title=_("Cancel the sweepstake"), intro=intro)

    def _ask(
        self, request: HttpRequest, row: Sweepstake, form: forms.Form, act: Act, *, title: str, intro: str
    ) -> HttpResponse:
        back = self.url("change", row.pk)
        return ask_and_do(self, request, form, act, title=title, intro=intro, danger=True, obj=row, back=back)
