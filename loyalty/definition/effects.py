"""What a rule does when it fires.

Each kind is one Struct: `problems` checks it, `words` says it, `build` compiles it to one of effectbase's compiled
effects. To add a kind, write the Struct here (or in a module beside) and add it to the union `Effect` at the foot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Annotated, Any

from msgspec import Meta, Struct

from loyalty.definition.acteffects import (
    Advance,
    EnterSweepstake,
    GrantBadge,
    IssueReward,
    SendMessage,
    SetAttribute,
)
from loyalty.definition.basics import AttributePath, Code
from loyalty.definition.comparison import values_at
from loyalty.definition.effectbase import (
    Action,
    Advancer,
    CompiledEffect,
    EffectScope,
    Given,
    Giver,
    Granter,
    Multiplier,
    PendingDays,
    Rounding,
    Terms,
    digits_problems,
    positive_problems,
    rounded,
    terms_of,
)
from loyalty.definition.expiry import Expiry
from loyalty.definition.facts import Facts
from loyalty.definition.lines import ItemTest, items_at, tests_build, tests_problems, tests_words, usual_value
from loyalty.definition.moneyeffects import PointsBrackets, PointsByTender, PointsPerMoney
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.translation import N_, Teller

__all__ = [
    "Action", "Advance", "Advancer", "CompiledEffect", "Effect", "EffectScope", "Given", "Giver", "GrantBadge",
    "Granter", "IssueReward", "Multiplier", "Multiply", "PointsBrackets", "PointsByTender", "PointsFixed",
    "PointsPerMoney", "PointsPerUnit", "Rounding", "SendMessage", "SetAttribute", "Terms", "effect_currency", "rounded",
]  # fmt: skip


class PointsFixed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_fixed"):
    """So many points each time the rule fires. pending_days, expiry: other than the currency's."""

    currency: Code
    points: Decimal
    pending_days: PendingDays | None = None
    expiry: Expiry | None = None

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        wrong = list(positive_problems(self.points, f"{path}.points"))
        yield from wrong
        known = ground.currencies.get(self.currency)
        if not wrong and known is not None and self.points != round(self.points, known.scale):
            yield Problem(
                f"{path}.points",
                phrase("%(currency)s has %(scale)s digits after the sign.", currency=self.currency, scale=known.scale),
                phrase("Say a number that fits, or give the currency more digits."),
            )

    def words(self, teller: Teller) -> str:
        return teller.points(self.currency, self.points)

    def build(self, scope: EffectScope) -> Giver:
        points = int(self.points.scaleb(scope.scales[self.currency]))
        given = Given(points, points, 1)
        terms = terms_of(self.pending_days, self.expiry)
        return Giver(self.currency, "points_fixed", lambda facts: given, terms=terms)


class PointsPerUnit(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_per_unit"
):
    """So many points for every `per` of a number in the event, added up where the path goes through a list.

    where: only items of that list that pass every test count; of then is the number of an item, such as
    order.lines.quantity. rounding is of the sum. pending_days, expiry: other than the currency's.
    """

    currency: Code
    points: Decimal = Decimal(1)
    of: AttributePath = "order.lines.quantity"
    per: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    where: tuple[ItemTest, ...] = ()
    rounding: Rounding = "floor"
    pending_days: PendingDays | None = None
    expiry: Expiry | None = None

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        yield from positive_problems(self.points, f"{path}.points")
        yield from tests_problems(self.where, f"{path}.where")
        if self.where and "." not in self.of:
            yield Problem(
                f"{path}.of",
                phrase("It names no list whose items could be tested."),
                phrase("Say order.lines.quantity."),
            )

    def words(self, teller: Teller) -> str:
        points = teller.points(self.currency, self.points)
        unit = self.of if self.per == 1 else f"{self.per} {self.of}"
        if self.where:
            where = tests_words(self.where, teller)
            return teller.tell(
                N_("%(points)s for every %(unit)s where %(where)s"), points=points, unit=unit, where=where
            )
        return teller.tell(N_("%(points)s for every %(unit)s"), points=points, unit=unit)

    def build(self, scope: EffectScope) -> Giver:
        rate = Fraction(self.points) * 10 ** scope.scales[self.currency] / self.per
        up, down, rounding = rate.numerator, rate.denominator, self.rounding
        units = _units(self.of, self.where)

        def give(facts: Facts) -> Given | None:
            found = units(facts.payload)
            if found is None:
                return None
            number = sum((each for _place, each in found), Fraction(0))
            numerator, denominator = number.numerator * up, number.denominator * down
            return Given(rounded(numerator, denominator, rounding), numerator, denominator, None, _weights(found))

        return Giver(self.currency, "points_per_unit", give, terms=terms_of(self.pending_days, self.expiry))


Units = list[tuple[int, Fraction]]


