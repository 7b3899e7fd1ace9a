"""What a piece of a section looks like to members, before it is published: on a page, and in one's own mailbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from msgspec import Struct

from core.backoffice.base import BrandAdmin
from core.errors import DomainError
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_shape
from loyalty.definition.sections import section_of
from loyalty.drafts import draft_plain
from loyalty.models import Program
from members.letters import letter_queue


class Letter(Struct, frozen=True):
    """kind: the letter's template. Its values are made up."""

    kind: str
    language: str
    subject: str
    text: str


# The section, the draft that it stands in, the piece's code, what the reader is called → a letter per language.
Previewer = Callable[[Any, Document, str, str], list[Letter]]
_previewers: dict[str, Previewer] = {}
# Nobody's real name.
SAMPLE = "Sam"


def section_preview(name: str, previewer: Previewer) -> None:
    """Called once by the section's room, from its admin module."""
    _previewers[name] = previewer


def preview_url(program: Program, name: str, code: str) -> str:
    """Where the piece can be looked at; "" for a section that has no previews."""
    if name not in _previewers:
        return ""
    return reverse("admin:loyalty_program_preview", args=[program.pk, name, code])


def letters_of(program: Program, name: str, code: str) -> list[Letter]:
    """As the draft has it; none while the draft is out of shape or of what isn't there."""
    try:
        document = document_shape(draft_plain(program))
        section = section_of(document.sections, name)
    except (DefinitionError, DomainError, ValueError):
        return []
    return _previewers[name](section, document, code, SAMPLE) if section is not None else []


class PreviewPages(BrandAdmin):
    """Looking at a piece of a section as it will be."""

    def preview_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("<path:object_id>/sections/<slug:name>/<slug:code>/", view, name="loyalty_program_preview")]

    def preview_view(self, request: HttpRequest, object_id: str, name: str, code: str) -> HttpResponse:
        """GET shows it, POST writes it to whoever asks."""
        program = self.object_or_404(request, object_id)
        may = self.has_change_permission(request, program)
        self.require(may if request.method == "POST" else self.has_view_or_change_permission(request, program))
        letters = letters_of(program, name, code) if name in _previewers else []
        if not letters:
            raise Http404(_("There is no such thing here."))
        if request.method == "POST":
            _write(request, letters)
            return HttpResponseRedirect(request.get_full_path())
        context = self.page_context(
            request, title=_("Preview"), obj=program, program=program, letters=letters, may=may,
            back_url=reverse("admin:loyalty_program_section", args=[program.pk, name]),
        )  # fmt: skip
        return TemplateResponse(request, "admin/loyalty/preview.html", context)


def _write(request: HttpRequest, letters: list[Letter]) -> None:
    to = getattr(request.user, "email", "")
    for each in letters:
        letter_queue(
            kind=each.kind, to=to, language=each.language, path="/", headline=each.subject, words=each.text
        )  # fmt: skip
    messages.success(request, _("On its way to %(address)s, once per language.") % {"address": to})
