"""Where a member stands on a ladder, and when that changes. Points are in minor units of the ladder's currency.

progress: points earned per window, keyed by the window's first day as Window.start gives it (the counter
ladder.counter). valid_until: an instant, from which on the tier is looked at again; None: never.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from loyalty.definition.compiled import CompiledLadder
from loyalty.rules.dates import day_start, local_day


class TierMove(Struct, frozen=True):
    """What becomes of the standing. kept: same tier, later valid_until. from_tier "" for one who had none yet."""

    ladder: str
    kind: Literal["upgraded", "kept", "downgraded"]
    from_tier: str
    to_tier: str
    valid_until: datetime | None


class TierProgress(Struct, frozen=True):
    """For showing. missing: to the next tier, 0 on the top one. percent: of the way from 0 to the next threshold.

    to_keep: still to earn in this window to earn the present tier again, 0 when done or on the first tier.
    """

    tier: str
    next_tier: str | None
    earned: int
    next_threshold: int | None
    missing: int
    percent: int
    to_keep: int


def tier_reached(ladder: CompiledLadder, earned: int) -> int:
    """The rank that so many points reach."""
    return max((tier.rank for tier in ladder.tiers if earned >= tier.threshold), default=0)


def tier_progress(ladder: CompiledLadder, *, current: str | None, earned: int) -> TierProgress:
    """earned: in the window that is running now."""
    here = ladder.tiers[_rank(ladder, current)]
    above = ladder.tiers[here.rank + 1] if here.rank + 1 < len(ladder.tiers) else None
    return TierProgress(
        tier=here.code,
        next_tier=above.code if above else None,
        earned=earned,
        next_threshold=above.threshold if above else None,
        missing=max(0, above.threshold - earned) if above else 0,
        percent=min(100, max(0, earned) * 100 // above.threshold) if above and above.threshold else 100,
        to_keep=max(0, here.threshold - earned),
    )


def tier_valid_until(ladder: CompiledLadder, *, rank: int, window_start: str) -> datetime | None:
    """Until when a tier reached in that window holds. None: for ever (the first tier, and tiers that can't be lost)."""
    if rank == 0 or ladder.downgrade == "none":
        return None
    windows = 1 if ladder.valid == "end_of_window" else 2
    end = ladder.window.end(window_start, windows)
    return day_start(end, ladder.zone) if end is not None else None


def tier_review(
    ladder: CompiledLadder,
    *,
    current: str | None,
    valid_until: datetime | None,
    progress: Mapping[str, int],
    at: datetime,
) -> TierMove | None:
    """After points were earned: up at once, over several tiers if need be, or the same tier for longer. Never down.

    Give the windows that were touched; a window whose tiers have run out at `at` counts no longer.
    """
    rank = _rank(ladder, current)
    best = _best(ladder, progress, at)
    if best is None or best[0] < rank or (best[0] == rank and rank == 0):
        return None
    reached, until = best
    if reached > rank:
        return TierMove(ladder.code, "upgraded", current or "", ladder.tiers[reached].code, until)
    if valid_until is None or until is None or until <= valid_until:
        return None
    return TierMove(ladder.code, "kept", current or "", ladder.tiers[rank].code, until)


def tier_expire(
    ladder: CompiledLadder,
    *,
    current: str,
    valid_until: datetime | None,
    progress: Mapping[str, int],
    at: datetime,
    anchor: date | None = None,
) -> TierMove | None:
    """At the end of validity. The move holds from valid_until on; call again until None to catch up what was missed.

    progress: of the window that ends there and, where it matters, of later ones. Earned again: kept. Otherwise one step
    down, or down to what was earned; the new tier holds for the window that starts then. anchor: the member's own day.
    """
    rank = _rank(ladder, current)
    if valid_until is None or at < valid_until:
        return None
    if rank == 0:
        # The first tier holds for ever; a tier that the ladder no longer has ends here.
        first = ladder.tiers[0].code
        return TierMove(ladder.code, "kept" if current == first else "downgraded", current, first, None)
    if ladder.downgrade == "none":
        return TierMove(ladder.code, "kept", current, ladder.tiers[rank].code, None)
    best = _best(ladder, progress, valid_until)
    reached, until = best if best is not None else (0, None)
    if reached >= rank:
        kind: Literal["upgraded", "kept"] = "upgraded" if reached > rank else "kept"
        return TierMove(ladder.code, kind, current, ladder.tiers[reached].code, until)
    to = rank - 1 if ladder.downgrade == "one_step" else reached
    if to == 0:
        return TierMove(ladder.code, "downgraded", current, ladder.tiers[0].code, None)
    end = ladder.window.end(ladder.window.start(local_day(valid_until, ladder.zone), anchor))
    running_out = day_start(end, ladder.zone) if end is not None else None
    if to == reached and until is not None and running_out is not None:
        running_out = max(running_out, until)
    return TierMove(ladder.code, "downgraded", current, ladder.tiers[to].code, running_out)


def tier_return_review(
    ladder: CompiledLadder,
    *,
    current: str,
    valid_until: datetime | None,
    before: str | None,
    before_valid_until: datetime | None,
    progress: Mapping[str, int],
    at: datetime,
) -> TierMove | None:
    """After a return took points off: a tier that wouldn't have been reached without them is given back at once.

    Only when no window of `progress` carries it until valid_until any more: that names the window, whenever the points
    were booked. It falls to what is still earned, or to the tier held before (`before`, as long as that would still
    hold), whichever is higher.
    """
    rank = _rank(ladder, current)
    if rank == 0 or any(_carries(ladder, rank, window, earned, valid_until) for window, earned in progress.items()):
        return None
    reached, until = _best(ladder, progress, at) or (0, None)
    if reached >= rank:
        return None
    held = _rank(ladder, before)
    if held > reached and (before_valid_until is None or before_valid_until > at):
        reached, until = min(held, rank), before_valid_until
    if reached == rank:
        return None
    return TierMove(ladder.code, "downgraded", current, ladder.tiers[reached].code, until)


def _carries(ladder: CompiledLadder, rank: int, window: str, earned: int, valid_until: datetime | None) -> bool:
    if earned < ladder.tiers[rank].threshold:
        return False
    until = tier_valid_until(ladder, rank=rank, window_start=window)
    return valid_until is None or until is None or until >= valid_until


def _rank(ladder: CompiledLadder, code: str | None) -> int:
    """A tier that the ladder no longer has counts as the first one."""
    return ladder.ranks.get(code, 0) if code is not None else 0


def _best(ladder: CompiledLadder, progress: Mapping[str, int], at: datetime) -> tuple[int, datetime | None] | None:
    """The highest rank reached in a window whose tiers still hold at that instant, and until when (the latest)."""
    found: list[tuple[int, datetime | None]] = []
    for start, earned in progress.items():
        rank = tier_reached(ladder, earned)
        until = tier_valid_until(ladder, rank=rank, window_start=start)
        if until is None or until > at:
            found.append((rank, until))
    return max(found, key=lambda each: (each[0], each[1].timestamp() if each[1] else 0.0), default=None)
