"""What testers answered, question by question: how often each option, the mean of a scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from panels.questions import AskChoice, AskChoices, AskScale, Question


class Tally(msgspec.Struct, frozen=True):
    """counts: option (its code, or the number on the scale) → how often. answered: by how many. mean: of a scale."""

    code: str
    kind: str
    answered: int
    counts: dict[str, int]
    mean: float | None = None


def tallies(questions: Sequence[Question], answers: Iterable[Mapping[str, Any]]) -> list[Tally]:
    """Of the questions that can be counted, in their order; options that nobody chose are there with 0."""
    rows = list(answers)
    return [_tally(each, rows) for each in questions if isinstance(each, AskChoice | AskChoices | AskScale)]


def _tally(question: AskChoice | AskChoices | AskScale, rows: list[Mapping[str, Any]]) -> Tally:
    given = [row[question.code] for row in rows if row.get(question.code) is not None]
    kind = str(question.__struct_config__.tag)
    if isinstance(question, AskScale):
        counted = Counter(str(each) for each in given)
        numbers = {str(n): counted[str(n)] for n in range(question.least, question.most + 1)}
        mean = round(sum(given) / len(given), 2) if given else None
        return Tally(question.code, kind, len(given), numbers, mean)
    chosen = Counter(code for each in given for code in (each if isinstance(each, list) else [each]))
    return Tally(question.code, kind, len(given), {each.code: chosen[each.code] for each in question.options})
