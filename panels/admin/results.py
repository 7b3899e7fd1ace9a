"""The answers of a panel: a chart per question, a table, a file."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from core.audit import audit_record
from core.backoffice.base import actor_of
from core.backoffice.export import csv_response
from core.backoffice.paging import BoundedPaginator
from members.naming import attach_members, may_see_people, member_link
from panels.admin.tabs import READ, PanelPages
from panels.definition import Panel as Spec
from panels.forms import local, told_answer, told_answers
from panels.models import Panel, Participation
from panels.questions import AskChoice, AskChoices, AskPhoto, Question
from panels.results import Tally, tallies
from panels.selectors import spec_of

CSV_MOST = 10_000


class Shown(NamedTuple):
    """A question with its figures. lines: (option, how often, of a hundred)."""

    name: str
    answered: int
    mean: str
    lines: list[tuple[str, int, int]]
    chart: str


class ResultPages(PanelPages):
    def result_urls(self) -> list[Any]:
        return [
            ("<path:object_id>/answers/", self.answers_view, "answers"),
            ("<path:object_id>/answers/file/", self.answers_file, "answers_file"),
        ]

    def _answered(self, row: Panel) -> Any:
        rows = Participation.objects.filter(application__panel=row, answered_at__isnull=False)
        return rows.select_related("application__enrollment__member").order_by("answered_at", "pk")

    def answers_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(READ))
        spec, rows = spec_of(row), self._answered(row)
        page = BoundedPaginator(rows, self.at_once).get_page(request.GET.get("page"))
        found = list(page.object_list)
        attach_members(request, found, lambda each: each.application.enrollment.member)
        context = self.page_context(
            request,
            title=_("Answers"),
            obj=row,
            **self.tabs(request, row, "answers"),
            results=[_shown(spec, each) for each in tallies(spec.questions, rows.values_list("answers", flat=True))],
            asked=[local(each.name) for each in spec.questions if not isinstance(each, AskPhoto)],
            rows=[
                (each, member_link(each), [said for _q, said in told_answers(spec.questions, each.answers)])
                for each in found
            ],
            page=page,
        )
        return TemplateResponse(request, "admin/panels/answers.html", context)

    def answers_file(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The same as CSV: a line per tester. Names only for who may see people."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(READ))
        rows = list(self._answered(row)[:CSV_MOST])
        audit_record(
            actor=actor_of(request).name, action="panel.answers", object_type="panel", object_id=row.pk,
            changes={"answers": len(rows)},
        )  # fmt: skip
        columns: list[Any] = [(_("Tester"), lambda each: str(each.pk))]
        if may_see_people(request):
            columns.append((_("Member"), lambda each: str(each.application.enrollment.member)))
        columns.append((_("Answered"), lambda each: each.answered_at.isoformat()))
        columns += [_column(each) for each in spec_of(row).questions if not isinstance(each, AskPhoto)]
        return csv_response(rows=rows, columns=columns, filename=f"{row.code}-answers.csv")


def _column(question: Question) -> Any:
    return local(question.name), lambda each: told_answer(question, each.answers.get(question.code))


def _shown(spec: Spec, tally: Tally) -> Shown:
    question = next(each for each in spec.questions if each.code == tally.code)
    options = question.options if isinstance(question, AskChoice | AskChoices) else ()
    names = {each.code: local(each.name) for each in options}
    most = max(1, tally.answered)
    lines = [(names.get(code, code), n, round(100 * n / most)) for code, n in tally.counts.items()]
    mean = number_format(tally.mean, decimal_pos=2) if tally.mean is not None else ""
    return Shown(local(question.name), tally.answered, mean, lines, _chart(lines))


def _chart(lines: list[tuple[str, int, int]]) -> str:
    return json.dumps(
        {
            "labels": [name for name, _n, _percent in lines],
            "datasets": [
                {
                    "label": _("Testers"),
                    "data": [n for _name, n, _percent in lines],
                    "backgroundColor": "var(--color-primary-600)",
                    "barThickness": 22,
                    "displayYAxis": True,
                }
            ],
        }
    )
