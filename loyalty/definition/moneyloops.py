"""Points that pay for the points that they buy: what is paid in points earns as much again, or more."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from loyalty.definition.effects import Effect, Multiply, PointsBrackets, PointsByTender, PointsPerMoney
from loyalty.definition.moneyeffects import POINTS_TENDER
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems


def money_loop_problems(ground: Ground) -> Problems:
    """Per type of event and currency: what one point's worth of money earns, with every multiplier, must be under 1."""
    earned: dict[tuple[str, str], Decimal] = {}
    place: dict[tuple[str, str], str] = {}
    factors: dict[tuple[str, str], Decimal] = {}
    for index, rule in enumerate(ground.document.rules):
        for at, effect in enumerate(rule.effects) if rule.enabled else ():
            if isinstance(effect, Multiply):
                key = (rule.trigger, effect.currency)
                factors[key] = factors.get(key, Decimal(1)) + effect.factor - 1
            rate = _rate(effect)
            if rate and isinstance(effect, PointsPerMoney | PointsBrackets | PointsByTender):
                key = (rule.trigger, effect.currency)
                earned[key] = earned.get(key, Decimal(0)) + rate
                place[key] = f"rules[{index}].effects[{at}].base.paid_in_points"
    for key, rate in earned.items():
        known = ground.currencies.get(key[1])
        value = known.value_minor_per_point if known is not None else None
        if value is None or not value.is_finite():
            continue
        back = rate * value * factors.get(key, Decimal(1))
        if back >= 1:
            yield Problem(
                place[key],
                phrase(
                    "Points earn points: what is paid with one of %(kind)s earns %(points)s of them again.",
                    kind=key[1],
                    points=f"{back.normalize():f}",
                ),
                phrase("Exclude what is paid in points, or give less for it."),
            )


def _rate(effect: Effect) -> Decimal:
    """The most points for the smallest unit of money that is paid in points; 0 where that earns nothing."""
    if not isinstance(effect, PointsPerMoney | PointsBrackets | PointsByTender):
        return Decimal(0)
    if effect.base.paid_in_points == "exclude":
        return Decimal(0)
    if isinstance(effect, PointsPerMoney):
        return effect.points / effect.per_minor
    if isinstance(effect, PointsBrackets):
        return _most(each.points / each.per_minor for each in effect.brackets)
    rates = [each.points / each.per_minor for each in effect.rates if POINTS_TENDER in each.kinds]
    if not rates and effect.other is not None:
        rates = [effect.other.points / effect.other.per_minor]
    return _most(rates)


def _most(rates: Iterable[Decimal]) -> Decimal:
    return max((each for each in rates if each.is_finite()), default=Decimal(0))
