"""What a plan gives, in words for members, and what it would have saved them: asked by the room that sells plans,
answered by the rooms that give."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loyalty.definition.document import Document
from loyalty.models import Enrollment

Words = Callable[[Document, str], Iterable[str]]
Saved = Callable[[Enrollment, str], int]
_answers: list[Words] = []
_savings: list[Saved] = []


def plan_words_register(answer: Words) -> None:
    """Called once in ready(). answer(document, the plan's code) says what who has the plan gets, a line each."""
    if answer not in _answers:
        _answers.append(answer)


def plan_words(document: Document, plan: str) -> list[str]:
    """A line for each thing that comes with the plan; none where no room gives anything for it."""
    return [line for answer in _answers for line in answer(document, plan)]


def plan_saving_register(answer: Saved) -> None:
    """Called once in ready(). answer(enrollment, the plan's code) says what the member would have saved with it in the
    last year, in minor units of the program's money."""
    if answer not in _savings:
        _savings.append(answer)


def plan_saved(enrollment: Enrollment, plan: str) -> int:
    """Nothing where no room knows."""
    return sum(answer(enrollment, plan) for answer in _savings)
