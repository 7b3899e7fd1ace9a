"""What a plan gives, in words for members, and what it would have saved them: asked by the room that sells plans,
answered by the rooms that give."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loyalty.definition.document import Document
from loyalty.models import Enrollment

Words = Callable[[Document, str], Iterable[str]]
Saved = Callable[[Enrollment, str], int]
Freely = Callable[[Document, str, str], bool]
Left = Callable[[Enrollment, str], Iterable[str]]
_answers: list[Words] = []
_savings: list[Saved] = []
_freely: list[Freely] = []
_left: list[Left] = []


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


def plan_gives_freely_register(answer: Freely) -> None:
    """Called once in ready(). answer(document, the plan's code, the benefit's) says whether who has the plan may use
    the benefit as often as they like."""
    if answer not in _freely:
        _freely.append(answer)


def plan_gives_freely(document: Document, plan: str, benefit: str) -> bool:
    """False where no room knows the benefit."""
    return any(answer(document, plan, benefit) for answer in _freely)


def plan_left_register(answer: Left) -> None:
    """Called once in ready(). answer(enrollment, the plan's code) says what is left of what the plan gives a member, a
    line for each thing that is counted."""
    if answer not in _left:
        _left.append(answer)


def plan_left(enrollment: Enrollment, plan: str) -> list[str]:
    return [line for answer in _left for line in answer(enrollment, plan)]
