"""A page for one piece of a section, such as one product panel: the whole section's form grows long with its pieces."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from core.backoffice.base import actor_of, add_refusal, refusal_text
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.admin.forms.editor import StructForm
from loyalty.admin.sections import SectionPages, piece_url, section_heading, section_url
from loyalty.drafts import draft_plain
from loyalty.models import Program
from loyalty.pieces import seen_of
from loyalty.sectionrows import piece_list, section_piece, section_piece_save


class SectionRowPages(SectionPages):
    def section_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.section_piece_view)
        at = "<path:object_id>/section-pieces/<slug:name>/"
        return [
            path(f"{at}<slug:code>/", view, name="loyalty_program_section_piece"),
            path(at, view, name="loyalty_program_section_new"),
            *super().section_urls(),
        ]

    def section_piece_view(self, request: HttpRequest, object_id: str, name: str, code: str = "") -> HttpResponse:
        """One piece of the draft, or a new one."""
        program = self.object_or_404(request, object_id)
        self.require(self.has_view_or_change_permission(request, program))
        heading, kind = section_heading(name), piece_list(name)
        plain = section_piece(program, name, code) if code else None
        if kind is None or (code and plain is None):
            raise Http404(_("There is no such thing here."))
        may = self.has_change_permission(request, program)
        sent = request.POST if request.method == "POST" else None
        form = StructForm(
            kind.item, plain=plain, whole=draft_plain(program), sent=sent, key="code", program=program.pk
        )  # fmt: skip
        status = 200
        if sent is not None and not form.acted:
            self.require(may)
            answer = self._piece_sent(request, program, name, code, form)
            if answer is not None:
                return answer
            status = 422
        context = self.page_context(
            request,
            title=in_language(plain.get("name")) or code if plain is not None else _("Another: %s") % heading,
            obj=program,
            program=program,
            sections=form.sections(),
            top=form.top_errors,
            seen=request.POST.get("seen", "") if sent is not None else seen_of(plain),
            form_url=request.get_full_path(),
            may_save=may,
            may_remove=may and plain is not None,
            back_url=section_url(program, name),
            back_name=heading,
        )
        return TemplateResponse(request, "admin/loyalty/section.html", context, status=status)

    def _piece_sent(
        self, request: HttpRequest, program: Program, name: str, code: str, form: StructForm
    ) -> HttpResponse | None:
        """Where to go on; None with the errors placed."""
        given: dict[str, Any] = {
            "program": program, "name": name, "before": code or None, "seen": request.POST.get("seen", ""),
            "actor": actor_of(request),
        }  # fmt: skip
        if "_remove" in request.POST:
            try:
                section_piece_save(plain=None, **given)
            except DomainError as error:
                add_refusal(request, error)
            else:
                messages.success(request, _("Taken out of the draft. Members notice nothing until you publish."))
            return HttpResponseRedirect(section_url(program, name))
        made = form.made()
        if made is None:
            return None
        try:
            section_piece_save(plain=made, **given)
        except DomainError as error:
            form.place(error.context.get("problems", []))
            if not error.context.get("problems"):
                form.refuse(refusal_text(error))
            return None
        messages.success(request, _("Saved in the draft. Members notice nothing until you publish."))
        return HttpResponseRedirect(piece_url(program, name, made["code"]))
