"""Pages of the document's sections: what other rooms say in a program, its form made from the section's type."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.backoffice.base import actor_of, add_refusal, refusal_text
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.admin.forms.editor import StructForm
from loyalty.admin.previews import PreviewPages, preview_url
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_shape
from loyalty.definition.sections import section_of, sections_known
from loyalty.definition.translation import Teller
from loyalty.drafts import draft_plain
from loyalty.models import Program
from loyalty.pieces import seen_of
from loyalty.sectionpieces import section_plain, section_save
from loyalty.sectionrows import piece_list, section_pieces

_titles: dict[str, Any] = {}


def section_title(name: str, title: Any) -> None:
    """What a section is called in the admin. Called by its room's admin module; without it the section has no page."""
    _titles[name] = title


def section_cards(program: Program) -> list[dict[str, Any]]:
    """Each section that has a page, with how many pieces stand in it."""
    whole = program.sections
    return [
        {"label": str(title), "count": _pieces(whole.get(name, {})), "url": section_url(program, name)}
        for name, title in _titles.items()
        if name in sections_known()
    ]


def section_url(program: Program, name: str) -> str:
    return reverse("admin:loyalty_program_section", args=[program.pk, name])


def section_heading(name: str) -> str:
    """What the section is called. Http404 for one that has no page."""
    if name not in _titles or name not in sections_known():
        raise Http404(_("There is no such thing here."))
    return str(_titles[name])


def piece_url(program: Program, name: str, code: str = "") -> str:
    """Where one piece of the section is changed, or a new one made."""
    if not code:
        return reverse("admin:loyalty_program_section_new", args=[program.pk, name])
    return reverse("admin:loyalty_program_section_piece", args=[program.pk, name, code])


def section_links(name: str) -> list[tuple[str, str]]:
    """Each program with the address of its section, for lists of what came of it."""
    return [
        (str(each), section_url(each, name)) for each in Program.objects.filter(archived_at__isnull=True).order_by("pk")
    ]


def _pieces(plain: Any) -> int:
    found = plain.values() if isinstance(plain, dict) else ()
    return sum(len(each) for each in found if isinstance(each, list))


class SectionPages(PreviewPages):
    """The part of the program's pages that is about its sections."""

    def section_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.section_view)
        return [
            *self.preview_urls(),
            path("<path:object_id>/sections/<slug:name>/", view, name="loyalty_program_section"),
        ]

    def section_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        program = self.object_or_404(request, object_id)
        self.require(self.has_view_or_change_permission(request, program))
        heading = section_heading(name)
        may = self.has_change_permission(request, program)
        sent = request.POST if request.method == "POST" else None
        plain = section_plain(program, name)
        form = StructForm(
            sections_known()[name], plain=plain, whole=draft_plain(program), sent=sent, program=program.pk
        )
        status = 200
        if sent is not None and "_remove" in sent:
            self.require(may)
            return self._section_removed(request, program, name)
        if sent is not None and not form.acted:
            self.require(may)
            if self._section_saved(request, program, name, form):
                messages.success(request, _("Saved in the draft. Members notice nothing until you publish."))
                return HttpResponseRedirect(section_url(program, name))
            status = 422
        context = self.page_context(
            request,
            title=heading,
            pieces=[
                (in_language(each.get("name")) or each["code"], piece_url(program, name, each["code"]))
                for each in section_pieces(program, name)
            ],
            new_url=piece_url(program, name) if may and piece_list(name) is not None else "",
            obj=program,
            program=program,
            sections=form.sections(),
            top=form.top_errors,
            sentences=_sentences(program, name),
            seen=request.POST.get("seen") or seen_of(plain),
            form_url=request.get_full_path(),
            may_save=may,
            may_remove=may and bool(plain),
            back_url=self.url("change", program.pk),
        )
        return TemplateResponse(request, "admin/loyalty/section.html", context, status=status)

    def _section_removed(self, request: HttpRequest, program: Program, name: str) -> HttpResponse:
        """The draft is without it then; what members have of it stays until that is published."""
        try:
            section_save(
                program=program, name=name, plain={}, seen=request.POST.get("seen", ""), actor=actor_of(request)
            )
        except DomainError as error:
            add_refusal(request, error)
            return HttpResponseRedirect(section_url(program, name))
        messages.success(request, _("Taken out of the draft. Members notice nothing until you publish."))
        return HttpResponseRedirect(self.url("change", program.pk))

    def _section_saved(self, request: HttpRequest, program: Program, name: str, form: StructForm) -> bool:
        made = form.made()
        if made is None:
            return False
        seen = request.POST.get("seen", "")
        try:
            section_save(program=program, name=name, plain=made, seen=seen, actor=actor_of(request))
        except DomainError as error:
            form.place(error.context.get("problems", []))
            if not error.context.get("problems"):
                form.refuse(refusal_text(error))
            return False
        return True


def _sentences(program: Program, name: str) -> list[tuple[str, str, str]]:
    """Name, sentence, and where it can be looked at or ""."""
    return [
        (called, words, preview_url(program, name, code) if code else "")
        for code, called, words in section_words(program, name)
    ]


def section_words(program: Program, name: str) -> list[tuple[str, str, str]]:
    """Code, name and sentence of each piece of the section that says what it does; none while the draft is out of
    shape."""
    try:
        document = document_shape(draft_plain(program))
        section = section_of(document.sections, name)
    except (DefinitionError, DomainError, ValueError):
        return []
    return _told(section, document) if section is not None else []


def _told(section: Any, document: Document) -> list[tuple[str, str, str]]:
    teller = Teller(document, _, (get_language() or "en")[:2])
    pieces = [
        each for name in section.__struct_fields__ for each in _listed(getattr(section, name)) if hasattr(each, "words")
    ]
    coded = [(getattr(each, "code", ""), each) for each in pieces]
    return [(code, teller.text(getattr(each, "name", "")) or code, each.words(teller)) for code, each in coded]


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()
