"""The document made ready for judging: rules by trigger and in order, decimals as integers, zones and times resolved.

Compile once per published version and keep it: everything in it is frozen and may be shared between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from loyalty.definition.achievementbuild import AchievementPlan, achievements_build, counter_boards
from loyalty.definition.claims import claim_events
from loyalty.definition.compiled import CompiledCounter, CompiledLimit, CompiledProgram, CompiledRule, TriggerPlan
from loyalty.definition.conditions import Check, ConditionScope
from loyalty.definition.counters import ALWAYS_KEPT, DistinctDays, counter_uses
from loyalty.definition.currencybuild import currency_build, point_events
from loyalty.definition.document import Document
from loyalty.definition.effects import (
    Action,
    Advancer,
    CompiledEffect,
    EffectScope,
    Giver,
    Granter,
    Multiplier,
    effect_currency,
)
from loyalty.definition.entries import entry_rules
from loyalty.definition.facts import Facts, counter_key
from loyalty.definition.ladderbuild import ORDER_PAID, counter_windows, ladder_build, money_counters
from loyalty.definition.limitbuild import limits_build
from loyalty.definition.rule import Rule
from loyalty.definition.sections import section_rules
from loyalty.definition.sievebuild import sieve_build


def compile_program(document: Document) -> CompiledProgram:
    """Of a document that document_decode has accepted; of another one, KeyError and the like may come."""
    zone = ZoneInfo(document.program.time_zone)
    currencies = {each.code: currency_build(each, document) for each in document.currencies}
    raised = _raised(document, zone)
    by_trigger = _by_trigger(document, raised)
    given = group_currencies(document)
    achievements = achievements_build(document, zone, _condition_scope(document, zone))
    triggers = {}
    for trigger, rules in by_trigger.items():
        compiled = tuple(_rule(rule, order, document, zone, given) for order, rule in enumerate(rules))
        raises = raised.get(trigger, ())
        moved, badges = _moved(compiled, achievements)
        asked = counter_uses(tuple(each.audience for each in document.achieving if each.code in moved))
        triggers[trigger] = TriggerPlan(
            compiled,
            _counters(rules, compiled, raises, asked),
            raises,
            _varying(compiled),
            _budgets(compiled),
            moved,
            badges,
            sieve_build(rules, compiled, exact=True),
            sieve_build(rules, compiled, exact=False),
        )
    return CompiledProgram(
        document=document,
        zone=zone,
        currencies=currencies,
        ladders={each.code: ladder_build(each, document, zone) for each in document.ladders},
        triggers=triggers,
        achievements=achievements,
        claim_events=claim_events(document.claim_types),
        point_events=point_events(document),
    )


def _by_trigger(document: Document, raised: Iterable[str]) -> dict[str, list[Rule]]:
    """Rules by what they wait for, in the order in which they are asked; none where only counters wait."""
    by_trigger: dict[str, list[Rule]] = {}
    own = sorted(document.rules, key=lambda each: (-each.priority, each.code))
    for rule in (*own, *entry_rules(document), *section_rules(document)):
        by_trigger.setdefault(rule.trigger, []).append(rule)
    for trigger in raised:
        by_trigger.setdefault(trigger, [])
    return by_trigger


def rule_currencies(rule: Rule) -> set[str]:
    """The currencies that the rule's effects give."""
    return {code for each in rule.effects if (code := effect_currency(each)) is not None}


def group_currencies(document: Document) -> dict[str, set[str]]:
    """The currencies that the rules of each cap group give."""
    found: dict[str, set[str]] = {each.code: set() for each in document.cap_groups}
    for rule in (*document.rules, *section_rules(document)):
        for code in rule.caps:
            found.setdefault(code, set()).update(rule_currencies(rule))
    return found


