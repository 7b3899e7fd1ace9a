"""What members are told, kept with the entry in every language at the time: rules may be renamed or deleted later."""

from __future__ import annotations

from django.utils.translation import gettext, override

from loyalty.definition import words
from loyalty.definition.compile import CompiledProgram
from loyalty.definition.translation import text_in
from loyalty.rules.judgement import Award

LANGUAGES = ("en", "nl")
Telling = dict[str, str]


def award_reason(compiled: CompiledProgram, award: Award) -> Telling:
    """The rule's description to members; without one, a sentence made from what the rule does."""
    description = compiled.document.rule(award.rule).description
    if description:
        return {language: text_in(description, language) for language in LANGUAGES}
    return {language: _made(compiled, award, language) for language in LANGUAGES}


def _made(compiled: CompiledProgram, award: Award, language: str) -> str:
    with override(language):
        return words.award_reason(compiled.document, award.rule, award.effect, gettext, language)


def return_reason(number: str) -> Telling:
    return {"en": f"Return on order {number}", "nl": f"Retour op bestelling {number}"}
