"""Product panels: the section `panels` of a program's document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.rule import LocalTime
from loyalty.definition.translation import N_
from panels.questions import Question, questions_problems

SECTION = "panels"
MAX_PANELS, MAX_UNITS = 50, 10_000
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166.", examples=["NL"])]
Segment = Annotated[str, Meta(min_length=1, max_length=60)]
Days = Annotated[int, Meta(ge=1, le=365)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of an uploaded picture.")]


class Keep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="keep"):
    """The product is the member's once the questionnaire is sent."""


class SendBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="send_back"):
    """It goes back within so many days of being received. how: what the member reads about it."""

    days: Days = 28
    how: LocalText = ""


class Buy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="buy"):
    """It goes back as with send_back, or is kept by taking that reward, at its price in points."""

    reward: Code
    days: Days = 28
    how: LocalText = ""


After = Keep | SendBack | Buy


class Panel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product that members test. units: how many there are to test.

    Who may apply: tiers, segments, countries (the member's attribute `country`), min_age (by date of birth) and
    benefit (held at that moment); each that is given must hold. asks: what applicants are asked; questions: what those
    are who got the product. selects_on: when members hear whether they were chosen, as they are told. accept_days: to
    say yes, and where to; then the unit goes to whoever stands by. ships: false for what needs no parcel.
    travel_days: a parcel counts as received so many days after it left, where nobody said so before. answer_days: from
    then; remind_days: so many before that a reminder goes out.
    """

    noun: ClassVar[str] = N_("Product panel %(name)s")
    code: Code
    name: LocalText
    description: LocalText = ""
    product: LocalText
    terms: LocalText = ""
    picture: Digest | None = None
    units: Annotated[int, Meta(ge=1, le=MAX_UNITS)]
    opens_at: LocalTime
    closes_at: LocalTime
    selects_on: LocalTime | None = None
    tiers: tuple[Code, ...] = ()
    segments: tuple[Segment, ...] = ()
    countries: tuple[Country, ...] = ()
    min_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    benefit: Code | None = None
    asks: tuple[Question, ...] = ()
    questions: tuple[Question, ...]
    accept_days: Days = 7
    ships: bool = True
    travel_days: Days = 7
    answer_days: Days = 21
    remind_days: Annotated[int, Meta(ge=0, le=60)] = 3
    after: After = Keep()


class PanelsSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    items: tuple[Panel, ...] = ()


def panels_problems(section: PanelsSection, path: str, ground: Ground) -> Problems:
    if len(section.items) > MAX_PANELS:
        yield Problem(
            f"{path}.items",
            phrase("There are %(n)s.", n=len(section.items)),
            phrase("At most %(most)s.", most=MAX_PANELS),
        )
        return
    yield from twice_problems(section.items, f"{path}.items")
    for index, each in enumerate(section.items):
        yield from _panel(each, f"{path}.items[{index}]", ground)


def _panel(each: Panel, path: str, ground: Ground) -> Problems:
    yield from text_problems(each.name, f"{path}.name", 120)
    yield from text_problems(each.product, f"{path}.product", 120)
    yield from text_problems(each.description, f"{path}.description", 4000, needed=False)
    yield from text_problems(each.terms, f"{path}.terms", 8000, needed=False)
    if not isinstance(each.after, Keep):
        yield from text_problems(each.after.how, f"{path}.after.how", 2000, needed=False)
    yield from _times(each, path)
    if not each.questions:
        yield Problem(f"{path}.questions", phrase("There is no questionnaire."), phrase("Ask at least one question."))
    yield from questions_problems(each.asks, f"{path}.asks")
    yield from questions_problems(each.questions, f"{path}.questions")
    tiers = {tier.code for ladder in ground.document.ladders for tier in ladder.tiers}
    for index, tier in enumerate(each.tiers):
        if tier not in tiers:
            yield unknown(f"{path}.tiers[{index}]", phrase("tier"), tier, tiers)
    yield from _elsewhere(each, path, ground)


def _times(each: Panel, path: str) -> Problems:
    moments: dict[str, datetime] = {}
    for name in ("opens_at", "closes_at", "selects_on"):
        given = getattr(each, name)
        if given is None:
            continue
        try:
            moments[name] = datetime.fromisoformat(given)
        except ValueError:
            yield Problem(
                f"{path}.{name}",
                phrase("There is no day or hour like %(given)s.", given=given),
                phrase("Write it as 2026-12-31T18:00."),
            )
    if {"opens_at", "closes_at"} <= moments.keys() and moments["closes_at"] <= moments["opens_at"]:
        yield Problem(
            f"{path}.closes_at", phrase("It closes before it opens."), phrase("Let it close later than it opens.")
        )
    if {"closes_at", "selects_on"} <= moments.keys() and moments["selects_on"] < moments["closes_at"]:
        yield Problem(
            f"{path}.selects_on",
            phrase("Members would be chosen while others may still apply."),
            phrase("Choose a day after the closing."),
        )


def _elsewhere(each: Panel, path: str, ground: Ground) -> Problems:
    """Benefits and rewards that the same document has in other sections. A program without any yet is let be."""
    if each.benefit is not None:
        known = set(_codes(ground, "benefits", "benefits"))
        if each.benefit not in known:
            yield unknown(f"{path}.benefit", phrase("benefit"), each.benefit, known)
    if isinstance(each.after, Buy):
        known = set(_codes(ground, "rewards", "items"))
        if known and each.after.reward not in known:
            yield unknown(f"{path}.after.reward", phrase("reward"), each.after.reward, known)


def _codes(ground: Ground, section: str, pieces: str) -> Iterator[str]:
    found = ground.document.sections.get(section)
    rows = found.get(pieces, []) if isinstance(found, dict) else []
    for each in rows if isinstance(rows, list | tuple) else []:
        if isinstance(each, dict) and isinstance(each.get("code"), str):
            yield each["code"]
