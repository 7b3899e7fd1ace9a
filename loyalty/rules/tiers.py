"""Where a member stands on a ladder, and when that changes.

Progress: per metric of the ladder, period → value, as the counters keep it: the period is the first day of a window, or
the day itself where the window rolls (rules/progress.py). valid_until: an instant, from which on the tier is looked at
again; None: never. anchor: the member's own day, for windows that go by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.expiry import add_months
from loyalty.definition.windows import Rolling
from loyalty.rules.dates import day_start, local_day
from loyalty.rules.progress import Progress, falls_on, tier_reached, values_in, values_on

Kind = Literal["upgraded", "kept", "downgraded"]
Best = tuple[int, datetime | None]


class TierMove(Struct, frozen=True):
    """What becomes of the standing. kept: same tier, other valid_until. from_tier "" for one who had none yet."""

    ladder: str
    kind: Kind
    from_tier: str
    to_tier: str
    valid_until: datetime | None


def tier_valid_until(ladder: CompiledLadder, *, rank: int, window_start: str, reached: date) -> datetime | None:
    """Until when a tier holds that was reached on that day in that window of fixed length. None: for ever."""
    if rank == 0 or ladder.downgrade == "none":
        return None
    if ladder.valid == "after_months":
        return _after(ladder, add_months(reached, ladder.valid_months))
    windows = 1 if ladder.valid == "end_of_window" else 2
    return _after(ladder, ladder.window.end(window_start, windows if ladder.at_once else windows + 1))


def _after(ladder: CompiledLadder, end: date | None) -> datetime | None:
    """The local midnight of that day, the grace added."""
    return day_start(end + timedelta(days=ladder.grace_days), ladder.zone) if end is not None else None


def tier_review(
    ladder: CompiledLadder,
    *,
    current: str | None,
    valid_until: datetime | None,
    progress: Progress,
    at: datetime,
    touched: Iterable[str] | None = None,
    anchor: date | None = None,
) -> TierMove | None:
    """After something was earned: up, over several tiers if need be, or the same tier for longer. Never down.

    touched: the windows in which it counted, all that there are when not told. A window whose tiers have run out at
    `at` counts no longer. Where one rises at the next window only, the standing is to be looked at then.
    """
    rank = rank_of(ladder, current)
    best = _best(ladder, progress, at, touched, then=True)
    if best is not None and best[0] > rank:
        return TierMove(ladder.code, "upgraded", current or "", ladder.tiers[best[0]].code, best[1])
    waiting = _waiting(ladder, rank, valid_until, progress, at, anchor)
    if waiting is not None:
        return TierMove(ladder.code, "kept", current or ladder.tiers[0].code, ladder.tiers[rank].code, waiting)
    if best is None or best[0] < rank or rank == 0 or ladder.valid == "after_months":
        return None
    if valid_until is None or best[1] is None or best[1] <= valid_until:
        return None
    return TierMove(ladder.code, "kept", current or "", ladder.tiers[rank].code, best[1])


def tier_stays(
    ladder: CompiledLadder, *, current: str | None, counters: Mapping[str, int], touched: Iterable[str]
) -> bool:
    """Whether it is plain that tier_review has nothing to say: no window that was touched reaches the tier that is
    held, or any above the first. False: look. counters: `key@period` → value. Most events end here, at little cost.
    """
    if not fixed_windows(ladder):
        return False
    rank = rank_of(ladder, current)
    for window in touched:
        reached = tier_reached(ladder, [counters.get(f"{metric.key}@{window}", 0) for metric in ladder.metrics])
        if reached >= rank and reached:
            return False
    return True


def fixed_windows(ladder: CompiledLadder) -> bool:
    """Whether tier_review looks at nothing but the windows that were touched."""
    return ladder.at_once and ladder.metrics[0].kind != "balance" and type(ladder.window) is not Rolling


def tier_expire(
    ladder: CompiledLadder,
    *,
    current: str,
    valid_until: datetime | None,
    progress: Progress,
    at: datetime,
    anchor: date | None = None,
) -> TierMove | None:
    """At the end of validity. The move holds from valid_until on; call again until None to catch up what was missed.

    Earned again: kept. Otherwise one step down, or down to what was earned; the new tier holds for the window that
    starts then.
    """
    if valid_until is None or at < valid_until:
        return None
    first = ladder.tiers[0].code
    if current not in ladder.ranks:
        # A tier that the ladder no longer has ends here.
        return TierMove(ladder.code, "downgraded", current, first, None)
    rank = ladder.ranks[current]
    reached, until = _best(ladder, progress, valid_until, _ending(ladder, valid_until, anchor)) or (0, None)
    if reached > rank:
        return TierMove(ladder.code, "upgraded", current, ladder.tiers[reached].code, until)
    if rank == 0 or ladder.downgrade == "none":
        return TierMove(ladder.code, "kept", current, current, None)
    if reached == rank:
        return TierMove(ladder.code, "kept", current, current, until)
    to = step_down(ladder, rank) if ladder.downgrade == "one_step" else reached
    to = max(to, reached)
    holds = tier_runs_out(ladder, rank=to, at=valid_until, anchor=anchor)
    if to == reached and until is not None and holds is not None:
        holds = until if ladder.valid == "while_qualifying" else max(holds, until)
    return TierMove(ladder.code, "downgraded", current, ladder.tiers[to].code, holds)


def tier_runs_out(ladder: CompiledLadder, *, rank: int, at: datetime, anchor: date | None) -> datetime | None:
    """Until when a tier holds that one falls to at that time, or is moved to, without having earned it."""
    if rank == 0 or ladder.downgrade == "none" or ladder.metrics[0].kind == "balance":
        return None
    day = local_day(at, ladder.zone)
    if ladder.valid == "after_months":
        return _after(ladder, add_months(day, ladder.valid_months))
    return _after(ladder, ladder.window.end(ladder.window.start(day, anchor)))


def tier_return_review(
    ladder: CompiledLadder,
    *,
    current: str,
    since: datetime,
    valid_until: datetime | None,
    before: str | None,
    before_valid_until: datetime | None,
    progress: Progress,
    at: datetime,
    anchor: date | None = None,
) -> TierMove | None:
    """After a return took progress off: a tier that wouldn't have been reached without it is given back at once.

    Only when no window of `progress` carries it until valid_until any more: that names the window, whenever it was
    booked. It falls to what is still earned, or to the tier held before (`before`, as long as that would still hold),
    whichever is higher. A balance is looked at by the night alone.
    """
    rank = rank_of(ladder, current)
    if rank == 0 or ladder.metrics[0].kind == "balance" or ladder.tiers[rank].by_invitation:
        return None
    if isinstance(ladder.window, Rolling):
        reached, until = _best(ladder, progress, at, None) or (0, None)
        if reached >= rank:
            sooner = ladder.valid == "while_qualifying" and reached == rank and until != valid_until
            return TierMove(ladder.code, "kept", current, current, until) if sooner else None
    else:
        if any(_carries(ladder, rank, start, values, since, valid_until) for start, values in values_in(progress)):
            return None
        reached, until = _best(ladder, progress, at, _ending(ladder, at, anchor)) or (0, None)
        if reached >= rank:
            return None
    held = rank_of(ladder, before)
    if held > reached and (before_valid_until is None or before_valid_until > at):
        reached, until = min(held, rank), before_valid_until
    if reached == rank:
        return None
    return TierMove(ladder.code, "downgraded", current, ladder.tiers[reached].code, until)


def tier_by_balance(ladder: CompiledLadder, *, current: str, balance: int) -> TierMove | None:
    """Where a ladder goes by what a member has to spend: up or down to what that is, or one step down."""
    rank, reached = rank_of(ladder, current), tier_reached(ladder, (balance,))
    if reached == rank or (reached < rank and ladder.downgrade == "none"):
        return None
    to = max(reached, step_down(ladder, rank)) if reached < rank and ladder.downgrade == "one_step" else reached
    kind: Kind = "upgraded" if to > rank else "downgraded"
    return TierMove(ladder.code, kind, current, ladder.tiers[to].code, None)


def rank_of(ladder: CompiledLadder, code: str | None) -> int:
    """A tier that the ladder no longer has counts as the first one."""
    return ladder.ranks.get(code, 0) if code is not None else 0


def step_down(ladder: CompiledLadder, rank: int) -> int:
    """The rank one step down, past tiers that are only given."""
    return max((each.rank for each in ladder.tiers[:rank] if not each.by_invitation), default=0)


def _ending(ladder: CompiledLadder, at: datetime, anchor: date | None) -> list[str] | None:
    """The windows that are asked at the end of validity; None: all that there are.

    A tier that holds so many months is asked of the window of its last day alone: what reached it long ago is used up.
    """
    if ladder.valid != "after_months" or isinstance(ladder.window, Rolling):
        return None
    last = local_day(at, ladder.zone) - timedelta(days=1 + ladder.grace_days)
    here = ladder.window.start(local_day(at, ladder.zone) - timedelta(days=1), anchor)
    return list(dict.fromkeys((ladder.window.start(last, anchor), here)))


def _waiting(
    ladder: CompiledLadder,
    rank: int,
    valid_until: datetime | None,
    progress: Progress,
    at: datetime,
    anchor: date | None,
) -> datetime | None:
    """Where one rises at the next window: when that starts, if this one has reached more than is held."""
    if ladder.at_once:
        return None
    start = ladder.window.start(local_day(at, ladder.zone), anchor)
    values = dict(values_in(progress)).get(start)
    end = ladder.window.end(start)
    if values is None or end is None or tier_reached(ladder, values) <= rank:
        return None
    then = day_start(end, ladder.zone)
    return then if valid_until is None or then < valid_until else None


def _carries(
    ladder: CompiledLadder,
    rank: int,
    start: str,
    values: tuple[int, ...],
    since: datetime,
    valid_until: datetime | None,
) -> bool:
    if tier_reached(ladder, values) < rank:
        return False
    if ladder.valid == "after_months":
        end = ladder.window.end(start)
        return end is None or day_start(end, ladder.zone) > since
    until = tier_valid_until(ladder, rank=rank, window_start=start, reached=date.min)
    return valid_until is None or until is None or until >= valid_until


def _best(
    ladder: CompiledLadder, progress: Progress, at: datetime, windows: Iterable[str] | None, *, then: bool = False
) -> Best | None:
    """The highest rank reached in a window whose tiers still hold at that instant, and until when (the latest).

    then: what is reached in a window that is over was so within it, at the latest on its last day.
    """
    if ladder.metrics[0].kind == "balance":
        return tier_reached(ladder, values_on(ladder, progress, date.min)), None
    day = local_day(at, ladder.zone)
    if isinstance(ladder.window, Rolling):
        return _best_rolling(ladder, progress, day)
    wanted = None if windows is None else frozenset(windows)
    found: list[Best] = []
    for start, values in values_in(progress):
        if wanted is not None and start not in wanted:
            continue
        end = ladder.window.end(start)
        if not ladder.at_once and (end is None or day_start(end, ladder.zone) > at):
            continue
        rank = tier_reached(ladder, values)
        reached = end - timedelta(days=1) if then and end is not None and end <= day else day
        until = tier_valid_until(ladder, rank=rank, window_start=start, reached=reached)
        if until is None or until > at:
            found.append((rank, until))
    return max(found, key=lambda each: (each[0], each[1].timestamp() if each[1] else 0.0), default=None)


def _best_rolling(ladder: CompiledLadder, progress: Progress, day: date) -> Best:
    rank = tier_reached(ladder, values_on(ladder, progress, day))
    if rank == 0 or ladder.downgrade == "none":
        return rank, None
    if ladder.valid == "after_months":
        return rank, _after(ladder, add_months(day, ladder.valid_months))
    return rank, _after(ladder, falls_on(ladder, progress, rank, day))
