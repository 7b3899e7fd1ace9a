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
from draws.models import Sweepstake, SweepstakeWinner
from draws.selectors import spec_of
from loyalty.definition.acteffects import EnterSweepstake
from loyalty.definition.compile import local_time
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems, unknown
from loyalty.definition.sections import parts_everywhere, section_of
from loyalty.models import Program

# What members took part under; the rest is words.
TERMS = (
    "opens_at", "closes_at", "prizes", "alternates", "free_entries", "entries_at_most", "countries", "min_age",
    "once_per_person", "draw", "answer_days",
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
    """Whoever takes part does so by the terms that they read. A rule that names a sweepstake which isn't there enters
    nobody."""
    yield from _named(document)
    pieces = {each.code: (index, each) for index, each in enumerate(_pieces(document))}
    rows = Sweepstake.objects.filter(program=program, opens_at__lte=clock.now())
    for row in rows.exclude(state=Sweepstake.State.CANCELED).order_by("pk"):
        if row.code not in pieces:
            if not settled(row):
                yield Problem(
                    f"sections.{SECTION}.items",
                    phrase("%(code)r isn't over.", code=row.code),
                    phrase("Leave it there until it is drawn and the prizes are given."),
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


def settled(row: Sweepstake) -> bool:
    """Whether nothing can come of it any more: what its prizes give stands in the program."""
    if row.state != Sweepstake.State.DRAWN:
        return row.state == Sweepstake.State.CANCELED
    won = SweepstakeWinner.objects.filter(sweepstake=row, state=SweepstakeWinner.State.WON)
    return not won.filter(answered_at__isnull=True, answer_by__isnull=False).exists()


def _named(document: Document) -> Problems:
    known = {each.code for each in _pieces(document)}
    for path, effect in parts_everywhere(document, EnterSweepstake):
        if effect.sweepstake not in known:
            yield unknown(f"{path}.sweepstake", phrase("sweepstake"), effect.sweepstake, known)


def _pieces(document: Document) -> tuple[Spec, ...]:
    section: Sweepstakes | None = section_of(document.sections, SECTION)
    return section.items if section is not None else ()