def _units(of: str, where: tuple[ItemTest, ...]) -> Callable[[Mapping[str, Any]], Units | None]:
    """The numbers of units in a payload, each with the place of its line, NO_LINE where it is of none of an order's.

    None when there is no number at the path.
    """
    keys = tuple(of.split("."))
    holds = tests_build(where)

    def units(payload: Mapping[str, Any]) -> Units | None:
        found: Units = []
        items = list(_placed(payload, keys[:-1]))
        for place, item in items:
            if holds(item):
                values = values_at(usual_value(item, keys[-1]), ())
                found += [(place, number) for each in values if (number := _number(each)) is not None]
        # Items that were tested and failed are none of a known number; an event without the number is another matter.
        return found if found or (where and items) else None

    return units


NO_LINE = -1
_LINES = ("order", "lines")


def _placed(payload: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects at the path, each with the place of the order's line that it is or belongs to."""
    if keys[:2] != _LINES:
        for item in items_at(payload, keys) if keys else [payload]:
            yield NO_LINE, item
        return
    order = payload.get("order")
    lines = order.get("lines") if isinstance(order, dict) else None
    for place, line in enumerate(lines if isinstance(lines, list | tuple) else ()):
        if isinstance(line, dict):
            for item in items_at(line, keys[2:]) if keys[2:] else [line]:
                yield place, item


def _weights(units: Units) -> tuple[tuple[int, int], ...]:
    """How many units came from each line, in whole parts of a unit; none where they aren't an order's lines'."""
    weights: dict[int, Fraction] = {}
    for place, number in units:
        weights[place] = weights.get(place, Fraction(0)) + number
    if NO_LINE in weights:
        return ()
    parts = lcm(*(each.denominator for each in weights.values()))
    parts = parts if parts <= _MAX_PARTS else _MAX_PARTS
    return tuple((place, int(each * parts)) for place, each in sorted(weights.items()) if each)


def _number(value: Any) -> Fraction | None:
    if type(value) is int:
        return Fraction(value) if 0 <= value <= _MAX_UNITS else None
    if type(value) is float and 0 <= value <= _MAX_UNITS:
        return Fraction(repr(value))
    return None


_MAX_UNITS = 10**12
# Into so many parts a unit is divided at most, so that a line's weight stays within a BIGINT.
_MAX_PARTS = 10**6


class Multiply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="multiply"):
    """More of what other rules gave for the same event: factor 2 gives as much again.

    A multiplier adds (factor - 1) x the points that were awarded by points effects, never on what another multiplier
    added. So two of them don't depend on their order: 2x and 3x give 4x (1 + 1 + 2), not 6x. What a cap cut off isn't
    multiplied. groups, rules: whose points, by stacking group or by rule code; both empty means every rule's.
    """

    currency: Code
    factor: Decimal
    groups: tuple[Code, ...] = ()
    rules: tuple[Code, ...] = ()
    rounding: Rounding = "floor"
    pending_days: PendingDays | None = None
    expiry: Expiry | None = None

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        if not self.factor.is_finite() or not 1 < self.factor <= 1000:
            yield Problem(
                f"{path}.factor",
                phrase("A factor must be above 1."),
                phrase("Say 2 for double points, 1.5 for half as much again."),
            )
        else:
            yield from digits_problems(self.factor, f"{path}.factor")
        for index, code in enumerate(self.groups):
            if code not in ground.groups:
                yield unknown(f"{path}.groups[{index}]", phrase("stacking group"), code, ground.groups)
        for index, code in enumerate(self.rules):
            if code not in ground.rules:
                yield unknown(f"{path}.rules[{index}]", phrase("rule"), code, ground.rules)

    def words(self, teller: Teller) -> str:
        names = [teller.rule(code) for code in self.rules] + [*self.groups]
        if not names:
            return teller.tell(N_("%(factor)s times the points"), factor=teller.number(self.factor))
        return teller.tell(
            N_("%(factor)s times the points of %(rules)s"),
            factor=teller.number(self.factor),
            rules=teller.list_and(names),
        )

    def build(self, scope: EffectScope) -> Multiplier:
        extra = Fraction(self.factor) - 1
        return Multiplier(
            currency=self.currency,
            kind="multiply",
            numerator=extra.numerator,
            denominator=extra.denominator,
            rounding=self.rounding,
            groups=frozenset(self.groups),
            rules=frozenset(self.rules),
            terms=terms_of(self.pending_days, self.expiry),
        )


# The kinds of effect. A new one joins here.
Effect = (
    PointsPerMoney
    | PointsFixed
    | PointsPerUnit
    | PointsBrackets
    | PointsByTender
    | Multiply
    | IssueReward
    | EnterSweepstake
    | SendMessage
    | SetAttribute
    | Advance
    | GrantBadge
)


def effect_currency(effect: Effect) -> str | None:
    """The currency that the effect gives; None for an effect that gives no points."""
    return getattr(effect, "currency", None)
