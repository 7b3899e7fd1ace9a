"""What a plan gives, in words for members: asked by the room that sells plans, answered by the rooms that give."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loyalty.definition.document import Document

Words = Callable[[Document, str], Iterable[str]]
_answers: list[Words] = []


def plan_words_register(answer: Words) -> None:
    """Called once in ready(). answer(document, the plan's code) says what who has the plan gets, a line each."""
    if answer not in _answers:
        _answers.append(answer)


def plan_words(document: Document, plan: str) -> list[str]:
    """A line for each thing that comes with the plan; none where no room gives anything for it."""
    return [line for answer in _answers for line in answer(document, plan)]
