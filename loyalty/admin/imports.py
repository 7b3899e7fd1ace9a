"""Files of events and members: uploaded, their columns told, looked over, run, and what was refused taken away."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of, add_refusal, refusal_text
from core.backoffice.begunby import begun_by
from core.backoffice.columns import attach_actor_names, attached
from core.backoffice.export import csv_response
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.admin.import_forms import ColumnsForm, UploadForm
from loyalty.imports.jobs import (
    Wish,
    file_received,
    import_cancel,
    import_create,
    import_map,
    import_pause,
    import_same,
    import_sheet,
    import_start,
)
from loyalty.imports.preview import OUTCOMES, import_preview
from loyalty.imports.report import TITLES, reject_rows
from loyalty.models import ImportJob

State = ImportJob.State
ACTS = {"start": import_start, "pause": import_pause, "cancel": import_cancel}
REJECTS_SHOWN = 20
TONES = {
    State.UPLOADED: "warning", State.CHECKING: "info", State.READY: "warning", State.RUNNING: "info",
    State.PAUSED: "warning", State.DONE: "success", State.FAILED: "danger", State.CANCELED: "danger",
}  # fmt: skip


@brand_admin(ImportJob)
class ImportJobAdmin(BrandAdmin):
    list_display = ("created_at", "filename", "kind", "state_shown", "rows_shown", "refused", "source", "who")
    list_filter = ("state", "kind")
    ordering = ("-created_at",)
    warn_unsaved_form = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_run(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request))

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_actor_names(rows)

    @display(description=gettext_lazy("state"), label={each.value: tone for each, tone in TONES.items()})
    def state_shown(self, job: ImportJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=gettext_lazy("rows"))
    def rows_shown(self, job: ImportJob) -> str:
        return f"{job.done} / {job.total}" if job.total is not None else ""

    @display(description=gettext_lazy("refused"))
    def refused(self, job: ImportJob) -> int:
        return job.rejected

    @display(description=gettext_lazy("who"))
    def who(self, job: ImportJob) -> str:
        if attached(job, "who") is None:
            attach_actor_names([job])
        return str(attached(job, "who")) or begun_by(job.initiated_by)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = [("columns", self.columns_view), ("progress", self.progress_view), ("rejects", self.rejects_view)]
        return [
            *(path(f"<path:object_id>/{name}/", wrap(view), name=f"loyalty_importjob_{name}") for name, view in mine),
            path("<path:object_id>/act/", wrap(self.act_view), name="loyalty_importjob_act"),
            *super().get_urls(),
        ]

    # --- uploading -----------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.require(self.may_run(request))
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                return self._uploaded(request, form)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
        context = self.page_context(
            request,
            title=_("Import a file"),
            intro=_("The file is read to its end and its first rows are shown before anything is booked."),
            form=form,
            submit=_("Upload"),
            cancel_url=self.url("changelist"),
        )
        return TemplateResponse(request, "admin/loyalty/import_upload.html", context)

    def _uploaded(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        asked, file = form.cleaned_data, form.cleaned_data["file"]
        wish = Wish(
            kind=asked["kind"], format=form.format, filename=file.name, source=asked["source"],
            program=asked["program"],
        )  # fmt: skip
        with file_received(file.chunks()) as kept:
            earlier = import_same(sha256=kept.sha256, source=wish.source, kind=wish.kind)
            job, new = import_create(kept=kept, wish=wish, actor=actor_of(request))
        if not new:
            messages.info(request, _("This very file is under way already: here it is."))
        elif earlier:
            words = _("This very file was imported before. What is in already will count as repeated.")
            messages.info(request, words)
        name = "columns" if job.state == State.UPLOADED else "change"
        return HttpResponseRedirect(self.url(name, job.pk))

    def columns_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Which column is what; then the file is checked again."""
        job: ImportJob = self.object_or_404(request, object_id)
        self.require(self.may_run(request))
        back = HttpResponseRedirect(self.url("change", job.pk))
        if job.format != ImportJob.Format.CSV or not job.path:
            return back
        try:
            sheet, sample = import_sheet(job)
        except DomainError as error:
            add_refusal(request, error)
            return back
        zone = str(getattr(getattr(request, "brand", None), "time_zone", "UTC"))
        form = ColumnsForm(job, sheet, sample, zone, request.POST or None)
        if form.is_valid():
            try:
                import_map(job=job, mapping=form.mapping(), actor=actor_of(request))
            except DomainError as error:
                form.add_error(None, refusal_text(error))
            else:
                return back
        context = self.page_context(
            request,
            title=_("What the columns of %(file)s are") % {"file": job},
            obj=job,
            intro=_("Under each choice stand the first values of the column. Nothing is booked yet."),
            form=form,
            submit=_("Check the file"),
            cancel_url=self.url("change", job.pk),
        )
        return TemplateResponse(request, "admin/backoffice/form_page.html", context)

    # --- following -----------------------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        job: ImportJob = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, job))
        context = self.page_context(
            request,
            title=str(job),
            obj=job,
            media=self.media,
            preview=self._preview(request, job),
            rejects=job.rejects.order_by("line")[:REJECTS_SHOWN],
            rows_gone=bool(job.rejected) and not job.open and not job.rejects.exists(),
            **self._standing(request, job),
        )
        return TemplateResponse(request, "admin/loyalty/import_job.html", context)

    def _preview(self, request: HttpRequest, job: ImportJob) -> Any:
        if job.state != State.READY or not self.may_run(request):
            return None
        try:
            return import_preview(job)
        except DomainError as error:
            add_refusal(request, error)
            return None

    def _standing(self, request: HttpRequest, job: ImportJob) -> dict[str, Any]:
        """What the part of the page shows that follows along."""
        return {
            "job": job,
            "moving": job.state in (State.CHECKING, State.RUNNING),
            "waits": job.state in (State.CHECKING, State.RUNNING) and job.runner is None,
            "counts": [(OUTCOMES.get(name, name), number) for name, number in sorted(job.counts.items())],
            "points": [(currency, job.issued.get(currency, 0), job.reversed.get(currency, 0))
                       for currency in sorted({*job.issued, *job.reversed})],
            "may_run": self.may_run(request),
            "progress_url": self.url("progress", job.pk),
        }  # fmt: skip

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part that follows along; once the import stands still the whole page is loaded again."""
        job: ImportJob = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, job))
        response = TemplateResponse(request, "admin/loyalty/import_progress.html", self._standing(request, job))
        if job.state not in (State.CHECKING, State.RUNNING):
            response["HX-Refresh"] = "true"
        return response

    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start, pause or cancel."""
        job: ImportJob = self.object_or_404(request, object_id)
        self.require(self.may_run(request))
        service = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
        if service is not None:
            try:
                service(job=job, actor=actor_of(request))
            except DomainError as error:
                add_refusal(request, error)
        return HttpResponseRedirect(self.url("change", job.pk))

    def rejects_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        job: ImportJob = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, job))
        columns = [(title, itemgetter(at)) for at, title in enumerate(TITLES)]
        return csv_response(rows=reject_rows(job), columns=columns, filename=f"rejects-{job.pk}.csv")
