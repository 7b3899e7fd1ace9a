"""What a member has towards the tiers of a ladder, read from the counters, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.windows import Rolling

# Per metric of the ladder, period → value.
Progress = Sequence[Mapping[str, int]]


class Missing(Struct, frozen=True):
    """One metric of a ladder for showing, in its smallest units. threshold: of the next tier, None on the top one.

    missing: to the next tier. to_keep: still to reach in this window to reach the present tier again.
    """

    reached: int
    threshold: int | None
    missing: int
    to_keep: int


class TierProgress(Struct, frozen=True):
    """For showing. missing: to the next tier, 0 on the top one. percent: of the way from 0 to the next threshold.

    earned, next_threshold, missing and to_keep are those of the first metric; metrics has every one.
    """

    tier: str
    next_tier: str | None
    earned: int
    next_threshold: int | None
    missing: int
    percent: int
    to_keep: int
    metrics: tuple[Missing, ...] = ()


def progress_of(
    ladder: CompiledLadder, counters: Mapping[str, int], balances: Mapping[str, int] | None = None
) -> Progress:
    """counters: `key@period` → value. balances: currency → what can be spent."""
    found: list[Mapping[str, int]] = []
    for metric in ladder.metrics:
        if metric.kind == "balance":
            found.append({"": (balances or {}).get(metric.of, 0)})
            continue
        head = f"{metric.key}@"
        found.append({name[len(head) :]: value for name, value in counters.items() if name.startswith(head)})
    return found


def progress_in(ladder: CompiledLadder, counters: Mapping[str, int], windows: Iterable[str]) -> Progress:
    """Of some windows alone: nothing is searched for."""
    return [
        {each: counters[name] for each in windows if (name := f"{metric.key}@{each}") in counters}
        for metric in ladder.metrics
    ]


def tier_reached(ladder: CompiledLadder, values: Sequence[int]) -> int:
    """The rank that so much reaches; tiers by invitation are never reached."""
    best = 0
    for tier in ladder.tiers:
        if not tier.by_invitation and _fulfils(tier.thresholds, values, ladder.every):
            best = tier.rank
    return best


def _fulfils(thresholds: Sequence[int], values: Sequence[int], every: bool) -> bool:
    if len(values) == 1:
        return values[0] >= thresholds[0]
    each = (value >= threshold for threshold, value in zip(thresholds, values, strict=True))
    return all(each) if every else any(each)


def values_in(progress: Progress) -> list[tuple[str, tuple[int, ...]]]:
    """The windows in which there is anything, oldest first, with the value of each metric."""
    periods = sorted({period for metric in progress for period in metric})
    return [(period, tuple(metric.get(period, 0) for metric in progress)) for period in periods]


def values_on(ladder: CompiledLadder, progress: Progress, day: date, anchor: date | None = None) -> tuple[int, ...]:
    """The value of each metric as it counts on that day: of its window, or of the last months up to it."""
    if ladder.metrics[0].kind == "balance":
        return tuple(metric.get("", 0) for metric in progress)
    if not isinstance(ladder.window, Rolling):
        start = ladder.window.start(day, anchor)
        return tuple(metric.get(start, 0) for metric in progress)
    sums = []
    for metric in progress:
        total = 0
        for period, value in metric.items():
            end = ladder.window.end(period)
            if period <= day.isoformat() and end is not None and end > day:
                total += value
        sums.append(total)
    return tuple(sums)


def falls_on(ladder: CompiledLadder, progress: Progress, rank: int, day: date) -> date | None:
    """Of a rolling window: the first day after that one on which the rank isn't reached if nothing is added."""
    ends = {ladder.window.end(period) for metric in progress for period in metric if period <= day.isoformat()}
    for end in sorted(each for each in ends if each is not None and each > day):
        if tier_reached(ladder, values_on(ladder, progress, end)) < rank:
            return end
    return None


def tier_progress(ladder: CompiledLadder, *, current: str | None, values: Sequence[int]) -> TierProgress:
    """values: of the window that is running now, one per metric."""
    here = ladder.tiers[ladder.ranks.get(current, 0) if current is not None else 0]
    above = next((each for each in ladder.tiers[here.rank + 1 :] if not each.by_invitation), None)
    metrics = tuple(
        Missing(
            reached=value,
            threshold=above.thresholds[index] if above else None,
            missing=max(0, above.thresholds[index] - value) if above else 0,
            to_keep=0 if here.by_invitation else max(0, here.thresholds[index] - value),
        )
        for index, value in enumerate(values)
    )
    shares = [
        min(100, max(0, each.reached) * 100 // each.threshold) if each.threshold else 100
        for each in metrics
        if each.threshold is not None
    ]
    first = metrics[0]
    return TierProgress(
        tier=here.code,
        next_tier=above.code if above else None,
        earned=first.reached,
        next_threshold=first.threshold,
        missing=first.missing,
        percent=(min(shares) if ladder.every else max(shares)) if shares else 100,
        to_keep=first.to_keep,
        metrics=metrics,
    )
