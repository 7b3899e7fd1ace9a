"""Sweepstakes: the section `sweepstakes` of a program's document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.rule import LocalTime

SECTION = "sweepstakes"
MAX_SWEEPSTAKES, MAX_PRIZES, MAX_DRAWN = 50, 50, 1_000
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166.", examples=["NL"])]


class Prize(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code
    name: LocalText
    quantity: Annotated[int, Meta(ge=1, le=1_000)] = 1


class Sweepstake(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """free_entries: how many a member gets for nothing, by asking; 0: none. entries_at_most: of one member, of any way.

    countries: by the member's attribute `country`; min_age: by their date of birth. once_per_person: whoever was drawn
    isn't drawn again. alternates: how many more are drawn, to stand in.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    terms: LocalText = ""
    opens_at: LocalTime
    closes_at: LocalTime
    prizes: tuple[Prize, ...]
    alternates: Annotated[int, Meta(ge=0, le=1_000)] = 3
    free_entries: Annotated[int, Meta(ge=0, le=100)] = 1
    entries_at_most: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    countries: tuple[Country, ...] = ()
    min_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    once_per_person: bool = True

    @property
    def winners(self) -> int:
        return sum(each.quantity for each in self.prizes)


class Sweepstakes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    items: tuple[Sweepstake, ...] = ()


def sweepstakes_problems(section: Sweepstakes, path: str, ground: Ground) -> Problems:
    if len(section.items) > MAX_SWEEPSTAKES:
        yield _many(f"{path}.items", len(section.items), MAX_SWEEPSTAKES)
        return
    yield from twice_problems(section.items, f"{path}.items")
    for index, each in enumerate(section.items):
        yield from _sweepstake(each, f"{path}.items[{index}]")


def _sweepstake(each: Sweepstake, path: str) -> Problems:
    yield from text_problems(each.name, f"{path}.name", 120)
    yield from text_problems(each.description, f"{path}.description", 2000, needed=False)
    yield from text_problems(each.terms, f"{path}.terms", 8000, needed=False)
    sides = {}
    for name in ("opens_at", "closes_at"):
        try:
            sides[name] = datetime.fromisoformat(getattr(each, name))
        except ValueError:
            yield Problem(
                f"{path}.{name}", phrase("There is no such time."), phrase("Say a date and time, 2027-03-01T00:00.")
            )
    if len(sides) == 2 and sides["closes_at"] <= sides["opens_at"]:
        yield Problem(f"{path}.closes_at", phrase("It closes before it opens."), phrase("Let it close later."))
    if not 1 <= len(each.prizes) <= MAX_PRIZES:
        yield _many(f"{path}.prizes", len(each.prizes), MAX_PRIZES)
    yield from twice_problems(each.prizes, f"{path}.prizes")
    for index, prize in enumerate(each.prizes[:MAX_PRIZES]):
        yield from text_problems(prize.name, f"{path}.prizes[{index}].name", 120)
    if each.winners + each.alternates > MAX_DRAWN:
        yield _many(f"{path}.alternates", each.winners + each.alternates, MAX_DRAWN)


def _many(path: str, n: int, most: int) -> Problem:
    return Problem(path, phrase("There are %(n)s.", n=n), phrase("At most %(most)s.", most=most))
