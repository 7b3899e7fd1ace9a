"""What a night does with all standings of a ladder that end at the same instant, said once for all of them.

sql/0020_tiers.sql carries it out for many members at a time. Where what counts depends on the member's own days, there
is no such plan, and rules/tiers.tier_expire is asked for each.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.expiry import add_months
from loyalty.definition.windows import Anniversary, Lifetime, Rolling
from loyalty.rules.dates import day_start, local_day
from loyalty.rules.tiers import step_down, tier_runs_out, tier_valid_until

# So many windows before the present one are looked at, at the most: a month's tiers with a year of grace.
BACK = 40


class NightPlan(Struct, frozen=True):
    """See tiers_expire_batch() in sql/0020_tiers.sql. asked: per rank what each metric takes; None: only given."""

    tiers: tuple[str, ...]
    down: tuple[int, ...]
    asked: tuple[tuple[int, ...] | None, ...]
    every: bool
    keys: tuple[str, ...]
    windows: tuple[tuple[str, str, datetime | None], ...]
    step: str
    holds: datetime | None


def night_plan(ladder: CompiledLadder, valid_until: datetime, at: datetime) -> NightPlan | None:
    """What becomes of those whose tier ends then. None: it must be asked member by member."""
    if ladder.metrics[0].kind == "balance" or ladder.valid == "while_qualifying" or ladder.downgrade == "none":
        return None
    if isinstance(ladder.window, Anniversary) and (
        ladder.valid == "after_months" or (ladder.grace_days and not ladder.at_once)
    ):
        return None
    # Everyone's own day is the day on which their year ends.
    anchor = local_day(valid_until, ladder.zone) - timedelta(days=ladder.grace_days)
    return NightPlan(
        tiers=tuple(each.code for each in ladder.tiers),
        down=tuple(step_down(ladder, each.rank) for each in ladder.tiers),
        asked=tuple(None if each.by_invitation else each.thresholds for each in ladder.tiers),
        every=ladder.every,
        keys=tuple(each.key for each in ladder.metrics),
        windows=tuple(_windows(ladder, valid_until, at, anchor)),
        step=ladder.downgrade,
        holds=tier_runs_out(ladder, rank=1, at=valid_until, anchor=anchor),
    )


def _windows(
    ladder: CompiledLadder, valid_until: datetime, at: datetime, anchor: date
) -> list[tuple[str, str, datetime | None]]:
    """(first period, last period, until when what is reached in it holds) of the windows that count."""
    day, window = local_day(valid_until, ladder.zone), ladder.window
    later = day_start(add_months(day, ladder.valid_months) + timedelta(days=ladder.grace_days), ladder.zone)
    if isinstance(window, Rolling):
        return [(_rolls_from(window, day).isoformat(), day.isoformat(), later)]
    if ladder.valid == "after_months":
        last = day - timedelta(days=1 + ladder.grace_days)
        starts = {window.start(last, anchor), window.start(day - timedelta(days=1), anchor)}
        return [(each, each, later) for each in sorted(starts) if _over(ladder, each, valid_until)]
    if isinstance(window, Lifetime):
        return [("", "", None)]
    return _fixed(ladder, valid_until, local_day(at, ladder.zone) + timedelta(days=1), anchor)


def _fixed(
    ladder: CompiledLadder, valid_until: datetime, last: date, anchor: date
) -> list[tuple[str, str, datetime | None]]:
    """The windows whose tiers still hold at that instant, up to the one in which the last day lies."""
    window = ladder.window
    start = window.start(local_day(valid_until, ladder.zone), anchor)
    for _step in range(BACK):
        before = window.start(date.fromisoformat(start) - timedelta(days=1), anchor)
        until = tier_valid_until(ladder, rank=1, window_start=before, reached=date.min)
        if until is None or until <= valid_until:
            break
        start = before
    found: list[tuple[str, str, datetime | None]] = []
    while date.fromisoformat(start) <= last:
        until = tier_valid_until(ladder, rank=1, window_start=start, reached=date.min)
        if (until is None or until > valid_until) and _over(ladder, start, valid_until):
            found.append((start, start, until))
        end = window.end(start)
        if end is None:
            break
        start = end.isoformat()
    return found


def _over(ladder: CompiledLadder, start: str, at: datetime) -> bool:
    """Where one rises at the next window, a window counts once it is over."""
    if ladder.at_once:
        return True
    end = ladder.window.end(start)
    return end is not None and day_start(end, ladder.zone) <= at


def _rolls_from(window: Rolling, day: date) -> date:
    """The first day that still counts on that one."""
    first = add_months(day, -window.months) - timedelta(days=3)
    while True:
        end = window.end(first.isoformat())
        if end is None or end > day:
            return first
        first += timedelta(days=1)
