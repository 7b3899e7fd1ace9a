"""Sweepstakes: the section `sweepstakes` of a program's document."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.conditions import All, AttributeTest
from loyalty.definition.effects import Effect, Multiply
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.rule import LocalTime, Rule
from loyalty.definition.translation import N_

SECTION = "sweepstakes"
WON = "sweepstake.won"
# From the closing to a public value: the list is frozen and its number told before anybody can know whom it draws.
BEFORE = timedelta(hours=1)
MAX_SWEEPSTAKES, MAX_PRIZES, MAX_DRAWN, MAX_EFFECTS = 50, 50, 1_000, 10
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166.", examples=["NL"])]


class Prize(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """quantity: how many win one. effects: what whoever wins is given by itself; nothing: staff hand it over."""

    code: Code
    name: LocalText
    quantity: Annotated[int, Meta(ge=1, le=1_000)] = 1
    effects: tuple[Effect, ...] = ()


class Outside(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public value that nobody knows before it is announced, such as one pulse of a beacon or the numbers of a state
    lottery. source: which one exactly, so that there is no choice left. announced_at: when it is; after the closing.
    """

    source: LocalText
    announced_at: LocalTime


class Sweepstake(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """free_entries: how many a member gets for nothing, by asking; 0: none. entries_at_most: of one member, of any way.

    countries: by the member's attribute `country`; min_age: by their date of birth. once_per_person: whoever was drawn
    isn't drawn again. alternates: how many more are drawn, to stand in. draw: by itself once it is closed, or by staff.
    answer_days: who wins must accept the prize within so many days, or the next who stands by gets it; null: needn't.
    outside: a public value that the draw is bound to besides its own seed; staff enter it when it is announced.
    """

    noun: ClassVar[str] = N_("Sweepstake %(name)s")
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
    draw: Literal["at_close", "by_staff"] = "at_close"
    answer_days: Annotated[int, Meta(ge=1, le=365)] | None = None
    outside: Outside | None = None

    @property
    def winners(self) -> int:
        return sum(each.quantity for each in self.prizes)


class Sweepstakes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    items: tuple[Sweepstake, ...] = ()


def sweepstake_rules(section: Sweepstakes) -> tuple[Rule, ...]:
    """What prizes give, as rules that wait for who has won."""
    return tuple(
        _given(each, prize)
        for each in section.items[:MAX_SWEEPSTAKES]
        for prize in each.prizes[:MAX_PRIZES]
        if prize.effects
    )


def rule_code(sweepstake: str, prize: str) -> str:
    """As long as a rule's code may be, whatever the two are called."""
    return f"{SECTION}__{sha256(f'{sweepstake}/{prize}'.encode()).hexdigest()[:16]}"


def _given(each: Sweepstake, prize: Prize) -> Rule:
    tests = (
        AttributeTest(path="sweepstake.code", operator="eq", value=each.code),
        AttributeTest(path="sweepstake.prize", operator="eq", value=prize.code),
    )
    return Rule(
        code=rule_code(each.code, prize.code),
        name=prize.name,
        description=prize.name,
        trigger=WON,
        when=All(of=tests),
        effects=prize.effects,
        group=SECTION,
    )


def sweepstakes_problems(section: Sweepstakes, path: str, ground: Ground) -> Problems:
    if len(section.items) > MAX_SWEEPSTAKES:
        yield _many(f"{path}.items", len(section.items), MAX_SWEEPSTAKES)
        return
    yield from twice_problems(section.items, f"{path}.items")
    for index, each in enumerate(section.items):
        yield from _sweepstake(each, f"{path}.items[{index}]", ground)


def _sweepstake(each: Sweepstake, path: str, ground: Ground) -> Problems:
    yield from text_problems(each.name, f"{path}.name", 120)
    yield from text_problems(each.description, f"{path}.description", 2000, needed=False)
    yield from text_problems(each.terms, f"{path}.terms", 8000, needed=False)
    yield from _times(each, path)
    if not 1 <= len(each.prizes) <= MAX_PRIZES:
        yield _many(f"{path}.prizes", len(each.prizes), MAX_PRIZES)
    yield from twice_problems(each.prizes, f"{path}.prizes")
    for index, prize in enumerate(each.prizes[:MAX_PRIZES]):
        yield from text_problems(prize.name, f"{path}.prizes[{index}].name", 120)
        yield from _effects(prize.effects, f"{path}.prizes[{index}].effects", ground)
    if each.winners + each.alternates > MAX_DRAWN:
        yield _many(f"{path}.alternates", each.winners + each.alternates, MAX_DRAWN)


def _times(each: Sweepstake, path: str) -> Problems:
    given = {"opens_at": each.opens_at, "closes_at": each.closes_at}
    if each.outside is not None:
        given["outside.announced_at"] = each.outside.announced_at
        yield from text_problems(each.outside.source, f"{path}.outside.source", 300)
    moments = {}
    for name, text in given.items():
        try:
            moments[name] = datetime.fromisoformat(text)
        except ValueError:
            yield Problem(
                f"{path}.{name}", phrase("There is no such time."), phrase("Say a date and time, 2027-03-01T00:00.")
            )
    if {"opens_at", "closes_at"} <= moments.keys() and moments["closes_at"] <= moments["opens_at"]:
        yield Problem(f"{path}.closes_at", phrase("It closes before it opens."), phrase("Let it close later."))
    if each.outside is None:
        return
    known = {"closes_at", "outside.announced_at"} <= moments.keys()
    if known and moments["outside.announced_at"] < moments["closes_at"] + BEFORE:
        yield Problem(
            f"{path}.outside.announced_at",
            phrase("It is known before the list of entries is."),
            phrase("Choose a value that is announced an hour after the closing, or later."),
        )
    if each.draw != "by_staff":
        yield Problem(
            f"{path}.draw",
            phrase("It can't be drawn before somebody has entered the announced value."),
            phrase("Let your team draw it: by_staff."),
        )


def _effects(effects: tuple[Effect, ...], path: str, ground: Ground) -> Problems:
    if len(effects) > MAX_EFFECTS:
        yield _many(path, len(effects), MAX_EFFECTS)
    for index, effect in enumerate(effects[:MAX_EFFECTS]):
        if isinstance(effect, Multiply):
            yield Problem(
                f"{path}[{index}]", phrase("There is nothing to multiply here."), phrase("Give points instead.")
            )
            continue
        yield from effect.problems(f"{path}[{index}]", ground)


def _many(path: str, n: int, most: int) -> Problem:
    return Problem(path, phrase("There are %(n)s.", n=n), phrase("At most %(most)s.", most=most))
