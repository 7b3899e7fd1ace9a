"""Ladders of the document made ready for judging, and what events raise for them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from loyalty.definition.basics import money_digits
from loyalty.definition.compiled import CompiledCounter, CompiledLadder, CompiledMetric, CompiledTier
from loyalty.definition.document import Document
from loyalty.definition.ladders import Ladder, Tier
from loyalty.definition.qualifying import (
    AnyMetric,
    AnyOf,
    BalanceHeld,
    CounterReached,
    MoneySpent,
    OrderMoney,
    PointsEarned,
    metric_key,
    metrics_of,
)
from loyalty.definition.windows import Window

ORDER_PAID = "order.paid"


def ladder_build(ladder: Ladder, document: Document, zone: ZoneInfo) -> CompiledLadder:
    metrics = tuple(_metric(each, ladder.window, document) for each in metrics_of(ladder.qualify))
    tiers = tuple(_tier(each, rank, metrics) for rank, each in enumerate(ladder.tiers))
    return CompiledLadder(
        code=ladder.code,
        metrics=metrics,
        every=not isinstance(ladder.qualify, AnyOf),
        window=ladder.window,
        valid=ladder.valid,
        valid_months=ladder.valid_months or 12,
        downgrade=ladder.downgrade,
        grace_days=ladder.grace_days,
        notice_days=ladder.notice_days,
        at_once=ladder.upgrade == "at_once",
        skipped_pay=ladder.skipped_tiers_pay,
        tiers=tiers,
        ranks={each.code: each.rank for each in tiers},
        zone=zone,
    )


def _metric(metric: AnyMetric, window: Window, document: Document) -> CompiledMetric:
    key = metric_key(metric, window.key)
    match metric:
        case PointsEarned() | BalanceHeld():
            one = 10 ** document.currency(metric.currency).scale
            held = isinstance(metric, BalanceHeld)
            return CompiledMetric(key, "balance" if held else "points", metric.currency, one)
        case MoneySpent():
            money = document.program.money_currency
            return CompiledMetric(key, "money", money, 10 ** money_digits(money))
        case CounterReached():
            return CompiledMetric(key, "counter", metric.counter, 1)


def _tier(tier: Tier, rank: int, metrics: tuple[CompiledMetric, ...]) -> CompiledTier:
    told = tier.thresholds if len(metrics) > 1 else (tier.threshold,)
    told = told or (0,) * len(metrics)
    amounts = tuple(amount * each.one for amount, each in zip(told, metrics, strict=True))
    return CompiledTier(tier.code, rank, amounts, tier.by_invitation)


def points_windows(currency: str, document: Document) -> tuple[tuple[str, Window], ...]:
    """(key, window) of what points of the currency raise when they are earned."""
    found = {
        metric_key(metric, ladder.window.key): ladder.window
        for ladder in document.ladders
        for metric in metrics_of(ladder.qualify)
        if isinstance(metric, PointsEarned) and metric.currency == currency
    }
    return tuple(sorted(found.items(), key=lambda each: each[0]))


def counter_windows(counter: str, document: Document) -> tuple[tuple[str, Window], ...]:
    """The same of a declared counter."""
    found = {
        metric_key(metric, ladder.window.key): ladder.window
        for ladder in document.ladders
        for metric in metrics_of(ladder.qualify)
        if isinstance(metric, CounterReached) and metric.counter == counter
    }
    return tuple(sorted(found.items(), key=lambda each: each[0]))


def money_counters(document: Document) -> tuple[CompiledCounter, ...]:
    """What paid orders raise for ladders that go by money spent; of each base one."""
    windows: dict[str, dict[str, Window]] = {}
    bases: dict[str, MoneySpent] = {}
    for ladder in document.ladders:
        for metric in metrics_of(ladder.qualify):
            if isinstance(metric, MoneySpent):
                bases[metric.metric] = metric
                windows.setdefault(metric.metric, {})[metric_key(metric, ladder.window.key)] = ladder.window
    money = document.program.money_currency
    return tuple(
        CompiledCounter(
            code="",
            check=None,
            measure=OrderMoney(base=bases[name], money=money),
            periods=(),
            seen="",
            tiers=tuple(sorted(windows[name].items(), key=lambda each: each[0])),
        )
        for name in sorted(bases)
    )
