"""Bringing codes into a pool in the admin: a file or a paste, how far it is, and which lines were left out."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.backoffice.base import BrandAdmin, actor_of, add_refusal, refusal_text
from core.backoffice.columns import attach_actor_names, attached
from core.backoffice.export import csv_response
from core.errors import DomainError
from rewards.admin.forms import CodesForm
from rewards.models import CodePool, PoolImport, PoolImportReject
from rewards.poolimports import pool_import_cancel, pool_import_create, pool_import_pause, pool_import_start
from rewards.pools import pool_import

State = PoolImport.State
ACTS = {"start": pool_import_start, "pause": pool_import_pause, "cancel": pool_import_cancel}
SHOWN = 20
REASONS = {
    "duplicate": gettext_lazy("there already"),
    "empty": gettext_lazy("empty"),
    "too_long": gettext_lazy("too long"),
    "not_printable": gettext_lazy("holds characters that can't be shown"),
    "title": gettext_lazy("the title of the column"),
}


def lines_left_out(job: PoolImport) -> Iterator[tuple[int, str, str]]:
    """(line, code of the reason, the reason), in the order of the file, fetched little by little."""
    pieces = PoolImportReject.objects.filter(job=job).order_by("first_line")
    for piece in pieces.iterator(chunk_size=20):
        for line, reason in piece.lines:
            yield line, reason, str(REASONS.get(reason, reason))


class PoolImportPages(BrandAdmin):
    """The pages of a pool's imports, under the pool's own address."""

    def get_urls(self) -> list[URLPattern]:
        wrap, root = self.admin_site.admin_view, "<path:object_id>/imports/<uuid:job_id>/"
        mine = [("progress", self.progress_view), ("act", self.act_view), ("lines", self.lines_view)]
        return [
            path("<path:object_id>/import/", wrap(self.import_view), name="rewards_codepool_import"),
            path(root, wrap(self.job_view), name="rewards_codepool_job"),
            *(path(f"{root}{name}/", wrap(view), name=f"rewards_codepool_job_{name}") for name, view in mine),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Codes from a file or pasted, one a line. Few that are pasted are brought in at once, others by a worker."""
        pool: CodePool = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, pool))
        form = CodesForm(request.POST or None, request.FILES or None)
        report = None
        if form.is_valid():
            try:
                if not form.at_once:
                    job = pool_import_create(
                        pool=pool, codes=form.codes(), filename=form.filename, actor=actor_of(request)
                    )
                    return HttpResponseRedirect(self.url("job", pool.pk, job.pk))
                report = pool_import(pool=pool, codes=form.codes(), actor=actor_of(request))
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
        context = self.page_context(
            request,
            title=_("Import codes into %(pool)s") % {"pool": pool},
            obj=pool,
            intro=_("One code a line. Codes that any of your pools has already are left out."),
            form=CodesForm() if report else form,
            report=report,
            left_out=[(each.line, REASONS[each.reason]) for each in report.rejected[:SHOWN]] if report else [],
            submit=_("Import"),
            cancel_url=self.url("change", pool.pk),
        )
        return TemplateResponse(request, "admin/rewards/pool_import.html", context)

    # --- one import ----------------------------------------------------------------------------------------------
    def _job(self, request: HttpRequest, object_id: str, job_id: UUID) -> PoolImport:
        pool = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, pool))
        job = PoolImport.objects.select_related("pool").filter(pk=job_id, pool=pool).first()
        if job is None:
            raise Http404(_("There is no such thing here."))
        return job

    def _standing(self, job: PoolImport) -> dict[str, Any]:
        """What the part of the page shows that follows along."""
        return {
            "job": job,
            "moving": job.state == State.RUNNING,
            "waits": job.state == State.RUNNING and job.runner is None,
            "progress_url": self.url("job_progress", job.pool_id, job.pk),
        }

    def job_view(self, request: HttpRequest, object_id: str, job_id: UUID) -> HttpResponse:
        job = self._job(request, object_id, job_id)
        attach_actor_names([job])
        rows = lines_left_out(job)
        context = self.page_context(
            request,
            title=str(job),
            obj=job.pool,
            who=attached(job, "who"),
            left_out=[(line, words) for _n, (line, _code, words) in zip(range(SHOWN), rows, strict=False)],
            act_url=self.url("job_act", job.pool_id, job.pk),
            lines_url=self.url("job_lines", job.pool_id, job.pk),
            **self._standing(job),
        )
        return TemplateResponse(request, "admin/rewards/pool_job.html", context)

    def progress_view(self, request: HttpRequest, object_id: str, job_id: UUID) -> HttpResponse:
        """The part that follows along; once the import stands still the whole page is loaded again."""
        job = self._job(request, object_id, job_id)
        response = TemplateResponse(request, "admin/rewards/pool_progress.html", self._standing(job))
        if job.state != State.RUNNING:
            response["HX-Refresh"] = "true"
        return response

    def act_view(self, request: HttpRequest, object_id: str, job_id: UUID) -> HttpResponse:
        """Pause, go on or cancel."""
        job = self._job(request, object_id, job_id)
        service = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
        if service is not None:
            try:
                service(job=job, actor=actor_of(request))
            except DomainError as error:
                add_refusal(request, error)
        return HttpResponseRedirect(self.url("job", job.pool_id, job.pk))

    def lines_view(self, request: HttpRequest, object_id: str, job_id: UUID) -> HttpResponseBase:
        job = self._job(request, object_id, job_id)
        columns = [(title, itemgetter(at)) for at, title in enumerate(("line", "code", "reason"))]
        return csv_response(rows=lines_left_out(job), columns=columns, filename=f"left-out-{job.pk}.csv")
