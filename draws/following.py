"""A published document's sweepstakes become rows; what has opened keeps its terms."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core import clock
from core.actor import Actor
from core.secrets import seal
from draws.closing import PURPOSE
from draws.definition import SECTION, Sweepstakes
from draws.definition import Sweepstake as Spec
from draws.drawing import commitment_of
from draws.models import Sweepstake
from draws.selectors import spec_of
from loyalty.definition.compile import local_time
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.sections import section_of
from loyalty.models import Program

# What members took part under; the rest is words.
TERMS = (
    "opens_at", "closes_at", "prizes", "alternates", "free_entries", "entries_at_most", "countries", "min_age",
    "once_per_person",
)  # fmt: skip


def sweepstakes_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    """Make what is new, with its seed; change what hasn't opened. What the section names no more and nobody entered
    goes."""
    zone = ZoneInfo(document.program.time_zone)
    pieces = {each.code: each for each in _pieces(document)}
    for code, piece in pieces.items():
        opens_at, closes_at = local_time(piece.opens_at, zone), local_time(piece.closes_at, zone)
        spec: Any = msgspec.to_builtins(piece)
        row = Sweepstake.objects.select_for_update().filter(program=program, code=code).first()
        if row is None:
            seed = secrets.token_bytes(32)
            Sweepstake.objects.create(
                program=program, code=code, spec=spec, opens_at=opens_at, closes_at=closes_at,
                seed=seal(seed.hex(), purpose=PURPOSE), commitment=commitment_of(seed),
            )  # fmt: skip
        elif row.state == Sweepstake.State.OPEN:
            row.spec = spec
            if row.opens_at > clock.now():
                row.opens_at, row.closes_at = opens_at, closes_at
            row.save()
    gone = Sweepstake.objects.filter(program=program, opens_at__gt=clock.now(), entries=None).exclude(code__in=pieces)
    gone.delete()


def sweepstakes_kept(program: Program, document: Document) -> Problems:
    """Whoever takes part does so by the terms that they read."""
    pieces = {each.code: (index, each) for index, each in enumerate(_pieces(document))}
    for row in Sweepstake.objects.filter(program=program, opens_at__lte=clock.now()).order_by("pk"):
        if row.code not in pieces:
            if row.state == Sweepstake.State.OPEN:
                yield Problem(
                    f"sections.{SECTION}.items",
                    phrase("%(code)r is open.", code=row.code),
                    phrase("Leave it there until it is drawn."),
                )
            continue
        index, piece = pieces[row.code]
        was = spec_of(row)
        for name in TERMS:
            if getattr(was, name) != getattr(piece, name):
                yield Problem(
                    f"sections.{SECTION}.items[{index}].{name}",
                    phrase("%(code)r has opened by other terms.", code=row.code),
                    phrase("Leave them as they are, or make another sweepstake."),
                )


def _pieces(document: Document) -> tuple[Spec, ...]:
    section: Sweepstakes | None = section_of(document.sections, SECTION)
    return section.items if section is not None else ()
