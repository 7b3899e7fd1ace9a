"""Time that can be moved, and the work that falls due on it.

Every account has a clock that runs with the wall's and may be moved ahead; a test clock stands still until it is
advanced. Work that falls due lies in a heap, so it is never looked for. It is named by kind and object: whoever does
it looks at the object's state, which may have moved on since.
"""

import heapq
import time
from typing import Any

HOUR = 3600
DAY = 24 * HOUR
FIRST = frozenset({"phase"})  # of what is due at one moment: a new phase's plan is the one that the renewal bills


class Clock:
    """One line of time. Times are whole seconds since 1970, UTC."""

    def __init__(self, *, frozen: int | None = None, ahead: int = 0) -> None:
        self.frozen = frozen
        self.ahead = ahead
        self.working_at: int | None = None
        self._heap: list[tuple[int, bool, int, str, str]] = []
        self._count = 0

    def now(self) -> int:
        """This clock's time; while due work is done, the time at which it fell due."""
        if self.working_at is not None:
            return self.working_at
        return int(time.time()) + self.ahead if self.frozen is None else self.frozen

    def plan(self, at: int, kind: str, target: str) -> None:
        """Let work of this kind be done on this object at this time (or as soon as possible after it)."""
        self._count += 1
        heapq.heappush(self._heap, (at, kind not in FIRST, self._count, kind, target))

    def next_due(self, until: int) -> tuple[int, str, str] | None:
        """Take the earliest work that is due until then."""
        if self._heap and self._heap[0][0] <= until:
            at, _, _, kind, target = heapq.heappop(self._heap)
            return at, kind, target
        return None

    def move_to(self, at: int) -> None:
        """Stand at this time from now on; never back."""
        if self.frozen is None:
            self.ahead = max(self.ahead, at - int(time.time()))
        else:
            self.frozen = max(self.frozen, at)

    def kept(self) -> dict[str, Any]:
        """What the state's file keeps."""
        return {"frozen": self.frozen, "ahead": self.ahead, "heap": self._heap, "count": self._count}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Clock":
        """The clock that was kept."""
        clock = cls(frozen=kept["frozen"], ahead=kept["ahead"])
        clock._heap = [(at, later, count, kind, target) for at, later, count, kind, target in kept["heap"]]
        heapq.heapify(clock._heap)
        clock._count = kept["count"]
        return clock
