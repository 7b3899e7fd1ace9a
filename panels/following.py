"""A published document's product panels become rows; what has opened keeps what members applied under."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core import clock
from core.actor import Actor
from core.secrets import seal
from draws.drawing import commitment_of
from loyalty.definition.compile import local_time
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.sections import section_of
from loyalty.models import Program
from panels.definition import SECTION, PanelsSection
from panels.definition import Panel as Spec
from panels.drawing import PURPOSE
from panels.models import Panel
from panels.selectors import spec_of, taken_of
from rewards.models import RewardFile

# What members applied under. The rest is words, numbers of units and days that may be given more of.
TERMS = ("opens_at", "tiers", "segments", "countries", "min_age", "benefit", "asks", "questions", "ships", "after")


def panels_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    """Make what is new, with its seed; change what may change. What is named no more and hasn't opened goes."""
    zone = ZoneInfo(document.program.time_zone)
    pieces = {each.code: each for each in _pieces(document)}
    for code, piece in pieces.items():
        spec: Any = msgspec.to_builtins(piece)
        fields = {
            "spec": spec,
            "units": piece.units,
            "opens_at": local_time(piece.opens_at, zone),
            "closes_at": local_time(piece.closes_at, zone),
            "selects_on": local_time(piece.selects_on, zone) if piece.selects_on else None,
        }
        row = Panel.objects.select_for_update().filter(program=program, code=code).first()
        if row is None:
            seed = secrets.token_bytes(32)
            Panel.objects.create(
                program=program, code=code, **fields,
                seed=seal(seed.hex(), purpose=PURPOSE), commitment=commitment_of(seed),
            )  # fmt: skip
            continue
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
    gone = Panel.objects.filter(program=program, opens_at__gt=clock.now(), applications=None).exclude(code__in=pieces)
    gone.delete()


def panels_kept(program: Program, document: Document) -> Problems:
    """Whoever applied did so by the terms that they read; what was promised is there."""
    pieces = {each.code: (index, each) for index, each in enumerate(_pieces(document))}
    for index, piece in pieces.values():
        if piece.picture and not RewardFile.objects.filter(digest=piece.picture).exists():
            yield Problem(
                f"sections.{SECTION}.items[{index}].picture",
                phrase("This file isn't there."),
                phrase("Upload it under pictures and files, and name it again."),
            )
    for row in Panel.objects.filter(program=program).order_by("pk"):
        if row.code not in pieces:
            if row.opens_at <= clock.now() and row.state == Panel.State.OPEN:
                yield Problem(
                    f"sections.{SECTION}.items",
                    phrase("%(code)r is open.", code=row.code),
                    phrase("Leave it there until everybody was told."),
                )
            continue
        yield from _kept(row, *pieces[row.code])


def _kept(row: Panel, index: int, piece: Spec) -> Problems:
    path = f"sections.{SECTION}.items[{index}]"
    taken = taken_of(row)
    if piece.units < taken:
        yield Problem(
            f"{path}.units",
            phrase("%(n)s members were chosen already.", n=taken),
            phrase("Say at least %(n)s.", n=taken),
        )
    was = spec_of(row)
    for name in TERMS if row.opens_at <= clock.now() else ():
        if getattr(was, name) != getattr(piece, name):
            yield Problem(
                f"{path}.{name}",
                phrase("%(code)r has opened by other terms.", code=row.code),
                phrase("Leave them as they are, or make another panel."),
            )


def _pieces(document: Document) -> tuple[Spec, ...]:
    section: PanelsSection | None = section_of(document.sections, SECTION)
    return section.items if section is not None else ()
