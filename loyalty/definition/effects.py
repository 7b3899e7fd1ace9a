"""What a rule does when it fires.

Each kind is one Struct: `problems` checks it, `words` says it, `build` compiles it. A compiled effect is one of
    Giver       gives points by itself (first phase),
    Multiplier  gives more of what givers gave (second phase),
    Action      anything that isn't points, carried out after booking by a handler registered for its kind.
To add a kind, write the Struct here (or in a module beside) and add it to the union `Effect` at the foot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code
from loyalty.definition.earnbase import EarnBase, base_amount, base_parts, earning_share
from loyalty.definition.facts import Facts
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.translation import N_, Teller, number_text

Rounding = Literal["floor", "half_up"]


class Given(Struct, frozen=True, gc=False):
    """What a giver would give: minor units of its currency; numerator/denominator is the exact figure before rounding.

    base_minor: the money it was reckoned from, before the part paid otherwise is taken off; None for a fixed gift.
    """

    points: int
    numerator: int
    denominator: int
    base_minor: int | None = None


class Giver(Struct, frozen=True):
    """give: None when the event has no amount that this effect can be reckoned from. parts: see earnbase.base_parts."""

    currency: str
    kind: str
    give: Callable[[Facts], Given | None]
    parts: str = ""


class Multiplier(Struct, frozen=True):
    """extra = numerator/denominator × the points that the chosen givers were awarded. Both empty: all of them."""

    currency: str
    kind: str
    numerator: int
    denominator: int
    rounding: Rounding
    groups: frozenset[str]
    rules: frozenset[str]


class Action(Struct, frozen=True):
    """Something to do besides points. params are the handler's."""

    kind: str
    params: Mapping[str, Any]


CompiledEffect = Giver | Multiplier | Action


class EffectScope(Struct, frozen=True):
    """What effects are compiled against. scales: digits after the sign per currency."""

    money: str
    scales: Mapping[str, int]


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """numerator/denominator as a whole number; neither is negative, half goes up."""
    if rounding == "floor":
        return numerator // denominator
    return (2 * numerator + denominator) // (2 * denominator)


class PointsPerMoney(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_per_money"
):
    """So many points for every per_minor of money. amount_of: the object of the payload that holds the amounts.

    rounding is of the order's points as a whole or, with scope line, of each line's. Money in another currency than the
    program's earns nothing. Integer arithmetic throughout, so nothing is lost before that one rounding.
    """

    currency: Code
    points: Decimal = Decimal(1)
    per_minor: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 100
    amount_of: Code = "order"
    base: EarnBase = EarnBase()
    rounding: Rounding = "floor"
    scope: Literal["order", "line"] = "order"

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        yield from _positive(self.points, f"{path}.points")
        if self.scope == "line" and self.base.shipping == "include":
            yield Problem(f"{path}.base.shipping", "Lines have no shipping.", "Exclude shipping, or use scope order.")

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("%(points)s for every %(money)s spent"),
            points=teller.points(self.currency, self.points),
            money=teller.money_of(self.per_minor),
        )

    def build(self, scope: EffectScope) -> Giver:
        rate = Fraction(self.points) * 10 ** scope.scales[self.currency] / self.per_minor
        up, down = rate.numerator, rate.denominator
        base, rounding, key, money = self.base, self.rounding, self.amount_of, scope.money
        by_line = self.scope == "line"

        def give(facts: Facts) -> Given | None:
            order = facts.payload.get(key)
            if not isinstance(order, dict) or order.get("currency", money) != money:
                return None
            whole = base_amount(base, order)
            if whole is None:
                return None
            paid, total = earning_share(base, order)
            if not by_line:
                numerator, denominator = whole * paid * up, total * down
                return Given(rounded(numerator, denominator, rounding), numerator, denominator, whole)
            amounts = [base_amount(base, line) or 0 for line in order.get("lines") or () if isinstance(line, dict)]
            numerators = [amount * paid * up for amount in amounts]
            denominator = total * down
            points = sum(rounded(each, denominator, rounding) for each in numerators)
            return Given(points, sum(numerators), denominator, sum(amounts))

        return Giver(self.currency, "points_per_money", give, base_parts(base))


class PointsFixed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_fixed"):
    """So many points each time the rule fires."""

    currency: Code
    points: Decimal

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        wrong = list(_positive(self.points, f"{path}.points"))
        yield from wrong
        known = ground.currencies.get(self.currency)
        if not wrong and known is not None and self.points != round(self.points, known.scale):
            yield Problem(
                f"{path}.points",
                f"{self.currency} has {known.scale} digits after the sign.",
                "Say a number that fits, or give the currency more digits.",
            )

    def words(self, teller: Teller) -> str:
        return teller.points(self.currency, self.points)

    def build(self, scope: EffectScope) -> Giver:
        points = int(self.points.scaleb(scope.scales[self.currency]))
        given = Given(points, points, 1)
        return Giver(self.currency, "points_fixed", lambda facts: given)


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

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        if not self.factor.is_finite() or not 1 < self.factor <= 1000:
            yield Problem(
                f"{path}.factor", "A factor must be above 1.", "Say 2 for double points, 1.5 for half as much again."
            )
        else:
            yield from _digits(self.factor, f"{path}.factor")
        for index, code in enumerate(self.groups):
            if code not in ground.groups:
                yield unknown(f"{path}.groups[{index}]", "stacking group", code, ground.groups)
        for index, code in enumerate(self.rules):
            if code not in ground.rules:
                yield unknown(f"{path}.rules[{index}]", "rule", code, ground.rules)

    def words(self, teller: Teller) -> str:
        names = [teller.rule(code) for code in self.rules] + [*self.groups]
        if not names:
            return teller.tell(N_("%(factor)s times the points"), factor=number_text(self.factor))
        return teller.tell(
            N_("%(factor)s times the points of %(rules)s"),
            factor=number_text(self.factor),
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
        )


# The kinds of effect. A new one joins here.
Effect = PointsPerMoney | PointsFixed | Multiply


def effect_currency(effect: Effect) -> str | None:
    """The currency that the effect gives; None for an effect that gives no points."""
    return getattr(effect, "currency", None)


def _positive(number: Decimal, path: str) -> Problems:
    if not number.is_finite() or not 0 < number <= 10**9:
        yield Problem(path, "Points must be above 0.", "Say a number such as 1 or 0.5, a thousand million at most.")
        return
    yield from _digits(number, path)


def _digits(number: Decimal, path: str) -> Problems:
    if number != round(number, 6):
        yield Problem(path, "The number has too many digits.", "At most six after the decimal sign.")
