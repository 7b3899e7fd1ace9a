"""A value that holds until the next one is set, within the member's counters, and goes back with whoever set it.

Each time that a mark is set has a number; the last few stand side by side, in slots that go round, and the one with the
highest number holds. So a return takes its own away and nothing else, in whichever order orders come back: what holds
then is the latest that wasn't taken back. One that was pushed out of its slot comes back with the return of what pushed
it out, even if it was taken back itself meanwhile: that needs as many later ones as there are slots.
"""

from __future__ import annotations

from collections.abc import Callable

from loyalty.definition.facts import CounterRef
from loyalty.rules.judgement import Raised

SLOTS = 4
# A slot holds the number and the value in one; values are days, or units of a streak, all below this.
_ROOM = 10_000_000

Counted = Callable[[CounterRef], int]


def mark_refs(mark: CounterRef) -> list[CounterRef]:
    """Every counter that reading or setting it can ask for."""
    return [mark, (f"marks:{mark[0]}", ""), *(_slot(mark, each) for each in range(SLOTS))]


def mark_value(mark: CounterRef, counted: Counted) -> int:
    """What holds; 0 for nothing. The counter of the mark's own name is what was set before there were slots."""
    latest = max(counted(_slot(mark, each)) for each in range(SLOTS))
    return latest % _ROOM if latest > 0 else counted(mark)


def mark_set(mark: CounterRef, value: int, counted: Counted) -> tuple[list[tuple[CounterRef, int]], list[Raised]]:
    """(what to add to which counters, what a return takes off again)."""
    number = counted((f"marks:{mark[0]}", "")) + 1
    slot, over = _slot(mark, number), f"unmarked:{mark[0]}"
    before = counted(slot)
    changes = [(slot, number * _ROOM + value - before)]
    if before > 0:
        changes.append(((over, str(before // _ROOM)), 1))
    # The first is there to be read along: the others fall only while the slot is still its own.
    back = [Raised(over, str(number), 0)]
    back += [Raised(key, period, by, guard=f"{over}@{number}") for (key, period), by in changes]
    return [((f"marks:{mark[0]}", ""), 1), *changes], back


def _slot(mark: CounterRef, number: int) -> CounterRef:
    return f"mark:{mark[0]}", str(number % SLOTS)
