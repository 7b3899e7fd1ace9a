"""Streaks: days, weeks or months in a row, worked out from which of them something was done on.

What is kept is the units themselves, so that one told late fills its gap and one that is returned leaves it, and the
streak comes out as if it had been told in order. A block is 30 units in one number, two bits each: how many times
something was done on it, 3 standing for more. Where a streak stood as a block began is kept beside it, so that judging
and showing need this block and its neighbours only; what comes more than a block late changes nothing any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from msgspec import Struct

from loyalty.definition.achievementbuild import CompiledStreak
from loyalty.definition.facts import CounterRef

BLOCK = 30
_MANY = 3
_DAY = timedelta(days=1)
# How a streak at a block's start is put into one number.
_PACKED = 100

Counted = Callable[[CounterRef], int]


class StreakState(Struct, frozen=True):
    """length: units done in a row, protected ones that were missed not counted. held: protected ones left."""

    length: int = 0
    held: int = 0


class UnitMark(Struct, frozen=True):
    """One unit for showing. state: done, protected (missed, and the streak went on), missed or open."""

    index: int
    state: str


def unit_index(unit: str, day: date) -> int:
    """The number of the day, week (from Monday) or month that the day lies in; the next one's is one more."""
    if unit == "day":
        return day.toordinal()
    return (day.toordinal() - 1) // 7 if unit == "week" else day.year * 12 + day.month - 1


def unit_day(unit: str, index: int) -> date:
    """The first day of the unit."""
    if unit == "day":
        return date.fromordinal(index)
    return date.fromordinal(index * 7 + 1) if unit == "week" else date(index // 12, index % 12 + 1, 1)


def block_of(index: int) -> int:
    return index // BLOCK


def bits_ref(streak: CompiledStreak, block: int) -> CounterRef:
    """What a block's units are kept under; the period is the block's first day."""
    return f"streak:{streak.code}", unit_day(streak.unit, block * BLOCK).isoformat()


def start_ref(streak: CompiledStreak, block: int) -> CounterRef:
    """Where the streak stood as the block began."""
    return f"streak_start:{streak.code}", unit_day(streak.unit, block * BLOCK).isoformat()


def best_ref(streak: CompiledStreak) -> CounterRef:
    return f"streak_best:{streak.code}", ""


def paid_ref(streak: CompiledStreak, at: int) -> CounterRef:
    """The unit on which the milestone was last given."""
    return f"streak_paid:{streak.code}:{at}", ""


def streak_refs(streak: CompiledStreak, day: date) -> list[CounterRef]:
    """Every counter that judging an event of that local day, or of a day beside it, can ask for."""
    first, last = (block_of(unit_index(streak.unit, day + step)) for step in (-_DAY, _DAY))
    refs = [best_ref(streak), *(paid_ref(streak, each.at) for each in streak.milestones)]
    for block in range(first - 1, last + 2):
        refs += [bits_ref(streak, block), start_ref(streak, block)]
    return refs


def unit_times(bits: int, index: int) -> int:
    """How many times something was done on the unit, 3 for more."""
    return (bits >> 2 * (index % BLOCK)) & _MANY


def unit_worth(index: int) -> int:
    """What one more on the unit adds to its block."""
    return 1 << 2 * (index % BLOCK)


def unit_full(bits: int, index: int) -> bool:
    return unit_times(bits, index) == _MANY


def packed(state: StreakState) -> int:
    return state.length * _PACKED + state.held


def unpacked(value: int) -> StreakState:
    return StreakState(*divmod(max(0, value), _PACKED))


def state_after(streak: CompiledStreak, before: StreakState, done: bool) -> StreakState:
    """Where the streak stands after one more unit, which is over."""
    if done:
        held = before.held if before.length else streak.at_start
        length = before.length + 1
        if streak.every and length % streak.every == 0:
            held = min(streak.most, held + 1)
        return StreakState(length, held)
    if before.length and before.held:
        return StreakState(before.length, before.held - 1)
    return StreakState()


def states(
    streak: CompiledStreak, counted: Counted, block: int, through: int
) -> Iterator[tuple[int, bool, StreakState]]:
    """(unit, done, where the streak stands after it) from the block's start. The last can be open: it isn't over."""
    state = unpacked(counted(start_ref(streak, block)))
    for index in range(block * BLOCK, through + 1):
        done = unit_times(max(0, counted(bits_ref(streak, block_of(index)))), index) > 0
        if done or index < through:
            state = state_after(streak, state, done)
        yield index, done, state


def streak_at(streak: CompiledStreak, counted: Counted, index: int) -> StreakState:
    """Where the streak stands in the course of that unit."""
    return streak_through(streak, counted, block_of(index), index)


def streak_through(streak: CompiledStreak, counted: Counted, block: int, last: int) -> StreakState:
    """Where it stands in the course of the last unit, worked out from the block before."""
    return deque((state for _, _, state in states(streak, counted, block - 1, last)), maxlen=1)[0]


def last_done(streak: CompiledStreak, counted: Counted, block: int) -> int:
    """The last unit of the block and the one before it on which something was done; 0 for none."""
    for each in (block, block - 1):
        bits = max(0, counted(bits_ref(streak, each)))
        if bits:
            return each * BLOCK + (bits.bit_length() - 1) // 2
    return 0


def unit_marks(streak: CompiledStreak, counted: Counted, index: int, count: int) -> tuple[UnitMark, ...]:
    """The last so many units through that one, for showing; 30 at most."""
    found: list[UnitMark] = []
    before = StreakState()
    for each, done, state in states(streak, counted, block_of(index) - 1, index):
        kept = state.length > 0 and state.length == before.length
        word = "done" if done else "open" if each == index else "protected" if kept else "missed"
        found.append(UnitMark(each, word))
        before = state
    return tuple(found[-count:])
