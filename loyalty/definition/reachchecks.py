"""Tiers that nobody can reach: nothing gives what they ask for, or limits let less of it through in their window."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from loyalty.definition.document import Document
from loyalty.definition.effects import Effect, Multiply, PointsFixed, effect_currency
from loyalty.definition.ladders import Ladder
from loyalty.definition.limits import Limit, MemberLimit, limit_currency
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.qualifying import AnyOf, BalanceHeld, PointsEarned, metrics_of
from loyalty.definition.rule import Rule
from loyalty.definition.sections import section_rules
from loyalty.definition.windows import Anniversary, CalendarYear, Month, Quarter, Rolling, Window

# Of how many days, weeks, months and years a window holds a part, at most.
_TOUCHED = {
    "month": {"day": 31, "week": 6, "month": 1, "year": 1},
    "quarter": {"day": 92, "week": 15, "month": 3, "year": 1},
    "year": {"day": 366, "week": 54, "month": 12, "year": 1},
}


def reach_problems(ladder: Ladder, path: str, document: Document) -> Problems:
    metrics = metrics_of(ladder.qualify)
    missing = [each.currency for each in metrics if isinstance(each, PointsEarned | BalanceHeld)]
    missing = [code for code in missing if not _earned(code, document)]
    any_of = isinstance(ladder.qualify, AnyOf)
    if missing and (len(missing) == len(metrics) or not any_of):
        yield Problem(
            f"{path}.tiers[1]",
            phrase("Nobody can reach it: no enabled rule gives %(missing)s.", missing=missing[0]),
            phrase("Add a rule that gives %(missing)s, or qualify by another currency.", missing=missing[0]),
        )
        return
    most = [
        points_most(each.currency, ladder.window, document) if isinstance(each, PointsEarned) else None
        for each in metrics
    ]
    for index, tier in enumerate(ladder.tiers):
        asked = tier.thresholds if len(metrics) > 1 else (tier.threshold,)
        pairs = list(zip(asked, most, strict=False))
        short = [(metric, found) for metric, (need, found) in enumerate(pairs) if found is not None and need > found]
        if index == 0 or tier.by_invitation or not short or (any_of and len(short) < len(metrics)):
            continue
        metric, found = short[0]
        counted = metrics[metric]
        yield Problem(
            f"{path}.tiers[{index}].{'thresholds' if len(metrics) > 1 else 'threshold'}",
            phrase(
                "Nobody can reach it: the limits let through %(most)s %(currency)s at most in its window.",
                most=found,
                currency=counted.currency if isinstance(counted, PointsEarned) else "",
            ),
            phrase("Ask for %(most)s or less, or give the limits more room.", most=found),
        )
        return


def points_most(currency: str, window: Window, document: Document) -> Decimal | None:
    """As much of the currency as one member can earn in a window; None where nothing limits it."""
    own = next((each.limits for each in document.currencies if each.code == currency), ())
    whole = _room(own, (), {currency}, currency, window)
    if any(effect_currency(each) == currency for each in _prizes(document)):
        return whole
    rules = [
        rule
        for rule in document.rules
        if rule.enabled and any(effect_currency(each) == currency for each in rule.effects)
    ]
    groups = {each.code: each.limits for each in document.cap_groups}
    found: list[Decimal] = []
    for rule in rules:
        given = {code for each in rule.effects if (code := effect_currency(each)) is not None}
        shared = [limit for code in rule.caps for limit in groups.get(code, ()) if limit_of(limit, currency)]
        rooms = [_room(rule.limits, rule.effects, given, currency, window), _room(shared, (), set(), currency, window)]
        known = [each for each in rooms if each is not None]
        if not known:
            return whole
        found.append(min(known))
    if not found:
        return whole
    return sum(found, Decimal(0)) if whole is None else min(whole, sum(found, Decimal(0)))


def limit_of(limit: Limit, currency: str) -> bool:
    """Whether a cap group's limit names the currency: one that doesn't may count what other rules give."""
    return isinstance(limit, MemberLimit) and limit.measure == "points" and limit.currency == currency


def _room(
    limits: tuple[Limit, ...] | list[Limit],
    effects: tuple[Effect, ...],
    given: set[str],
    currency: str,
    window: Window,
) -> Decimal | None:
    """The least that a limit per member leaves of the currency in a window."""
    found = []
    for each in limits:
        times = _touched(each, window) if isinstance(each, MemberLimit) else None
        if times is None or not isinstance(each, MemberLimit):
            continue
        if each.measure == "points":
            if limit_currency(each, given) == currency:
                found.append(each.at_most * times)
        elif (points := _each_time(effects, currency)) is not None:
            found.append(each.at_most * times * points)
    return min(found, default=None)


def _each_time(effects: tuple[Effect, ...], currency: str) -> Decimal | None:
    """What the rule gives each time; None where that isn't fixed."""
    giving = [each for each in effects if effect_currency(each) == currency]
    if not giving or not all(isinstance(each, PointsFixed) for each in giving):
        return None
    return sum((Decimal(each.points) for each in giving if isinstance(each, PointsFixed)), Decimal(0))


def _touched(limit: MemberLimit, window: Window) -> int | None:
    """Of how many of the limit's periods a window holds a part, at most; None: there is no end to them."""
    if limit.period == "lifetime":
        return 1
    if isinstance(window, Month | Quarter | CalendarYear | Anniversary):
        name = {Month: "month", Quarter: "quarter"}.get(type(window), "year")
        times = _TOUCHED[name][limit.period]
        if isinstance(window, Anniversary) or (isinstance(window, CalendarYear) and window.start_month != 1):
            times += {"day": 0, "week": 0, "month": int(isinstance(window, Anniversary)), "year": 1}[limit.period]
    elif isinstance(window, Rolling):
        days = 31 * window.months
        times = {"day": days + 1, "week": days // 7 + 2, "month": window.months + 1, "year": window.months // 12 + 2}[
            limit.period
        ]
    else:
        return None
    # By the member's own clock a day can lie across the window's edge on both sides.
    return times + (2 if limit.zone == "member" else 0)


def _earned(currency: str, document: Document) -> bool:
    by_rules = (each for rule in document.rules if rule.enabled for each in rule.effects)
    return any(
        effect_currency(each) == currency and not isinstance(each, Multiply) for each in (*by_rules, *_prizes(document))
    )


def _prizes(document: Document) -> Iterator[Effect]:
    """What is given besides by the document's own rules: for achievements, for rising to a tier, by other rooms."""
    for each in document.achieving:
        yield from getattr(each, "effects", ())
        for one in (*getattr(each, "milestones", ()), *getattr(each, "steps", ())):
            yield from getattr(one, "effects", ())
    for ladder in document.ladders:
        for tier in ladder.tiers:
            yield from tier.entry_effects
    rules: tuple[Rule, ...] = section_rules(document)
    for rule in rules:
        yield from rule.effects
