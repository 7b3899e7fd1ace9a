"""Who tests: how far each is, and what staff do: send, receive back, remind, give up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.audit import audit_record
from core.backoffice.base import actor_of, refusal_text
from core.backoffice.export import csv_response
from core.backoffice.forms import DressedForm
from core.backoffice.paging import BoundedPaginator
from core.errors import DomainError
from members.naming import attach_members, may_see_people, member_link
from panels.admin.tabs import HANDLE, READ, SEE_TESTERS, PanelPages
from panels.forms import told_answers
from panels.lending import MAX_NOTE, address_of, participation_close, product_receive, product_return, product_ship
from panels.models import AnswerPhoto, Panel, Participation
from panels.selectors import spec_of
from panels.sweeping import last_day_of, reminder_send, waits_for
from panels.views import photo_response

State = Participation.State
CSV_MOST = 10_000


class ShipForm(DressedForm):
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60, required=False)
    tracking = forms.CharField(label=gettext_lazy("Tracking number"), max_length=120, required=False)


class CloseForm(DressedForm):
    note = forms.CharField(label=gettext_lazy("Why"), max_length=MAX_NOTE)


class TesterPages(PanelPages):
    def tester_urls(self) -> list[Any]:
        return [
            ("<path:object_id>/testers/", self.testers_view, "testers"),
            ("<path:object_id>/testers/addresses/", self.addresses_view, "addresses"),
            ("<path:object_id>/testers/<uuid:tester>/", self.tester_view, "tester"),
            ("<path:object_id>/testers/<uuid:tester>/act/<slug:act>/", self.act_view, "tester_act"),
            ("<path:object_id>/photos/<uuid:photo>/", self.photo_view, "photo"),
        ]

    def testers_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET: the board. POST: one step for all who are ticked."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SEE_TESTERS))
        if request.method == "POST":
            self.require(self._may_handle(request))
            self._act_on_all(request, row)
            return HttpResponseRedirect(request.get_full_path())
        wanted, rows = request.GET.get("state", ""), self._of(row)
        counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
        late = rows.filter(overdue_at__isnull=False).exclude(state=State.CLOSED)
        shown = late if wanted == "overdue" else rows.filter(state=wanted) if wanted in State.values else rows
        page = BoundedPaginator(shown.order_by("invited_at", "pk"), self.at_once).get_page(request.GET.get("page"))
        found = list(page.object_list)
        attach_members(request, found, lambda each: each.application.enrollment.member)
        context = self.page_context(
            request,
            title=_("Testers"),
            obj=row,
            **self.tabs(request, row, "testers"),
            board=[(state, label, counts.get(state, 0), state == wanted) for state, label in State.choices],
            overdue=(late.count(), wanted == "overdue"),
            total=sum(counts.values()),
            wanted=wanted,
            page=page,
            rows=[(each, member_link(each), last_day_of(each)) for each in found],
            may_handle=self._may_handle(request),
        )
        return TemplateResponse(request, "admin/panels/testers.html", context)

    def _may_handle(self, request: HttpRequest) -> bool:
        """Addresses are people: who may not see those sends nothing."""
        return bool(request.user.has_perm(HANDLE)) and may_see_people(request)

    def _of(self, row: Panel) -> Any:
        rows = Participation.objects.filter(application__panel=row)
        return rows.select_related("application__panel__program", "application__enrollment__member")

    def _one(self, request: HttpRequest, row: Panel, tester: Any) -> Participation:
        found: Participation | None = self._of(row).filter(pk=tester).first()
        if found is None:
            raise Http404(_("There is no such thing here."))
        attach_members(request, [found], lambda each: each.application.enrollment.member)
        return found

    def _act_on_all(self, request: HttpRequest, row: Panel) -> None:
        """Each by itself; whoever can't take the step is told, and holds nobody up."""
        done, refused = 0, []
        for one in self._of(row).filter(pk__in=_uuids(request.POST.getlist("tester"))):
            try:
                self._step(request, one, request.POST.get("act", ""), {})
                done += 1
            except DomainError as error:
                refused.append(refusal_text(error))
        if done:
            messages.success(request, _("Done for %(n)d.") % {"n": done})
        for text in dict.fromkeys(refused):
            messages.error(request, _("Left out (%(n)d): %(why)s") % {"n": refused.count(text), "why": text})
        if not done and not refused:
            messages.info(request, _("Tick somebody first."))

    def _step(self, request: HttpRequest, one: Participation, act: str, given: dict[str, Any]) -> None:
        actor = actor_of(request)
        match act:
            case "ship":
                product_ship(participation=one, actor=actor, **given)
            case "receive":
                product_receive(participation=one, actor=actor)
            case "return":
                product_return(participation=one, actor=actor)
            case "remind":
                reminder_send(participation=one, actor=actor)
            case "close":
                participation_close(participation=one, actor=actor, **given)
            case _:
                raise Http404(_("There is no such thing here."))

    def tester_view(self, request: HttpRequest, object_id: str, tester: Any) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SEE_TESTERS))
        one = self._one(request, row, tester)
        spec, reads, handles = spec_of(row), request.user.has_perm(READ), self._may_handle(request)
        context = self.page_context(
            request,
            title=_("Tester"),
            obj=row,
            **self.tabs(request, row, "testers"),
            one=one,
            member=member_link(one),
            waits=waits_for(one),
            last_day=last_day_of(one),
            address=address_of(one) if handles else None,
            answers=told_answers(spec.questions, one.answers) if reads and one.answered_at else [],
            applied=told_answers(spec.asks, one.application.answers) if reads else [],
            photos=list(AnswerPhoto.objects.filter(participation=one).defer("content")) if reads else [],
            may_handle=handles,
            ship=ShipForm(initial={"carrier": one.carrier, "tracking": one.tracking}),
            close=CloseForm(),
        )
        return TemplateResponse(request, "admin/panels/tester.html", context)

    def act_view(self, request: HttpRequest, object_id: str, tester: Any, act: str) -> HttpResponse:
        """One step of one tester; only by POST."""
        row = self.object_or_404(request, object_id)
        self.require(self._may_handle(request) and request.method == "POST")
        one = self._one(request, row, tester)
        form = {"ship": ShipForm, "close": CloseForm}.get(act, DressedForm)(request.POST)
        if form.is_valid():
            try:
                self._step(request, one, act, form.cleaned_data)
                messages.success(request, _("Done."))
            except DomainError as error:
                messages.error(request, refusal_text(error))
        else:
            messages.error(request, _("Say why."))
        return HttpResponseRedirect(self.url("tester", row.pk, one.pk))

    def addresses_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Where the products go that are to be sent, as CSV, for whoever packs them."""
        row = self.object_or_404(request, object_id)
        self.require(self._may_handle(request))
        rows = list(self._of(row).filter(state=State.ACCEPTED).order_by("accepted_at", "pk")[:CSV_MOST])
        audit_record(
            actor=actor_of(request).name, action="panel.addresses", object_type="panel", object_id=row.pk,
            changes={"parcels": len(rows)},
        )  # fmt: skip
        known = {each.pk: address_of(each) for each in rows}
        columns = [("tester", lambda each: str(each.pk)), ("accepted_at", lambda each: each.accepted_at.isoformat())]
        for name in ("name", "street", "extra", "postcode", "city", "country"):
            columns.append((name, lambda each, name=name: getattr(known[each.pk], name, "")))  # type: ignore[misc]  # mypy infers no lambda with a default
        return csv_response(rows=rows, columns=columns, filename=f"{row.code}-addresses.csv")

    def photo_view(self, request: HttpRequest, object_id: str, photo: Any) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(READ))
        return photo_response(AnswerPhoto.objects.filter(participation__application__panel=row, pk=photo).first())


def _uuids(given: list[str]) -> list[str]:
    """What looks like an id; anything else names nobody."""
    found = []
    for each in given:
        try:
            found.append(str(UUID(each)))
        except ValueError:
            continue
    return found