def local_time(text: str, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time, aware UTC; ValueError when there is no such date."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _rule(rule: Rule, order: int, document: Document, zone: ZoneInfo, given: Mapping[str, set[str]]) -> CompiledRule:
    scope = EffectScope(document.program.money_currency, {each.code: each.scale for each in document.currencies})
    built: list[tuple[int, CompiledEffect]] = [(at, each.build(scope)) for at, each in enumerate(rule.effects)]
    schedule = rule.schedule
    groups = {each.code: each for each in document.cap_groups}
    limits = limits_build(rule.limits, f"rule.{rule.code}", "limits", rule_currencies(rule), scope.scales)
    for code in rule.caps:
        limits += limits_build(
            groups[code].limits, f"group.{code}", f"cap_groups.{code}.limits", given[code], scope.scales
        )
    for code in sorted(rule_currencies(rule)):
        capped = document.currency(code).limits
        limits += limits_build(capped, f"currency.{code}", f"currencies.{code}.limits", {code}, scope.scales)
    return CompiledRule(
        code=rule.code,
        order=order,
        group=rule.group,
        mode=document.stacking.get(rule.group, "all"),
        stop=rule.stop,
        enabled=rule.enabled,
        starts_at=local_time(schedule.starts_at, zone) if schedule and schedule.starts_at else None,
        ends_at=local_time(schedule.ends_at, zone) if schedule and schedule.ends_at else None,
        check=_check(rule, _condition_scope(document, zone)),
        givers=tuple((at, each) for at, each in built if isinstance(each, Giver)),
        multipliers=tuple((at, each) for at, each in built if isinstance(each, Multiplier)),
        actions=tuple((at, each) for at, each in built if isinstance(each, Action)),
        moves=tuple(each for _, each in built if isinstance(each, Advancer | Granter)),
        limits=limits,
        steady=rule.enabled and not (schedule and (schedule.starts_at or schedule.ends_at)),
    )


def _check(rule: Rule, scope: ConditionScope) -> Check | None:
    """Who, then what: the trace names the audience when the member isn't in it."""
    audience = rule.audience.build("audience", scope) if rule.audience is not None else None
    when = rule.when.build("when", scope) if rule.when is not None else None
    if audience is None or when is None:
        return audience or when

    def check(facts: Facts) -> str | None:
        failed = audience(facts)
        return when(facts) if failed is None else failed

    return check


def _condition_scope(document: Document, zone: ZoneInfo) -> ConditionScope:
    return ConditionScope(zone, {each.code: each.tiers[0].code for each in document.ladders if each.tiers})


def _counters(
    rules: list[Rule],
    compiled: tuple[CompiledRule, ...],
    raises: tuple[CompiledCounter, ...],
    asked: Iterable[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    """Those of caps, conditions and declared counters; what counts for tiers is read always, whatever the event.

    asked: (counter, period) of the audiences of what such an event moves on.
    """
    wanted: dict[tuple[str, str], None] = {}
    for rule in compiled:
        if rule.enabled:
            wanted.update({(each.key, each.period): None for each in rule.limits if _fixed(each)})
    for source in rules:
        for counter, period in counter_uses((source.audience, source.when)):
            wanted[counter_key(counter, period), period] = None
    wanted.update({(counter_key(counter, period), period): None for counter, period in asked})
    for raised in raises:
        wanted.update(dict.fromkeys(raised.periods))
        if raised.seen:
            wanted[raised.seen, "day"] = None
    return tuple(wanted)


def _moved(
    compiled: tuple[CompiledRule, ...], achievements: AchievementPlan
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(achievements, badges) that events of these rules can move on and grant, by way of others too."""
    effects = [each for rule in compiled if rule.enabled for each in rule.moves]
    codes = achievements.reached(each.achievement for each in effects if isinstance(each, Advancer))
    granted = {each.badge for each in effects if isinstance(each, Granter)}
    return codes, tuple(sorted(granted | achievements.granted(codes)))


def _raised(document: Document, zone: ZoneInfo) -> dict[str, tuple[CompiledCounter, ...]]:
    """The declared counters by the type of event that raises them, in the order of the document."""
    periods: dict[str, set[str]] = {each.code: set(ALWAYS_KEPT) for each in document.counters}
    for code, period in (*counter_uses(document), *counter_uses(section_rules(document))):
        periods.setdefault(code, set()).add(period)
    scope = _condition_scope(document, zone)
    found: dict[str, tuple[CompiledCounter, ...]] = {}
    for each in document.counters:
        compiled = CompiledCounter(
            code=each.code,
            check=each.when.build("when", scope) if each.when is not None else None,
            measure=each.measure,
            periods=(
                *((counter_key(each.code, period), period) for period in sorted(periods[each.code])),
                *counter_boards(document, each.code),
            ),
            seen=f"seen:{each.code}" if isinstance(each.measure, DistinctDays) else "",
            tiers=counter_windows(each.code, document),
        )
        found[each.trigger] = (*found.get(each.trigger, ()), compiled)
    money = money_counters(document)
    if money:
        found[ORDER_PAID] = (*found.get(ORDER_PAID, ()), *money)
    return found


def _fixed(limit: CompiledLimit) -> bool:
    """Whether its counter is known by the day alone."""
    return limit.period != "event" and not limit.attribute and not limit.own_zone


def _budgets(compiled: tuple[CompiledRule, ...]) -> dict[str, int]:
    return {each.key: each.at_most for rule in compiled for each in rule.limits if each.kind == "budget"}


def _varying(compiled: tuple[CompiledRule, ...]) -> tuple[CompiledLimit, ...]:
    found = {
        (each.key, each.attribute): each
        for rule in compiled
        if rule.enabled
        for each in rule.limits
        if each.period != "event" and not _fixed(each)
    }
    return tuple(found.values())
