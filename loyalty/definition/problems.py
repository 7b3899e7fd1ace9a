"""What is wrong with a document, where it stands and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from loyalty.definition.phrases import Phrase, Say, phrase, told

if TYPE_CHECKING:
    from loyalty.definition.counters import Counter
    from loyalty.definition.currencies import Currency
    from loyalty.definition.document import Document
    from loyalty.definition.ladders import Ladder
    from loyalty.definition.rule import CapGroup, Rule


class Problem(Struct, frozen=True):
    """path: where, e.g. `rules[2].effects[0].currency`, "" for the whole. problem: what is wrong. mend: what to do.

    Both are phrases: English as they stand, and problems_told has them in the reader's language. other: where the piece
    stands that this one is at odds with, for programs that read it; readers have its sentence within the problem.

    by_another: what is missing is another piece, which can only be made once this one is there. It stands in the way
    of publishing, not of writing this piece.
    """

    path: str
    problem: Phrase
    mend: Phrase
    by_another: bool = False
    other: str = ""


class DefinitionError(ValueError):
    """The document can't be used. problems is never empty; nothing of the document was taken over."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(f"{first.path or 'document'}: {first.problem} {first.mend}")


Problems = Iterator[Problem]


class Ground:
    """What the checks of the parts look things up in."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.currencies: Mapping[str, Currency] = {each.code: each for each in document.currencies}
        self.counters: Mapping[str, Counter] = {each.code: each for each in document.counters}
        self.ladders: Mapping[str, Ladder] = {each.code: each for each in document.ladders}
        self.rules: Mapping[str, Rule] = {each.code: each for each in document.rules}
        self.cap_groups: Mapping[str, CapGroup] = {each.code: each for each in document.cap_groups}
        self.groups = {each.group for each in document.rules}

    def currency_known(self, code: str, path: str) -> Problems:
        if code not in self.currencies:
            yield unknown(path, phrase("point currency"), code, self.currencies)


def unknown(path: str, what: Phrase, code: str, known: Mapping[str, object] | set[str]) -> Problem:
    """No such code: name those that there are."""
    wrong = phrase("There is no %(what)s %(code)r.", what=what, code=code)
    if not known:
        return Problem(path, wrong, phrase("There is none yet: make it first, or leave this out."))
    return Problem(path, wrong, phrase("Use one of: %(names)s.", names=", ".join(sorted(known)[:20])))


def problems_told(problems: Iterable[Problem], say: Say, language: str = "en") -> list[dict[str, str]]:
    """{path, problem, mend, other} of each, as `say` has the texts."""
    return [
        {
            "path": each.path,
            "problem": told(each.problem, say, language),
            "mend": told(each.mend, say, language),
            "other": each.other,
        }
        for each in problems
    ]
