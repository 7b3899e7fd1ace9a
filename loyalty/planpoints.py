"""How many points more a member would have earned with a plan: by the rules that multiply for who has it and ask for
nothing else, on what they earned themselves in the last year. Rather too little than too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

from core import clock
from loyalty.definition.conditions import PlanTest
from loyalty.definition.currencies import Currency
from loyalty.definition.document import Document
from loyalty.definition.effects import Multiply
from loyalty.definition.rule import Rule
from loyalty.models import Enrollment, PointsEntry
from loyalty.selectors import document_now

YEAR = timedelta(days=365)
# Of whoever earns more often than that, the latest.
MOST = 2_000


class MorePoints(Struct, frozen=True):
    """So many more of a currency, in its smallest part. value_minor: what they are worth in the program's money; None
    where the program doesn't say."""

    currency: Currency
    points: int
    value_minor: int | None


class _Earned(Struct, frozen=True):
    event: str
    trigger: str
    rule: str
    currency: str
    points: int


def more_points_with(enrollment: Enrollment, plan: str) -> list[MorePoints]:
    """A line for each currency of which it would have been more."""
    document = document_now(enrollment.program_id)
    asking = [each for each in document.rules if _plan_of(each) is not None]
    wanted = [each for each in asking if plan in (_plan_of(each) or (plan,))]
    if not wanted:
        return []
    earned = _earned(enrollment, {each.trigger for each in asking})
    found = {each.code: _more(document, each.code, wanted, asking, earned) for each in document.currencies}
    return [
        MorePoints(each, found[each.code], _value(each, found[each.code]))
        for each in document.currencies
        if found[each.code] > 0
    ]


def _plan_of(rule: Rule) -> tuple[str, ...] | None:
    """The plans that a rule multiplies for where it asks for nothing else; None for every other rule."""
    asked = [each for each in (rule.audience, rule.when) if each is not None]
    multiplies = bool(rule.effects) and all(isinstance(each, Multiply) for each in rule.effects)
    if not rule.enabled or not multiplies or rule.schedule is not None or rule.limits or rule.caps:
        return None
    return asked[0].any_of if len(asked) == 1 and isinstance(asked[0], PlanTest) else None


def _earned(enrollment: Enrollment, triggers: Iterable[str]) -> list[_Earned]:
    rows = PointsEntry.objects.filter(
        account__enrollment=enrollment, kind=PointsEntry.Kind.EARN, occurred_at__gte=clock.now() - YEAR,
        event__type__in=list(triggers), reversals__isnull=True,
    )  # fmt: skip
    told = rows.order_by("-occurred_at").values_list("event_id", "event__type", "rule", "account__currency", "points")
    return [_Earned(str(event), trigger, rule, code, points) for event, trigger, rule, code, points in told[:MOST]]


def _more(document: Document, currency: str, wanted: list[Rule], asking: list[Rule], earned: list[_Earned]) -> int:
    """What the plan's multipliers would have added, less what a plan's added already."""
    groups = {each.code: each.group for each in document.rules}
    multiplying = {each.code for each in document.rules if any(isinstance(one, Multiply) for one in each.effects)}
    theirs = {each.code for each in asking}
    had = sum(each.points for each in earned if each.currency == currency and each.rule in theirs)
    base: dict[tuple[str, str], list[_Earned]] = defaultdict(list)
    for each in earned:
        if each.currency == currency and each.rule not in multiplying:
            base[each.event, each.trigger].append(each)
    more = 0
    for (_event, trigger), given in base.items():
        best: dict[str, int] = {}
        for rule in wanted:
            if rule.trigger == trigger:
                added = sum(_added(one, currency, given, groups) for one in rule.effects if isinstance(one, Multiply))
                best[rule.group] = max(best.get(rule.group, 0), added)
        more += sum(best.values())
    return more - had


def _added(effect: Multiply, currency: str, given: list[_Earned], groups: dict[str, str]) -> int:
    if effect.currency != currency:
        return 0
    every = not effect.rules and not effect.groups
    points = sum(
        each.points for each in given if every or each.rule in effect.rules or groups.get(each.rule) in effect.groups
    )
    return int(points * (effect.factor - 1))


def _value(currency: Currency, points: int) -> int | None:
    if currency.value_minor_per_point is None:
        return None
    return int(currency.value_minor_per_point * points / Decimal(10) ** currency.scale)
