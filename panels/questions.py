"""Questions to applicants and testers: their kinds, and what can't hold about them. No ORM, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems

MAX_QUESTIONS, MAX_OPTIONS, MAX_TEXT = 50, 40, 5_000


class Option(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code
    name: LocalText


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """The base of all. name: the question. help: a line below it. needed: it can't be left out."""

    code: Code
    name: LocalText
    help: LocalText = ""
    needed: bool = True

    def problems(self, path: str) -> Problems:
        yield from ()


class AskText(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    """An answer in words. long: room for several lines."""

    most: Annotated[int, Meta(ge=1, le=MAX_TEXT)] = 1_000
    long: bool = True


class AskChoice(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="choice"):
    """One of the options."""

    options: tuple[Option, ...]

    def problems(self, path: str) -> Problems:
        yield from options_problems(self.options, f"{path}.options")


class AskChoices(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="choices"):
    """Any of the options, most of them at most."""

    options: tuple[Option, ...]
    most: Annotated[int, Meta(ge=1, le=MAX_OPTIONS)] | None = None

    def problems(self, path: str) -> Problems:
        yield from options_problems(self.options, f"{path}.options")


class AskScale(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="scale"):
    """A number from least to most. low, high: what the ends mean."""

    least: Annotated[int, Meta(ge=0, le=1)] = 1
    most: Annotated[int, Meta(ge=2, le=10)] = 5
    low: LocalText = ""
    high: LocalText = ""

    def problems(self, path: str) -> Problems:
        yield from text_problems(self.low, f"{path}.low", 60, needed=False)
        yield from text_problems(self.high, f"{path}.high", 60, needed=False)


class AskPhoto(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="photo"):
    """A picture; what the camera wrote beside it is removed."""


Question = AskText | AskChoice | AskChoices | AskScale | AskPhoto


def options_problems(options: Sequence[Option], path: str) -> Problems:
    if not 2 <= len(options) <= MAX_OPTIONS:
        yield Problem(
            path,
            phrase("There are %(n)s.", n=len(options)),
            phrase("Give at least 2 options and at most %(most)s.", most=MAX_OPTIONS),
        )
    yield from twice_problems(options, path)
    for index, each in enumerate(options):
        yield from text_problems(each.name, f"{path}[{index}].name", 120)


def questions_problems(questions: Sequence[Question], path: str) -> Problems:
    if len(questions) > MAX_QUESTIONS:
        yield Problem(
            path, phrase("There are %(n)s.", n=len(questions)), phrase("At most %(most)s.", most=MAX_QUESTIONS)
        )
        return
    yield from twice_problems(questions, path)
    for index, each in enumerate(questions):
        yield from text_problems(each.name, f"{path}[{index}].name", 300)
        yield from text_problems(each.help, f"{path}[{index}].help", 600, needed=False)
        yield from each.problems(f"{path}[{index}]")
