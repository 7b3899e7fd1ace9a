"""Earning rules: the list says what each does in plain words, the page edits it with ordinary forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import display

from core.backoffice.columns import attach, attached
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.admin.forms.editor import StructForm
from loyalty.admin.pieces import PieceAdmin, checked
from loyalty.admin.trying import Panel
from loyalty.definition.document import Document
from loyalty.definition.words import rule_words
from loyalty.drafts import draft_document
from loyalty.models import EarningRule, Program


@brand_admin(EarningRule)
class EarningRuleAdmin(PieceAdmin):
    kind = "rules"
    page_template = "admin/loyalty/rule.html"
    list_display = ("name", "enabled_shown", "does", "program")
    list_filter: Any = ("program", "enabled", "trigger")

    @display(description=gettext_lazy("switched on"), ordering="enabled", label={"on": "success"})
    def enabled_shown(self, rule: EarningRule) -> tuple[str, str]:
        return ("on", _("on")) if rule.enabled else ("off", _("off"))

    @display(description=gettext_lazy("what it does"))
    def does(self, rule: EarningRule) -> str:
        return str(attached(rule, "does") or rule.trigger)

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach(rows, "does", _sentences)

    def _context(
        self, request: HttpRequest, program: Program, row: Any, form: StructForm, plain: dict[str, Any] | None
    ) -> dict[str, Any]:
        context = super()._context(request, program, row, form, plain)
        if not (request.user.has_perm("members.view_member") and self.has_change_permission(request, row)):
            return context
        panel = Panel(request, program, str(form.plain.get("trigger") or "order.paid"), dict(form.whole))
        if panel.asked:
            document, made = checked(program, self.kind, form, plain)
            panel.run(request, document, made if isinstance(made, str) else "")
        return {**context, "panel": panel}

    def words(self, document: Document, kind: str, code: str, language: str) -> str:
        return rule_words(document, document.rule(code), _, language)


def _sentences(rules: Sequence[EarningRule]) -> Mapping[int, str]:
    """What each rule does; a program whose draft can't be read is left out."""
    language = (get_language() or "en")[:2]
    told: dict[int, str] = {}
    for program in Program.objects.filter(pk__in={rule.program_id for rule in rules}):
        try:
            document = draft_document(program)
        except DomainError:
            continue
        known = {each.code: each for each in document.rules}
        for rule in rules:
            if rule.program_id == program.pk and rule.code in known:
                told[rule.pk] = rule_words(document, known[rule.code], _, language)
    return told
