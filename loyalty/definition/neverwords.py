"""What excludes each other, in the words that the rule's own sentence has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loyalty.definition.phrases import Phrase, Spoken, phrase, spoken
from loyalty.definition.problems import Ground, Problem
from loyalty.definition.translation import Teller


class Piece(Protocol):
    def words(self, teller: Teller) -> str: ...


Placed = tuple[str, Piece]
NEVER = phrase("The rule can never fire")


def said(pieces: Sequence[Piece], ground: Ground) -> Spoken:
    """What they ask, one after the other, with the names that the reader's language has."""
    document = ground.document
    return spoken(lambda say, language: _listed(Teller(document, say, language), pieces))


def _listed(teller: Teller, pieces: Sequence[Piece]) -> str:
    return teller.list_and([each.words(teller) for each in pieces])


def rule_said(code: str, ground: Ground) -> Spoken:
    """The rule's name."""
    document = ground.document
    return spoken(lambda say, language: Teller(document, say, language).rule(code))


def counter_said(code: str, ground: Ground) -> Spoken:
    document = ground.document
    return spoken(lambda say, language: Teller(document, say, language).counter(code))


def apart(this: Placed, others: Sequence[Placed], ground: Ground, mend: Phrase, never: Phrase = NEVER) -> Problem:
    """others: what leaves nothing for this one; several where it takes them all."""
    here, piece = this
    return Problem(
        here,
        phrase(
            "%(never)s: “%(this)s” is never so together with “%(other)s”.",
            never=never,
            this=said([piece], ground),
            other=said([each for _place, each in others], ground),
        ),
        mend,
        other=others[0][0],
    )


def either() -> Phrase:
    return phrase("Change one of the two, or put them in a group of which one has to hold.")
