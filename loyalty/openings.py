"""Pieces of a section that open at a time of their own: what a version that waits would take away of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.definition.compile import local_time
from loyalty.definition.document import Document
from loyalty.definition.phrases import Phrase, phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.models import Program
from loyalty.published import documents_waiting


def openings_taken_away(
    program: Program,
    document: Document,
    since: datetime,
    *,
    section: str,
    pieces: Callable[[Document], Sequence[Any]],
    terms: Collection[str],
    over: Callable[[], Collection[str]],
    mend: Phrase,
) -> Problems:
    """A version that waits takes effect while a piece goes on, and doesn't have it, or not by the same terms.

    over: codes of those that nothing can come of any more. since: from when the document would hold.
    """
    waiting, zone = documents_waiting(program, since), ZoneInfo(document.program.time_zone)
    ended = over() if waiting else ()
    for version, later in waiting:
        theirs = {each.code: each for each in pieces(later)}
        for index, piece in enumerate(pieces(document)):
            begun = version.in_force_from is not None and local_time(piece.opens_at, zone) <= version.in_force_from
            if piece.code in ended or not begun:
                continue
            other = theirs.get(piece.code)
            if other is None or any(getattr(piece, name) != getattr(other, name) for name in terms):
                yield Problem(
                    f"sections.{section}.items[{index}]",
                    phrase(
                        "Version %(number)s takes effect while %(code)r goes on, and doesn't have it so.",
                        number=version.number, code=piece.code,
                    ),
                    mend,
                )  # fmt: skip
