"""A published document's sweepstakes become rows; what has opened keeps its terms."""

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
from draws.closing import PURPOSE
from draws.definition import SECTION, Sweepstakes
from draws.definition import Sweepstake as Spec
from draws.drawing import commitment_of
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.selectors import spec_of
from loyalty.definition.acteffects import EnterSweepstake
from loyalty.definition.compile import local_time
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems, unknown
from loyalty.definition.sections import parts_everywhere, section_of
from loyalty.models import Program
from loyalty.openings import openings_taken_away
from loyalty.selectors import document_now

# What members took part under; the rest is words.
TERMS = (
    "opens_at", "closes_at", "prizes", "alternates", "free_entries", "entries_at_most", "countries", "min_age",
    "once_per_person", "draw", "answer_days", "outside",
)  # fmt: skip


class _Steps(NamedTuple):
    """What is to be done so that the rows are as a document has them. change: rows with what they are to say."""

    make: list[Spec]
    change: list[Sweepstake]
    gone: list[int]


def sweepstakes_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    """Within the publication's transaction; a version for later is followed by the sweep, once it is in force."""
    if since is None or since <= clock.now():
        _follow(program, document)


def sweepstakes_in_force() -> int:
    """The sweep's part: rows as the versions that are in force have them. How many programs changed."""
    programs = Program.objects.filter(archived_at__isnull=True, stamp__gt=0)
    return sum(program_follow(each) for each in programs.order_by("pk"))


def program_follow(program: Program) -> bool:
    """Follow the version in force, where it isn't followed yet; whether it wasn't. Under the program's lock then."""
    if not any(_steps(program, document_now(program.pk))):
        return False
    with transaction.atomic():
        locked = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
        _follow(locked, document_now(locked.pk))
    return True


def _follow(program: Program, document: Document) -> None:
    """Make what is new, with its seed; change what hasn't opened. What the section names no more and nobody entered
    goes."""
    zone, steps = ZoneInfo(document.program.time_zone), _steps(program, document)
    for piece in steps.make:
        seed = secrets.token_bytes(32)
        Sweepstake.objects.create(
            program=program, code=piece.code, spec=_plain(piece),
            opens_at=local_time(piece.opens_at, zone), closes_at=local_time(piece.closes_at, zone),
            seed=seal(seed.hex(), purpose=PURPOSE), commitment=commitment_of(seed),
        )  # fmt: skip
    for row in steps.change:
        # One that was closed or canceled meanwhile says for ever what it was closed by.
        fresh = Sweepstake.objects.filter(pk=row.pk, state=Sweepstake.State.OPEN)
        fresh.update(spec=row.spec, opens_at=row.opens_at, closes_at=row.closes_at)
    Sweepstake.objects.filter(pk__in=steps.gone, opens_at__gt=clock.now(), entries=None).delete()


def _steps(program: Program, document: Document) -> _Steps:
    zone, now = ZoneInfo(document.program.time_zone), clock.now()
    pieces = {each.code: each for each in _pieces(document)}
    rows = {row.code: row for row in Sweepstake.objects.filter(program=program).order_by("pk")}
    change = []
    for code, row in rows.items():
        if code not in pieces or row.state != Sweepstake.State.OPEN:
            continue
        was, piece = (row.spec, row.opens_at, row.closes_at), pieces[code]
        if row.opens_at > now:
            row.opens_at, row.closes_at = local_time(piece.opens_at, zone), local_time(piece.closes_at, zone)
        else:
            # Whoever takes part does so by the terms that they read, whatever a version says that was written before.
            piece = replace(piece, **{name: getattr(spec_of(row), name) for name in TERMS})
        row.spec = _plain(piece)
        if (row.spec, row.opens_at, row.closes_at) != was:
            change.append(row)
    unopened = [row.pk for code, row in rows.items() if code not in pieces and row.opens_at > now]
    entered = set(SweepstakeEntry.objects.filter(sweepstake__in=unopened).values_list("sweepstake", flat=True))
    make = [piece for code, piece in pieces.items() if code not in rows]
    return _Steps(make, change, [each for each in unopened if each not in entered])


def sweepstakes_kept(program: Program, document: Document, since: datetime) -> Problems:
    """Whoever takes part does so by the terms that they read. A rule that names a sweepstake which isn't there enters
    nobody. since: from when the document would hold; what will have opened by then counts as open."""
    yield from _named(document)
    pieces = {each.code: (index, each) for index, each in enumerate(_pieces(document))}
    rows = Sweepstake.objects.filter(program=program, opens_at__lte=since)
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
    yield from openings_taken_away(
        program, document, since, section=SECTION, pieces=_pieces, terms=TERMS, over=lambda: _over(program),
        mend=phrase("Withdraw that version first, and publish it again with this sweepstake."),
    )  # fmt: skip


def _over(program: Program) -> set[str]:
    return {row.code for row in Sweepstake.objects.filter(program=program) if settled(row)}


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


def _plain(piece: Spec) -> Any:
    """As it stands in the row: lists for tuples, so that the two can be compared."""
    return msgspec.json.decode(msgspec.json.encode(piece))


def _pieces(document: Document) -> tuple[Spec, ...]:
    section: Sweepstakes | None = section_of(document.sections, SECTION)
    return section.items if section is not None else ()
