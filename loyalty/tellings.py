"""What members are told, kept with the entry in every language at the time: rules may be renamed or deleted later."""

from __future__ import annotations

from django.utils.translation import gettext, override

from loyalty.definition import words
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.translation import text_in
from loyalty.rules.judgement import Award

LANGUAGES = ("en", "nl")
Telling = dict[str, str]


# Made sentences by compiled program (kept alive beside them, so that an id isn't taken for another's).
_made: dict[int, tuple[CompiledProgram, dict[tuple[str, int], Telling]]] = {}
KEPT = 512


def award_reason(compiled: CompiledProgram, award: Award) -> Telling:
    """The rule's description to members; without one, a sentence made from what it does. An achievement's own name.

    The same object for all awards of an effect: nobody may change it.
    """
    kept = _made.get(id(compiled))
    if kept is None:
        if len(_made) >= KEPT:
            _made.clear()
        kept = _made[id(compiled)] = (compiled, {})
    told = kept[1].get((award.rule, award.effect))
    if told is None:
        told = kept[1][award.rule, award.effect] = {each: _make(compiled, award, each) for each in LANGUAGES}
    return told


def _make(compiled: CompiledProgram, award: Award, language: str) -> str:
    achievement = next((each for each in compiled.document.achievements if each.code == award.rule), None)
    if achievement is not None:
        return text_in(achievement.name, language)
    description = compiled.document.rule(award.rule).description
    if description:
        return text_in(description, language)
    with override(language):
        return words.award_reason(compiled.document, award.rule, award.effect, gettext, language)


def return_reason(number: str) -> Telling:
    return {"en": f"Return on order {number}", "nl": f"Retour op bestelling {number}"}
