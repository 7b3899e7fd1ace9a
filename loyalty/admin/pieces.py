"""Pages of the draft's pieces: point currencies, ladders with their tiers, earning rules, and every further list."""

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
from loyalty.admin.forms.editor import StructForm
from loyalty.admin.forms.kinds import list_many, list_one
from loyalty.definition.document import Document
from loyalty.definition.lists import document_lists, piece_key
from loyalty.definition.translation import Teller
from loyalty.definition.words import currency_words, ladder_words
from loyalty.drafts import draft_plain
from loyalty.errors import ProgramInvalid
from loyalty.models import Ladder, PointCurrency, Program
from loyalty.pieces import piece_check, piece_plain, piece_remove, piece_save, seen_of


class PieceAdmin(BrandAdmin):
    """A list of pieces over all programs and a page per piece, its form made from the document's types."""

    kind: ClassVar[str] = ""
    page_template: ClassVar[str] = "admin/loyalty/piece.html"
    deletable = True
    list_filter: Any = ("program",)
    list_select_related = ("program",)
    search_fields = ("code",)
    ordering: Any = ("program", "position", "id")
    list_display: Any = ("name", "code", "program")
    actions = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @display(description=gettext_lazy("name"), ordering="code")
    def name(self, piece: Any) -> str:
        body = piece.body
        return in_language(body.get("name_many") or body.get("name")) or piece.code

    def kind_of(self, request: HttpRequest, row: Any) -> str:
        """The list of the document that the page is about."""
        return self.kind

    def list_url(self, kind: str) -> str:
        return self.url("changelist")

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
        kind = self.kind_of(request, row)
        plain = piece_plain(program, kind, row.code) if row is not None else None
        may = self.has_change_permission(request, row) if row is not None else True
        sent = request.POST if request.method == "POST" else None
        form = self.form_for(program, kind, plain, sent)
        status = 200
        if sent is not None and not form.acted:
            self.require(may)
            saved = self._save(request, form, kind, program, row)
            if saved is not None:
                messages.success(request, _("Saved in the draft. Members notice nothing until you publish."))
                stay = "_continue" in sent
                return HttpResponseRedirect(self.url("change", saved.pk) if stay else self.list_url(kind))
            status = 422
        context = self._context(request, program, row, form, plain)
        context["programs"], context["may_save"] = programs, may
        return TemplateResponse(request, self.page_template, context, status=status)

    def _context(
        self, request: HttpRequest, program: Program, row: Any, form: StructForm, plain: dict[str, Any] | None
    ) -> dict[str, Any]:
        kind = self.kind_of(request, row)
        # Made before the fields: what it finds out of shape stands beside them.
        sentence = self.sentence(program, kind, form, plain)
        return self.page_context(
            request,
            title=self.name(row) if row is not None else _("Add %(what)s") % {"what": list_one(kind)},
            obj=row,
            sections=form.sections(),
            top=form.top_errors,
            program=program,
            before=row.code if row is not None else "",
            seen=form.sent.get("seen", "") if form.sent is not None else seen_of(plain),
            may_delete=row is not None and self.has_delete_permission(request, row),
            delete_url=self.url("delete", row.pk) if row is not None else "",
            sentence=sentence,
            sentence_url=f"{self.url('sentence', program.pk)}?list={kind}",
            list_url=self.list_url(kind),
            list_name=list_many(kind),
            kind=kind,
            form_url=request.get_full_path(),
        )

    @staticmethod
    def form_for(program: Program, kind: str, plain: dict[str, Any] | None, sent: Any) -> StructForm:
        shape = document_lists()[kind]
        whole = draft_plain(program)
        return StructForm(shape.item, plain=plain, whole=whole, sent=sent, key=shape.key, program=program.pk)

    def _save(self, request: HttpRequest, form: StructForm, kind: str, program: Program, row: Any) -> Any:
        """The written row, or None with the errors placed."""
        made = form.made()
        if made is None:
            return None
        try:
            return piece_save(
                program=program,
                kind=kind,
                plain=made,
                before=row.code if row is not None else None,
                seen=request.POST.get("seen", ""),
                actor=actor_of(request),
            )
        except ProgramInvalid as error:
            form.place(error.context["problems"])
        except DomainError as error:
            form.refuse(refusal_text(error))
        return None

    # --- the sentence --------------------------------------------------------------------------------------------
    def words(self, document: Document, kind: str, code: str, language: str) -> str:
        """What the piece does; "" for a kind that has no words of its own."""
        key = document_lists()[kind].key
        piece = next(each for each in getattr(document, kind) if getattr(each, key) == code)
        return str(piece.words(Teller(document, _, language))) if hasattr(piece, "words") else ""

    def sentence(self, program: Program, kind: str, form: StructForm, before: dict[str, Any] | None) -> str:
        """What the piece says in plain words, or what it still lacks."""
        if form.sent is None and before is None:
            return _("Fill in the form to read here what it does.")
        document, told = checked(program, kind, form, before)
        if document is None or not isinstance(told, dict):
            return str(told)
        return self.words(document, kind, piece_key(kind, told), (get_language() or "en")[:2])

    def sentence_view(self, request: HttpRequest, program_id: int) -> HttpResponse:
        """The sentence of what stands in the form just now; writes nothing."""
        self.require(self.has_view_permission(request) and request.method == "POST")
        program = Program.objects.filter(pk=program_id).first()
        if program is None:
            raise Http404
        kind = self.kind_of(request, None)
        code = request.POST.get("before", "")
        plain = piece_plain(program, kind, code) if code else None
        form = self.form_for(program, kind, plain, request.POST)
        return HttpResponse(self.sentence(program, kind, form, plain), content_type="text/plain; charset=utf-8")

    def perform_delete(self, request: HttpRequest, obj: Any) -> None:
        kind = self.kind_of(request, obj)
        piece_remove(program=obj.program, kind=kind, code=obj.code, actor=actor_of(request))


def checked(
    program: Program, kind: str, form: StructForm, before: dict[str, Any] | None
) -> tuple[Document | None, dict[str, Any] | str]:
    """The draft with what stands in the form, and the piece itself; without a document, what it still lacks."""
    # What is wrong with the whole, or with saving it, stands above the form.
    above = form.errors.pop("", None)
    made = form.made()
    told = next((messages[0] for messages in form.errors.values()), "")
    if above is not None:
        form.errors[""] = above
    if made is None:
        return None, _("Fill in what is missing to read here what it does.") if _blank(form) else told
    try:
        code = piece_key(kind, before) if before is not None else None
        document = piece_check(program=program, kind=kind, plain=made, before=code)
    except ProgramInvalid as error:
        return None, refusal_text(error)
    return (None, "") if document is None else (document, made)


def _blank(form: StructForm) -> bool:
    """Whether all that is wrong is that fields are still empty."""
    return all(messages == [_("Fill this in.")] for messages in form.errors.values())


@brand_admin(PointCurrency)
class PointCurrencyAdmin(PieceAdmin):
    kind = "currencies"

    def words(self, document: Document, kind: str, code: str, language: str) -> str:
        return currency_words(document, code, _, language)


@brand_admin(Ladder)
class LadderAdmin(PieceAdmin):
    kind = "ladders"
    list_display = ("name", "code", "tiers_shown", "program")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("tiers")

    @display(description=gettext_lazy("tiers"))
    def tiers_shown(self, ladder: Ladder) -> str:
        return " → ".join(in_language(tier.body.get("name")) or tier.code for tier in ladder.tiers.all())

    def words(self, document: Document, kind: str, code: str, language: str) -> str:
        return ladder_words(document, code, _, language)
