"""What the pages about sweepstakes show, read through selectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from draws.definition import Sweepstake as Spec
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.outside import outside_told
from draws.selectors import drawn_of, entries_of, phase_of, spec_of, sweepstakes_of, sweepstakes_told
from loyalty.definition.translation import text_in
from loyalty.home import Link
from loyalty.models import Enrollment

Context = dict[str, Any]
SHOWN = 50


class Shown(NamedTuple):
    """A sweepstake in the reader's words. mine: how many entries the reader has."""

    row: Sweepstake
    name: str
    phase: str
    mine: int


class Drawn(NamedTuple):
    """Who was drawn, by the id of the entry."""

    place: int
    entry: str
    prize: str
    state: str
    mine: bool


class Way(NamedTuple):
    """Another way to take part, such as a reward. name: per language."""

    address: str
    name: Mapping[str, str]


_ways: list[Callable[[Sweepstake], Iterable[Way]]] = []


def ways_register(ways: Callable[[Sweepstake], Iterable[Way]]) -> None:
    """Called once in ready() by a room above that enters members."""
    if ways not in _ways:
        _ways.append(ways)


def ways_in(row: Sweepstake) -> list[tuple[str, str]]:
    """Name and address of each."""
    return [(local(each.name), each.address) for read in _ways for each in read(row)]


def local(text: Any) -> str:
    return text_in(text, (get_language() or "en")[:2])


def sweepstake_or_404(program: str, code: str) -> Sweepstake:
    found = Sweepstake.objects.select_related("program").filter(program__slug=program, code=code).first()
    if found is None or found.program.archived_at is not None:
        raise Http404
    return found


def list_page(enrollment: Enrollment) -> Context:
    rows = list(sweepstakes_told(enrollment.program_id)[:SHOWN])
    mine = dict.fromkeys((row.pk for row in rows), 0)
    for pk in SweepstakeEntry.objects.filter(enrollment=enrollment, sweepstake__in=rows).values_list(
        "sweepstake", flat=True
    ):
        mine[pk] += 1
    shown = [Shown(row, local(spec_of(row).name), phase_of(row), mine[row.pk]) for row in rows]
    return {"enrollment": enrollment, "sweepstakes": shown}


def one_page(row: Sweepstake, enrollment: Enrollment | None) -> Context:
    """For anybody; with the reader's own entries where they take part."""
    spec, phase = spec_of(row), phase_of(row)
    mine = list(entries_of(row, enrollment)) if enrollment is not None else []
    own = {str(each.pk) for each in mine}
    free = sum(each.way == SweepstakeEntry.Way.FREE for each in mine)
    return {
        "row": row,
        "spec": spec,
        "phase": phase,
        "name": local(spec.name),
        "description": local(spec.description),
        "terms": local(spec.terms),
        "prizes": [(local(each.name), each.quantity) for each in spec.prizes],
        "member": enrollment is not None,
        "mine": mine,
        "may_enter": enrollment is not None and phase == "open" and free < spec.free_entries,
        "ways": ways_in(row) if enrollment is not None and phase == "open" else [],
        "bound": _bound(row, spec),
        "drawn": [_drawn(each, spec, own) for each in drawn_of(row)],
        "won": won_of(row, spec, enrollment) if enrollment is not None else [],
    }


def _bound(row: Sweepstake, spec: Spec) -> Context | None:
    told = outside_told(row, spec)
    return None if told is None else {**told, "source": local(told["source"])}


def _drawn(row: SweepstakeWinner, spec: Spec, own: set[str]) -> Drawn:
    names = {each.code: local(each.name) for each in spec.prizes}
    entry = str(row.entry_id)
    return Drawn(row.place, entry, names.get(row.prize, ""), str(row.get_state_display()), entry in own)


class Won(NamedTuple):
    """What the reader won. accept_by: they must accept it until then; None when there is nothing to do."""

    prize: str
    accept_by: datetime | None
    given: bool


def won_of(row: Sweepstake, spec: Spec, enrollment: Enrollment) -> list[Won]:
    names = {each.code: local(each.name) for each in spec.prizes}
    mine = SweepstakeWinner.objects.filter(
        sweepstake=row, entry__enrollment=enrollment, state=SweepstakeWinner.State.WON
    ).order_by("place")
    return [
        Won(names.get(each.prize, each.prize), _to_accept(each), each.event is not None)
        for each in mine
        if each.answered_at is not None or each.answer_by is None or each.answer_by > clock.now()
    ]


def _to_accept(row: SweepstakeWinner) -> datetime | None:
    return row.answer_by if row.answered_at is None else None


def home_part(enrollment: Enrollment) -> Context:
    """Sweepstakes that are open, and prizes that wait to be accepted."""
    now = clock.now()
    rows = sweepstakes_of(enrollment.program_id).filter(
        state=Sweepstake.State.OPEN, opens_at__lte=now, closes_at__gt=now
    )
    waiting = SweepstakeWinner.objects.filter(
        entry__enrollment=enrollment, state=SweepstakeWinner.State.WON, answered_at__isnull=True, answer_by__gt=now
    ).select_related("sweepstake__program")
    return {
        "open": [(row, local(spec_of(row).name)) for row in rows.order_by("closes_at", "pk")[:3]],
        "won": [(each.sweepstake, local(spec_of(each.sweepstake).name)) for each in waiting[:3]],
    }


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    if sweepstakes_told(enrollment.program_id).exists():
        yield Link("/sweepstakes/", _("Sweepstakes"), "star", "draws:list", ("draws:one",))
