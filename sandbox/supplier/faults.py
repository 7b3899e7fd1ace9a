"""How the stand-in fails: by a queue of what happens next, and by chances on a seeded die.

silent_before        the connection dies without a word, nothing is written
silent_after_commit  … and the order is written
error_before         503, nothing is written
error_after_commit   502, and the order is written
garbled              200 with half a document, and the order is written
slow                 it waits, then goes on
out_of_stock, no_funds, busy    409, 402, 429
doubled              written and charged twice
fails_later          accepted, and given up afterwards
not_there            an order that is there isn't found
wrong_code, empty_code, same_code    another order's, none, one that somebody else was given
"""

from __future__ import annotations

import random
import threading
from typing import Any

PLACING = (
    "silent_after_commit", "silent_before", "error_after_commit", "error_before", "out_of_stock", "slow", "garbled",
    "busy", "no_funds", "doubled", "fails_later",
)  # fmt: skip
CODES = ("wrong_code", "empty_code", "same_code", "slow", "error_before")
ANY = ("slow", "error_before", "silent_before", "busy", "garbled", "not_there")
WHERE = {"place": PLACING, "codes": CODES, "find": ANY, "products": ANY, "account": ANY, "orders": ANY}


class Faults:
    """queue: where → faults that come next, one a request. chances: where → fault → how likely, with an empty queue."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.queue: dict[str, list[str]] = {}
        self.chances: dict[str, dict[str, float]] = {}
        self.die = random.Random(1)
        self.slow_seconds = 0.3
        self.met: dict[str, int] = {}

    def set(self, told: dict[str, Any]) -> None:
        """Replace what is told of. ValueError names a fault or a place that there isn't."""
        for where, names in [*told.get("queue", {}).items(), *told.get("chances", {}).items()]:
            unknown = set(names) - {*WHERE.get(where, ()), ""}
            if where not in WHERE or unknown:
                raise ValueError(f"{where}: {sorted(unknown)}")
        with self.lock:
            self.queue = {where: list(names) for where, names in told.get("queue", {}).items()}
            self.chances = told.get("chances", {})
            self.die = random.Random(told.get("seed", 1))
            self.slow_seconds = float(told.get("slow_seconds", 0.3))
            self.met = {}

    def next(self, where: str) -> str:
        """What goes wrong with this request; empty: nothing."""
        with self.lock:
            waiting = self.queue.get(where)
            if waiting:
                return self._met(where, waiting.pop(0))
            roll = self.die.random()
            for name, chance in self.chances.get(where, {}).items():
                if roll < chance:
                    return self._met(where, name)
                roll -= chance
        return ""

    def _met(self, where: str, name: str) -> str:
        if name:
            self.met[f"{where}.{name}"] = self.met.get(f"{where}.{name}", 0) + 1
        return name
