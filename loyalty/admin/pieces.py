"""Pages of the draft's pieces: point currencies, ladders with their tiers, earning rules."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.registry import brand_admin
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.admin.editors import CurrencyEditor, Editor, LadderEditor
from loyalty.definition.document import Document
from loyalty.definition.words import currency_words, ladder_words
from loyalty.drafts import draft_plain
from loyalty.errors import ProgramInvalid
from loyalty.models import Ladder, PointCurrency, Program
from loyalty.pieces import piece_check, piece_plain, piece_remove, piece_save, seen_of

# What the field for a condition's attribute suggests; any other path can be typed.
ATTRIBUTE_NAMES = (
    "order.channel", "order.store", "order.total_minor", "order.net_minor", "order.lines.sku", "order.lines.category",
    "order.lines.brand", "order.lines.tags", "language", "joined_days",
)  # fmt: skip


class PieceAdmin(BrandAdmin):
    """A list of pieces over all programs and a page per piece, made by an Editor. Writes go through loyalty.pieces."""

    editor: ClassVar[type[Editor]]
    deletable = True
    list_filter: Any = ("program",)
    list_select_related = ("program",)
    search_fields = ("code",)
    ordering = ("program", "position", "id")
    list_display: Any = ("name", "code", "program")
    actions = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @display(description=gettext_lazy("name"), ordering="code")
    def name(self, piece: Any) -> str:
        body = piece.body
        return in_language(body.get("name_many") or body.get("name")) or piece.code

    def get_urls(self) -> list[URLPattern]:
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view(self.sentence_view)
        return [path("sentence/<int:program_id>/", view, name=f"{label}_sentence"), *super().get_urls()]

    # --- page ----------------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.require(self.has_add_permission(request))
        programs = list(Program.objects.filter(archived_at__isnull=True).order_by("name"))
        chosen = request.GET.get("program", "")
        program = next((each for each in programs if str(each.pk) == chosen), programs[0] if programs else None)
        if program is None:
            messages.info(request, _("Make a program first."))
            return HttpResponseRedirect(reverse("admin:loyalty_program_changelist"))
        return self._page(request, program, None, programs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_or_change_permission(request, row))
        return self._page(request, row.program, row, [])

    def _page(self, request: HttpRequest, program: Program, row: Any, programs: list[Program]) -> HttpResponse:
        plain = piece_plain(program, self.editor.kind, row.code) if row is not None else None
        may = self.has_change_permission(request, row) if row is not None else True
        sent = request.POST if request.method == "POST" else None
        editor = self.editor(plain=plain, whole=draft_plain(program), sent=sent)
        status = 200
        if sent is not None and "_more" not in sent:
            self.require(may)
            saved = self._save(request, editor, program, row)
            if saved is not None:
                messages.success(request, _("Saved in the draft. Members notice nothing until you publish."))
                stay = "_continue" in sent
                return HttpResponseRedirect(self.url("change", saved.pk) if stay else self.url("changelist"))
            status = 422
        seen = sent.get("seen", "") if sent is not None else seen_of(plain)
        context = self.page_context(
            request,
            title=self.name(row) if row is not None else _("Add %(what)s") % {"what": self.opts.verbose_name},
            obj=row,
            editor=editor,
            program=program,
            programs=programs,
            seen=seen,
            may_save=may,
            may_delete=row is not None and self.has_delete_permission(request, row),
            delete_url=self.url("delete", row.pk) if row is not None else "",
            sentence=self.sentence(program, editor, plain),
            sentence_url=self.url("sentence", program.pk),
            list_url=self.url("changelist"),
            attribute_names=ATTRIBUTE_NAMES,
        )
        return TemplateResponse(request, editor.template, context, status=status)

    def _save(self, request: HttpRequest, editor: Editor, program: Program, row: Any) -> Any:
        """The written row, or None with the errors placed."""
        if not editor.is_valid():
            return None
        try:
            return piece_save(
                program=program,
                kind=editor.kind,
                plain=editor.plain(),
                before=row.code if row is not None else None,
                seen=request.POST.get("seen", ""),
                actor=actor_of(request),
            )
        except ProgramInvalid as error:
            editor.place_problems(error.context["problems"])
        except DomainError as error:
            editor.main.add_error(None, refusal_text(error))
        return None

    # --- the sentence --------------------------------------------------------------------------------------------
    def words(self, document: Document, code: str, language: str) -> str:
        raise NotImplementedError

    def sentence(self, program: Program, editor: Editor, plain: dict[str, Any] | None) -> str:
        """What the piece says in plain words, or what it still lacks."""
        code = plain["code"] if plain is not None else None
        if editor.sent is not None:
            if not editor.is_valid():
                return _("Fill in what is missing to read here what it does.")
            plain = editor.plain()
        if plain is None:
            return _("Fill in the form to read here what it does.")
        try:
            document = piece_check(program=program, kind=editor.kind, plain=plain, before=code)
        except ProgramInvalid as error:
            return refusal_text(error)
        if document is None:
            return ""
        return self.words(document, plain["code"], (get_language() or "en")[:2])

    def sentence_view(self, request: HttpRequest, program_id: int) -> HttpResponse:
        """The sentence of what stands in the form just now; writes nothing."""
        self.require(self.has_view_permission(request) and request.method == "POST")
        program = Program.objects.filter(pk=program_id).first()
        if program is None:
            raise Http404
        code = request.POST.get("before", "")
        plain = piece_plain(program, self.editor.kind, code) if code else None
        editor = self.editor(plain=plain, whole=draft_plain(program), sent=request.POST)
        return TemplateResponse(
            request, "admin/loyalty/sentence.html", {"sentence": self.sentence(program, editor, plain)}
        )

    def perform_delete(self, request: HttpRequest, obj: Any) -> None:
        piece_remove(program=obj.program, kind=self.editor.kind, code=obj.code, actor=actor_of(request))


@brand_admin(PointCurrency)
class PointCurrencyAdmin(PieceAdmin):
    editor = CurrencyEditor

    def words(self, document: Document, code: str, language: str) -> str:
        return currency_words(document, code, _, language)


@brand_admin(Ladder)
class LadderAdmin(PieceAdmin):
    editor = LadderEditor
    list_display = ("name", "code", "tiers_shown", "program")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("tiers")

    @display(description=gettext_lazy("tiers"))
    def tiers_shown(self, ladder: Ladder) -> str:
        return " → ".join(in_language(tier.body.get("name")) or tier.code for tier in ladder.tiers.all())

    def words(self, document: Document, code: str, language: str) -> str:
        return ladder_words(document, code, _, language)
