"""Who applied: filtered and sorted by what is known of them, ticked, and chosen."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Page
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.backoffice.base import actor_of, add_refusal
from core.backoffice.forms import DressedForm, dress
from core.backoffice.paging import BoundedPaginator
from core.backoffice.words import DASH
from core.errors import DomainError
from loyalty.models import TierStanding
from loyalty.selectors import document_now
from members.naming import attach_members, member_link
from panels.admin.tabs import CHOOSE, SEE_APPLICANTS, PanelPages
from panels.choosing import applications_reserve, applications_select
from panels.forms import local, told_answers
from panels.models import Application, Panel, Participation
from panels.questions import AskChoice, AskChoices
from panels.selectors import applications_of, left_of, spec_of

SORTS = {
    "first": (gettext_lazy("who applied first"), ("applied_at", "pk")),
    "last": (gettext_lazy("who applied last"), ("-applied_at", "pk")),
    "new": (gettext_lazy("who tested least before"), ("tested", "applied_at", "pk")),
    "tested": (gettext_lazy("who tested most before"), ("-tested", "applied_at", "pk")),
    "drawn": (gettext_lazy("place in the draw"), ("drawn", "applied_at", "pk")),
}


class FilterForm(DressedForm):
    """state, tier, an answer per question with options, and the order."""

    def __init__(self, row: Panel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks = [each for each in spec_of(row).asks if isinstance(each, AskChoice | AskChoices)]
        everything = [("", _("all"))]
        self.add("state", _("State"), [*everything, *Application.State.choices])
        standings = TierStanding.objects.filter(enrollment__panel_applications__panel=row)
        tiers = sorted(set(standings.values_list("tier", flat=True)))
        names = tier_names(row)
        self.add("tier", _("Tier"), [*everything, *((each, names.get(each, each)) for each in tiers)])
        for ask in self.asks:
            options = [(each.code, local(each.name)) for each in ask.options]
            self.add(f"q_{ask.code}", local(ask.name), [*everything, *options])
        self.add("sort", _("In the order of"), [(key, said) for key, (said, _by) in SORTS.items()])

    def add(self, name: str, label: str, choices: list[Any]) -> None:
        field = forms.ChoiceField(label=label, choices=choices, required=False)
        dress(field)
        self.fields[name] = field

    def found(self, rows: QuerySet[Application]) -> QuerySet[Application]:
        """The rows that fit. What isn't among the choices filters nothing."""
        given = self.cleaned_data if self.is_valid() else {}
        if given.get("state"):
            rows = rows.filter(state=given["state"])
        if given.get("tier"):
            rows = rows.filter(Exists(standing_now().filter(tier=given["tier"])))
        for ask in self.asks:
            wanted = given.get(f"q_{ask.code}")
            if wanted:
                key = f"answers__{ask.code}"
                many = isinstance(ask, AskChoices)
                rows = rows.filter(**({f"{key}__contains": [wanted]} if many else {key: wanted}))
        return rows.order_by(*SORTS.get(given.get("sort") or "first", SORTS["first"])[1])


def tier_names(row: Panel) -> dict[str, str]:
    """By code, in the reader's language; one that the program has no more is called by its code."""
    document = document_now(row.program_id)
    return {tier.code: local(tier.name) for ladder in document.ladders for tier in ladder.tiers}


def standing_now() -> QuerySet[TierStanding]:
    """Of the application's member, tiers that hold now."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=clock.now())
    return TierStanding.objects.filter(holds, enrollment=OuterRef("enrollment"))


def with_history(rows: QuerySet[Application]) -> QuerySet[Application]:
    """tested: how many questionnaires the member has sent; tier: the one that they stand on."""
    before = Participation.objects.filter(
        application__enrollment=OuterRef("enrollment"), answered_at__isnull=False
    ).order_by()
    number = before.values("application__enrollment").annotate(n=Count("pk")).values("n")
    return rows.annotate(
        tested=Coalesce(Subquery(number, output_field=IntegerField()), 0),
        tier=Subquery(standing_now().values("tier")[:1]),
    )


class ApplicantPages(PanelPages):
    def applicant_urls(self) -> list[Any]:
        return [("<path:object_id>/applicants/", self.applicants_view, "applicants")]

    def applicants_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET: the table. POST: what is to be done with the ticked."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SEE_APPLICANTS))
        if request.method == "POST":
            self.require(request.user.has_perm(CHOOSE))
            self._choose(request, row)
            return HttpResponseRedirect(request.get_full_path())
        form = FilterForm(row, request.GET or None)
        page = BoundedPaginator(form.found(with_history(applications_of(row))), self.at_once).get_page(
            request.GET.get("page")
        )
        context = self.page_context(
            request,
            title=_("Applicants"),
            obj=row,
            **self.tabs(request, row, "applicants"),
            form=form,
            page=page,
            rows=self._rows(request, row, page),
            left=left_of(row),
            may_choose=request.user.has_perm(CHOOSE),
            query=urlencode({key: value for key, value in request.GET.items() if key != "page"}),
            shown_asks=[local(each.name) for each in spec_of(row).asks],
        )
        return TemplateResponse(request, "admin/panels/applicants.html", context)

    def _rows(self, request: HttpRequest, row: Panel, page: Page[Application]) -> list[Any]:
        found = list(page.object_list)
        attach_members(request, found, lambda each: each.enrollment.member)
        asks, names = spec_of(row).asks, tier_names(row)
        for each in found:
            tier = getattr(each, "tier", None)
            each.tier_name = names.get(tier, tier) if tier else DASH  # type: ignore[attr-defined]  # for the page alone
        waiting = (Application.State.APPLIED, Application.State.RESERVE)
        return [
            (each, member_link(each), [said for _q, said in told_answers(asks, each.answers)], each.state in waiting)
            for each in found
        ]

    def _choose(self, request: HttpRequest, row: Panel) -> None:
        ids, act = request.POST.getlist("application"), request.POST.get("act")
        if not ids:
            messages.info(request, _("Tick somebody first."))
            return
        try:
            if act == "reserve":
                done = applications_reserve(panel=row, ids=ids, actor=actor_of(request))
                messages.success(request, _("%(n)d stand by.") % {"n": len(done)})
            else:
                done = applications_select(panel=row, ids=ids, actor=actor_of(request))
                messages.success(request, _("%(n)d chosen and invited.") % {"n": len(done)})
        except DomainError as error:
            add_refusal(request, error)
