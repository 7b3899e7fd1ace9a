"""What effects are compiled to, and what their checks share. See effects.py for the kinds.

A compiled effect is one of
    Giver       gives points by itself (first phase),
    Multiplier  gives more of what givers gave (second phase),
    Action      anything that isn't points, carried out after booking by a handler registered for its kind,
    Advancer    moves the member on in an achievement, within the same judgement,
    Granter     gives a badge, within the same judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.expiry import Expiry
from loyalty.definition.facts import Facts
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems

Rounding = Literal["floor", "half_up"]
PendingDays = Annotated[int, Meta(ge=0, le=3650)]


class Terms(Struct, frozen=True):
    """When points of one effect begin and end, where that differs from their currency; None: as the currency says."""

    pending_days: int | None
    expiry: Expiry | None


class Given(Struct, frozen=True, gc=False):
    """What a giver would give: minor units of its currency; numerator/denominator is the exact figure before rounding.

    base_minor: the money it was reckoned from, before the part paid otherwise is taken off; None for a fixed gift.
    lines: (place among the order's lines, weight) where lines earn, for a return by line: it takes the share of the
    points that the line has in all weights. A weight is what the line gave where each is rounded by itself, else the
    money or the units that were reckoned from it.
    """

    points: int
    numerator: int
    denominator: int
    base_minor: int | None = None
    lines: tuple[tuple[int, int], ...] = ()


class Giver(Struct, frozen=True):
    """give: None when the event has no amount that this effect can be reckoned from. parts: see earnbase.base_parts."""

    currency: str
    kind: str
    give: Callable[[Facts], Given | None]
    parts: str = ""
    terms: Terms | None = None


class Multiplier(Struct, frozen=True):
    """extra = numerator/denominator × the points that the chosen givers were awarded. Both empty: all of them."""

    currency: str
    kind: str
    numerator: int
    denominator: int
    rounding: Rounding
    groups: frozenset[str]
    rules: frozenset[str]
    terms: Terms | None = None


class Action(Struct, frozen=True):
    """Something to do besides points. params are the handler's."""

    kind: str
    params: Mapping[str, Any]


class Advancer(Struct, frozen=True):
    """steps: how far the event moves the member on in the achievement; None when it has no such amount."""

    achievement: str
    steps: Callable[[Facts], int | None]


class Granter(Struct, frozen=True):
    badge: str


CompiledEffect = Giver | Multiplier | Action | Advancer | Granter


class EffectScope(Struct, frozen=True):
    """What effects are compiled against. scales: digits after the sign per currency."""

    money: str
    scales: Mapping[str, int]


def terms_of(pending_days: int | None, expiry: Expiry | None) -> Terms | None:
    return None if pending_days is None and expiry is None else Terms(pending_days, expiry)


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """numerator/denominator as a whole number; neither is negative, half goes up."""
    if rounding == "floor":
        return numerator // denominator
    return (2 * numerator + denominator) // (2 * denominator)


def positive_problems(number: Decimal, path: str, what: str | None = None) -> Problems:
    if not number.is_finite() or not 0 < number <= 10**9:
        yield Problem(
            path,
            phrase("%(what)s must be above 0.", what=what or phrase("Points")),
            phrase("Say a number such as 1 or 0.5, a thousand million at most."),
        )
        return
    yield from digits_problems(number, path)


def digits_problems(number: Decimal, path: str) -> Problems:
    if number != round(number, 6):
        yield Problem(path, phrase("The number has too many digits."), phrase("At most six after the decimal sign."))
