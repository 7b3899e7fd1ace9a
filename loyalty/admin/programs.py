"""Programs: settings of the draft, reviewing and publishing it, and taking it out and in as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import display

from core import clock
from core.backoffice.base import actor_of, refusal_text
from core.backoffice.columns import attach, attached
from core.backoffice.registry import brand_admin
from core.errors import DomainError, InvalidInput
from loyalty.admin.countback import backfills_open, cancel_page
from loyalty.admin.files import document_file, download
from loyalty.admin.forms.editor import StructForm
from loyalty.admin.forms.kinds import list_many
from loyalty.admin.laddercounts import counts_shown
from loyalty.admin.problemplaces import placed
from loyalty.admin.program_forms import ImportForm, NewProgramForm, PublishForm, starter_document
from loyalty.admin.sectionrows import SectionRowPages
from loyalty.admin.sections import section_cards
from loyalty.admin.sides import side_by_side
from loyalty.backfills.choosing import draft_counters_fresh
from loyalty.definition.lists import document_lists, settings_plain, settings_struct
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_shape
from loyalty.draftrows import rows_of
from loyalty.drafts import draft_plain, draft_replace, program_invalid
from loyalty.models import Program, ProgramVersion
from loyalty.pieces import seen_of, settings_save
from loyalty.published import newest_version, versions_waiting
from loyalty.publishing import (
    draft_difference,
    draft_foretold,
    draft_problems,
    program_create,
    program_publish,
)
from loyalty.tierpreview import draft_previews

PUBLISH = "loyalty.publish_program"


def _published(request: HttpRequest, program: Program, form: PublishForm) -> ProgramVersion:
    """As the form says. DomainError."""
    said = form.cleaned_data
    return program_publish(
        program=program,
        actor=actor_of(request),
        note=said["note"],
        in_force_from=said["in_force_from"],
        expected_revision=said["revision"],
        tier_recalculation=form.recalculation(),
        count_back=form.count_back(),
    )


@brand_admin(Program)
class ProgramAdmin(SectionRowPages):
    list_display = ("name_shown", "slug", "version", "unpublished")
    ordering = ("name",)
    search_fields = ("name", "slug")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach(rows, "changes", lambda page: {row.pk: changes_of(row) for row in page})
        newest = {row.pk: newest_version(row) for row in rows}
        attach(rows, "newest", lambda page: newest)

    @display(description=gettext_lazy("name"), ordering="name")
    def name_shown(self, program: Program) -> str:
        return program.title

    @display(description=gettext_lazy("published"))
    def version(self, program: Program) -> str:
        newest = attached(program, "newest")
        return _("version %(n)d") % {"n": newest.number} if newest else _("not yet")

    @display(description=gettext_lazy("draft"), label={"changed": "warning", "same": "success", "broken": "danger"})
    def unpublished(self, program: Program) -> tuple[str, str]:
        changes = attached(program, "changes")
        if changes is None:
            return "broken", _("has mistakes")
        return ("changed", _("%(n)d changes") % {"n": len(changes)}) if changes else ("same", _("as published"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/publish/", wrap(self.publish_view), name="loyalty_program_publish"),
            path("<path:object_id>/yaml/", wrap(self.yaml_view), name="loyalty_program_yaml"),
            path("<path:object_id>/import/", wrap(self.import_view), name="loyalty_program_import"),
            path("<path:object_id>/counting/", wrap(self.counting_view), name="loyalty_program_counting"),
            *self.section_urls(),
            *super().get_urls(),
        ]

    # --- settings ------------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.require(self.has_add_permission(request))
        brand = getattr(request, "brand", None)
        form = NewProgramForm(request.POST or None, initial={"time_zone": getattr(brand, "time_zone", "UTC")})
        if form.is_valid():
            try:
                document = starter_document(form.cleaned_data)
                made = program_create(slug=form.cleaned_data["slug"], document=document, actor=actor_of(request))
            except DomainError as error:
                form.add_error(None, refusal_text(error))
            else:
                messages.success(request, _("The program is there: one point for every unit of money, to begin with."))
                return HttpResponseRedirect(self.url("change", made.pk))
        context = self.page_context(
            request, title=_("Add a program"), form=form, submit=_("Add"), cancel_url=self.url("changelist"), intro=""
        )
        return TemplateResponse(request, "admin/backoffice/form_page.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        program = self.object_or_404(request, object_id)
        self.require(self.has_view_or_change_permission(request, program))
        whole = draft_plain(program)
        plain = settings_plain(whole)
        sent = request.POST if request.method == "POST" else None
        form = StructForm(settings_struct(), plain=plain, whole=whole, sent=sent)
        status = 200
        if sent is not None and not form.acted:
            self.require(self.has_change_permission(request, program))
            if self._settings_saved(request, program, form):
                messages.success(request, _("Saved in the draft. Members notice nothing until you publish."))
                return HttpResponseRedirect(self.url("change", program.pk))
            status = 422
        problems = placed(program, draft_problems(program))
        context = self.page_context(
            request,
            title=str(program),
            obj=program,
            program=program,
            sections=form.sections(),
            top=form.top_errors,
            form_url=request.get_full_path(),
            lists=[*_lists(program), *section_cards(program)],
            seen=request.POST.get("seen") or seen_of(plain),
            newest=newest_version(program),
            changes=changes_of(program),
            problems=problems,
            may_save=self.has_change_permission(request, program),
            may_publish=request.user.has_perm(PUBLISH),
            versions=program.versions.count(),
            waiting=versions_waiting(program, clock.now()),
            backfills=backfills_open(program),
        )
        return TemplateResponse(request, "admin/loyalty/program.html", context, status=status)

    def _settings_saved(self, request: HttpRequest, program: Program, form: StructForm) -> bool:
        made = form.made()
        if made is None:
            return False
        try:
            settings_save(program=program, plain=made, seen=request.POST.get("seen", ""), actor=actor_of(request))
        except DomainError as error:
            form.place(error.context.get("problems", []))
            if not error.context.get("problems"):
                form.refuse(refusal_text(error))
            return False
        return True

    # --- publishing ----------------------------------------------------------------------------------------------
    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What would change, in words and side by side; publishing takes the revision that was looked at."""
        program = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(PUBLISH))
        previews = draft_previews(program)
        seen = {"revision": program.draft_revision}
        fresh = draft_counters_fresh(program)
        form = PublishForm(request.POST or None, initial=seen, previews=previews, fresh=fresh)
        if form.is_valid():
            try:
                version = _published(request, program, form)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
            else:
                messages.success(request, _("Version %(n)d is published.") % {"n": version.number})
                return HttpResponseRedirect(self.url("change", program.pk))
        newest = newest_version(program)
        context = self.page_context(
            request,
            title=_("Review and publish %(program)s") % {"program": program},
            obj=program,
            program=program,
            form=form,
            newest=newest,
            changes=changes_of(program),
            problems=placed(program, draft_problems(program)),
            foretold=draft_foretold(program),
            sides=side_by_side(document_file(newest.document) if newest else "", draft_yaml(program)),
            ladder_counts=counts_shown(previews),
            waiting=versions_waiting(program, clock.now()),
            now=clock.now(),
            back_url=self.url("change", program.pk),
        )
        return TemplateResponse(request, "admin/loyalty/publish.html", context)

    def counting_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        program = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(PUBLISH))
        return cancel_page(self, request, program)

    # --- file ----------------------------------------------------------------------------------------------------
    def yaml_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        program = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, program))
        return download(draft_yaml(program), f"{program.slug}-draft.yaml")

    def import_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A file in the place of the draft. Mistakes are told with their paths; then nothing is changed."""
        program = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, program))
        form = ImportForm(request.POST or None, request.FILES or None, initial={"revision": program.draft_revision})
        problems: list[dict[str, str]] = []
        if form.is_valid():
            try:
                self._imported(request, program, form)
            except DomainError as error:
                problems = error.context.get("problems", [])
                form.add_error(None, _("Nothing was changed.") if problems else refusal_text(error))
            else:
                messages.success(request, _("The draft is what the file says. Review and publish it."))
                return HttpResponseRedirect(self.url("publish", program.pk))
        context = self.page_context(
            request,
            title=_("Import a file into the draft of %(program)s") % {"program": program},
            obj=program,
            intro=_("The whole draft is replaced by the file. Members notice nothing until you publish."),
            form=form,
            problems=problems,
            submit=_("Replace the draft"),
            cancel_url=self.url("change", program.pk),
        )
        return TemplateResponse(request, "admin/loyalty/import.html", context)

    def _imported(self, request: HttpRequest, program: Program, form: ImportForm) -> None:
        try:
            document = document_shape(form.source())
        except DefinitionError as error:
            raise program_invalid(error) from error
        draft_replace(
            program=program,
            document=document,
            expected_revision=form.cleaned_data["revision"],
            actor=actor_of(request),
        )


def draft_yaml(program: Program) -> str:
    """The draft as a file."""
    return document_file(draft_plain(program))


def changes_of(program: Program) -> list[Any] | None:
    """What publishing would change; None when the draft isn't in shape."""
    try:
        return draft_difference(program, language=(get_language() or "en")[:2])
    except (InvalidInput, DefinitionError):
        return None


def _lists(program: Program) -> list[dict[str, Any]]:
    """Every list of the draft with its address and how many stand in it."""
    tables = {"rules": "earningrule", "currencies": "pointcurrency", "ladders": "ladder"}
    known = sorted(document_lists(), key=lambda name: (list(tables).index(name) if name in tables else 9, name))
    parts = reverse("admin:loyalty_draftpart_changelist")
    return [
        {
            "label": list_many(name),
            "count": rows_of(program, name).count(),
            "url": f"{reverse(f'admin:loyalty_{tables[name]}_changelist')}?program__id__exact={program.pk}"
            if name in tables
            else f"{parts}?list={name}&program__id__exact={program.pk}",
        }
        for name in known
    ]
