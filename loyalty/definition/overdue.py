"""Pieces of a document whose schedule is over at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from loyalty.definition.document import Document

# Lists whose pieces may have a schedule.
_LISTS = ("rules", "challenges", "stamp_cards", "streaks")
# After every text of a time.
FOR_EVER = "~"


class Overdue(Struct, frozen=True):
    """kind: the list. path: where the end stands that is over."""

    kind: str
    code: str
    ends_at: str
    path: str


def overdue_in(document: Document, local: str) -> Iterator[Overdue]:
    """local: wall-clock time in the program's zone, YYYY-MM-DDTHH:MM. What is switched off never fires anyway."""
    for kind in _LISTS:
        for index, piece in enumerate(getattr(document, kind)):
            ends_at = _ends_at(piece)
            if ends_at <= local and getattr(piece, "enabled", True):
                yield Overdue(kind, piece.code, ends_at, f"{kind}[{index}].schedule.ends_at")


def holds_until(document: Document, kind: str, code: str) -> str | None:
    """When the piece of that code ends, FOR_EVER when it doesn't; None when there is none."""
    return next((_ends_at(each) for each in getattr(document, kind) if each.code == code), None)


def _ends_at(piece: Any) -> str:
    schedule = getattr(piece, "schedule", None)
    return FOR_EVER if schedule is None or schedule.ends_at is None else schedule.ends_at
