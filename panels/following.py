"""A published document's product panels become rows; what has opened keeps what members applied under."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction
from msgspec.structs import replace

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
from loyalty.openings import openings_taken_away
from loyalty.selectors import document_now
from panels.definition import SECTION, PanelsSection
from panels.definition import Panel as Spec
from panels.drawing import PURPOSE
from panels.models import Application, Panel
from panels.selectors import spec_of, taken_of
from rewards.models import RewardFile

Fields = dict[str, Any]
# What members applied under. The rest is words, numbers of units and days that may be given more of.
TERMS = ("opens_at", "tiers", "segments", "countries", "min_age", "benefit", "asks", "questions", "ships", "after")


def panels_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    """Within the publication's transaction; a version for later is followed by the sweep, once it is in force."""
    if since is None or since <= clock.now():
        _follow(program, document)


def panels_in_force() -> int:
    """The sweep's part: rows as the versions that are in force have them. How many programs changed."""
    done = 0
    for program in Program.objects.filter(archived_at__isnull=True, stamp__gt=0).order_by("pk"):
        if not any(_steps(program, document_now(program.pk))):
            continue
        with transaction.atomic():
            locked = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
            _follow(locked, document_now(locked.pk))
        done += 1
    return done


class _Steps(NamedTuple):
    """What is to be done so that the rows are as a document has them: of those that change, by id what they say."""

    make: list[Fields]
    change: dict[int, Fields]
    gone: list[int]


def _follow(program: Program, document: Document) -> None:
    """Make what is new, with its seed; change what may change. What is named no more and hasn't opened goes."""
    steps = _steps(program, document)
    for fields in steps.make:
        seed = secrets.token_bytes(32)
        Panel.objects.create(
            program=program, code=fields["spec"]["code"], **fields,
            seed=seal(seed.hex(), purpose=PURPOSE), commitment=commitment_of(seed),
        )  # fmt: skip
    for row in Panel.objects.select_for_update().filter(pk__in=steps.change).order_by("pk"):
        for name, value in steps.change[row.pk].items():
            setattr(row, name, value)
        row.units = max(row.units, taken_of(row))  # somebody may have been chosen since
        row.save(update_fields=list(steps.change[row.pk]))
    Panel.objects.filter(pk__in=steps.gone, opens_at__gt=clock.now(), applications=None).delete()


def _steps(program: Program, document: Document) -> _Steps:
    zone, now = ZoneInfo(document.program.time_zone), clock.now()
    pieces = {each.code: each for each in _pieces(document)}
    rows = {row.code: row for row in Panel.objects.filter(program=program).order_by("pk")}
    change = {}
    for code, row in rows.items():
        if code not in pieces or row.state == Panel.State.CANCELED:
            continue
        piece = pieces[code]
        if row.opens_at <= now:
            # Whoever applied did so by the terms that they read, whatever a version says that was written before.
            piece = replace(piece, **{name: getattr(spec_of(row), name) for name in TERMS})
        fields = _fields(piece, zone)
        if piece.units < row.units:
            # What was promised stays promised.
            fields["units"] = max(piece.units, taken_of(row))
        if any(getattr(row, name) != value for name, value in fields.items()):
            change[row.pk] = fields
    unopened = [row.pk for code, row in rows.items() if code not in pieces and row.opens_at > now]
    applied = set(Application.objects.filter(panel__in=unopened).values_list("panel", flat=True))
    make = [_fields(piece, zone) for code, piece in pieces.items() if code not in rows]
    return _Steps(make, change, [each for each in unopened if each not in applied])


def _fields(piece: Spec, zone: ZoneInfo) -> Fields:
    return {
        # As it stands in the row: lists for tuples, so that the two can be compared.
        "spec": msgspec.json.decode(msgspec.json.encode(piece)),
        "units": piece.units,
        "opens_at": local_time(piece.opens_at, zone),
        "closes_at": local_time(piece.closes_at, zone),
        "selects_on": local_time(piece.selects_on, zone) if piece.selects_on else None,
    }


def panels_kept(program: Program, document: Document, since: datetime) -> Problems:
    """Whoever applied did so by the terms that they read; what was promised is there. since: from when the document
    would hold; what will have opened by then counts as open."""
    pieces = {each.code: (index, each) for index, each in enumerate(_pieces(document))}
    for index, piece in pieces.values():
        if piece.picture and not RewardFile.objects.filter(digest=piece.picture).exists():
            yield Problem(
                f"sections.{SECTION}.items[{index}].picture",
                phrase("This file isn't there."),
                phrase("Upload it under pictures and files, and name it again."),
            )
    for row in Panel.objects.filter(program=program).exclude(state=Panel.State.CANCELED).order_by("pk"):
        if row.code not in pieces:
            if row.opens_at <= since and row.state == Panel.State.OPEN:
                yield Problem(
                    f"sections.{SECTION}.items",
                    phrase("%(code)r is open.", code=row.code),
                    phrase("Leave it there until everybody was told."),
                )
            continue
        yield from _kept(row, *pieces[row.code], since)
    yield from openings_taken_away(
        program, document, since, section=SECTION, pieces=_pieces, terms=TERMS, over=lambda: _over(program),
        mend=phrase("Withdraw that version first, and publish it again with this panel."),
    )  # fmt: skip


def _over(program: Program) -> set[str]:
    ended = Panel.objects.filter(program=program).exclude(state=Panel.State.OPEN)
    return set(ended.values_list("code", flat=True))


def _kept(row: Panel, index: int, piece: Spec, since: datetime) -> Problems:
    path = f"sections.{SECTION}.items[{index}]"
    taken = taken_of(row)
    if piece.units < taken:
        yield Problem(
            f"{path}.units",
            phrase("%(n)s members were chosen already.", n=taken),
            phrase("Say at least %(n)s.", n=taken),
        )
    was = spec_of(row)
    for name in TERMS if row.opens_at <= since else ():
        if getattr(was, name) != getattr(piece, name):
            yield Problem(
                f"{path}.{name}",
                phrase("%(code)r has opened by other terms.", code=row.code),
                phrase("Leave them as they are, or make another panel."),
            )


def _pieces(document: Document) -> tuple[Spec, ...]:
    section: PanelsSection | None = section_of(document.sections, SECTION)
    return section.items if section is not None else ()
