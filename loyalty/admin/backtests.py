"""Backtests in the admin: ask for one, watch it, call it off, read its report, take it away as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.export import csv_response
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from loyalty.admin.backtest_tables import report_of, report_rows, report_tables
from loyalty.backtests.service import MOST_MONTHS, backtest_cancel, backtest_start
from loyalty.models import BacktestRun, Program, ProgramVersion

START = "loyalty.add_backtestrun"
VERSIONS_OFFERED = 20


def choices() -> list[tuple[str, str]]:
    """Each program's draft and latest versions."""
    found: list[tuple[str, str]] = []
    for program in Program.objects.filter(archived_at__isnull=True, stamp__gt=0).order_by("name"):
        found.append((f"{program.pk}:", _("%(program)s: the draft") % {"program": program}))
        numbers = ProgramVersion.objects.filter(program=program).order_by("-number").values_list("number", flat=True)
        found += [
            (f"{program.pk}:{number}", _("%(program)s: version %(n)d") % {"program": program, "n": number})
            for number in numbers[:VERSIONS_OFFERED]
        ]
    return found


class StartForm(DressedForm):
    tested = forms.ChoiceField(
        label=gettext_lazy("What to try"),
        choices=choices,
        help_text=gettext_lazy("The draft is tried as it is now; it must be publishable."),
    )
    months = forms.IntegerField(
        label=gettext_lazy("Months to look back"), min_value=1, max_value=MOST_MONTHS, initial=3
    )


@brand_admin(BacktestRun)
class BacktestRunAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "program", "tested", "months", "state_shown", "who")
    list_filter = ("program", "state")
    list_select_related = ("program",)
    ordering = ("-asked_at",)
    change_list_template = "admin/loyalty/backtests.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[BacktestRun]:
        rows: QuerySet[BacktestRun] = super().get_queryset(request).select_related("program").defer("document")
        return rows

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        names = actor_names(row.asked_by for row in rows)
        attach(rows, "who", lambda page: {row.pk: names.get(row.asked_by, row.asked_by) for row in page})

    @display(description=gettext_lazy("tried"))
    def tested(self, run: BacktestRun) -> str:
        return _("version %(n)d") % {"n": run.version} if run.version else _("the draft")

    @display(
        description=gettext_lazy("state"),
        label={"done": "success", "failed": "danger", "running": "info", "queued": "info", "canceled": "warning"},
    )
    def state_shown(self, run: BacktestRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=gettext_lazy("asked by"))
    def who(self, run: BacktestRun) -> str:
        return str(attached(run, "who") or run.asked_by)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(self.start_view), name="loyalty_backtestrun_start"),
            path("<path:object_id>/progress/", wrap(self.progress_view), name="loyalty_backtestrun_progress"),
            path("<path:object_id>/cancel/", wrap(self.cancel_view), name="loyalty_backtestrun_cancel"),
            path("<path:object_id>/csv/", wrap(self.csv_view), name="loyalty_backtestrun_csv"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"may_start": request.user.has_perm(START), **(extra_context or {})})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request.user.has_perm(START))
        tested = f"{request.GET.get('program', '')}:{request.GET.get('version', '')}"

        def act(given: dict[str, Any]) -> HttpResponse:
            program, _colon, version = given["tested"].partition(":")
            run = backtest_start(
                program=Program.objects.get(pk=program), months=given["months"],
                version=int(version) if version else None, actor=actor_of(request),
            )  # fmt: skip
            return HttpResponseRedirect(self.url("change", run.pk))

        intro = _(
            "Every event of the period is judged again, in memory, as if this had been in force. You see what it "
            "would have given beside what it gave. Members notice nothing and nothing is booked."
        )
        return ask_and_do(
            self, request, StartForm(sent(request), initial={"tested": tested}), act,
            title=_("Try a program on what has happened"), intro=intro, submit=_("Start"),
            back=self.url("changelist"),
        )  # fmt: skip

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        run = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, run))
        report = report_of(run.report) if run.report is not None else None
        context = self.page_context(
            request,
            title=_("Backtest of %(program)s") % {"program": run.program},
            obj=run,
            run=run,
            tested=self.tested(run),
            progress=progress_of(run),
            report=report,
            tables=report_tables(report) if report is not None else None,
            may_start=request.user.has_perm(START),
            problem=_(run.problem) if run.problem else "",
        )
        return TemplateResponse(request, "admin/loyalty/backtest.html", context)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bar alone, asked for every other second; the whole page once it is over."""
        run = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, run))
        response = TemplateResponse(
            request,
            "admin/loyalty/backtest_progress.html",
            {"run": run, "progress": progress_of(run), "may_start": request.user.has_perm(START)},
        )
        if not run.open:
            response["HX-Refresh"] = "true"
        return response

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(START))

        def act(given: dict[str, Any]) -> str:
            backtest_cancel(run=run, actor=actor_of(request))
            return _("The backtest is canceled.")

        return ask_and_do(
            self, request, DressedForm(sent(request)), act, title=_("Cancel the backtest"), danger=True, obj=run,
            intro=_("What has been counted so far is let go. You can start it again at any time."),
            back=self.url("change", run.pk),
        )  # fmt: skip

    def csv_view(self, request: HttpRequest, object_id: str) -> Any:
        run = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, run))
        rows = report_rows(report_tables(report_of(run.report))) if run.report is not None else iter(())
        titles = (_("table"), _("figure"), _("by this"), _("what was"), _("difference"))
        columns = [(title, lambda row, at=at: row[at]) for at, title in enumerate(titles)]
        return csv_response(
            rows=rows, columns=columns, filename=f"backtest-{run.program.slug}-{run.asked_at:%Y%m%d}.csv"
        )


def progress_of(run: BacktestRun) -> dict[str, int]:
    """done of total members, in hundredths too; events counted so far."""
    sums = run.parts.aggregate(done=Sum("done"), total=Sum("total"), events=Sum("events"))
    done, total = sums["done"] or 0, sums["total"] or 0
    return {
        "done": done,
        "total": total,
        "events": sums["events"] or 0,
        "percent": 100 if run.state == BacktestRun.State.DONE else min(99, done * 100 // total) if total else 0,
    }
