"""What was answered: read against the questions, refused with where and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from core.errors import InvalidInput
from loyalty.payloads import text_check
from panels.questions import AskChoice, AskChoices, AskPhoto, AskScale, AskText, Question

Answers = dict[str, Any]


class AnswersRefused(InvalidInput):
    """context: problems, a list of {field, problem}: every answer that can't be taken."""

    code = "panel_answers_refused"


def answers_read(
    questions: Sequence[Question],
    given: Mapping[str, Any],
    *,
    field: str = "answers",
    photos: frozenset[str] = frozenset(),
    unfinished: bool = False,
) -> Answers:
    """The answers as they are kept, in the questions' order.

    photos: questions that a picture was sent for. unfinished: a draft, in which nothing need be there yet.
    AnswersRefused with every answer that is wrong or missing.
    """
    problems: list[dict[str, str]] = []
    known = {each.code: each for each in questions if not isinstance(each, AskPhoto)}
    for code in given:
        if code not in known:
            problems.append({"field": f"{field}.{code[:40]}", "problem": _("There is no such question.")})
    found: Answers = {}
    for each in questions:
        try:
            if isinstance(each, AskPhoto):
                value: Any = True if each.code in photos else None
            else:
                value = _answer(each, given.get(each.code))
            if value is None and each.needed and not unfinished:
                raise ValueError(_("This needs an answer."))
        except ValueError as error:
            problems.append({"field": f"{field}.{each.code}", "problem": str(error)})
            continue
        if value is not None and not isinstance(each, AskPhoto):
            found[each.code] = value
    if problems:
        raise AnswersRefused(problems[0]["problem"], field=problems[0]["field"], problems=problems)
    return found


def _answer(question: Question, value: Any) -> Any:
    """None for no answer; ValueError in the reader's words."""
    if value is None or value == "" or value == []:
        return None
    match question:
        case AskText():
            return _text(question, value)
        case AskScale():
            if isinstance(value, bool) or not isinstance(value, int) or not question.least <= value <= question.most:
                raise ValueError(
                    _("Choose a number from %(least)s to %(most)s.") % {"least": question.least, "most": question.most}
                )
            return value
        case AskChoice():
            if value not in [each.code for each in question.options]:
                raise ValueError(_("Choose one of these."))
            return value
        case AskChoices():
            return _several(question, value)
    raise ValueError(_("This can’t be answered so."))


def _text(question: AskText, value: Any) -> str | None:
    if not isinstance(value, str):
        raise ValueError(_("Answer in words."))
    text = value.strip()
    try:
        text_check(text, question.code)
    except InvalidInput as error:
        raise ValueError(str(error.detail)) from error
    if len(text) > question.most:
        raise ValueError(_("This text is longer than %(n)d characters.") % {"n": question.most})
    return text or None


def _several(question: AskChoices, value: Any) -> list[str]:
    codes = [each.code for each in question.options]
    if not isinstance(value, list | tuple) or any(each not in codes for each in value):
        raise ValueError(_("Choose any of these."))
    chosen = [code for code in codes if code in value]
    if question.most is not None and len(chosen) > question.most:
        raise ValueError(_("Choose at most %(n)d.") % {"n": question.most})
    return chosen
