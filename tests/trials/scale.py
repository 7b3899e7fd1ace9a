"""How big a trial is: small in `make test`, the figures of the reliability plan in `make soak`.

TRIAL_SCALE multiplies the small sizes (1 by default, never beyond the full ones); SOAK=1, which `make soak` sets, or
TRIAL_SCALE=soak takes the full ones. What each trial does at full size, where it isn't said there:

| trial              | `make test`                          | `make soak`                                           |
|--------------------|--------------------------------------|-------------------------------------------------------|
| 1 ledger vs model  | 3 policies x 20 examples x 40 steps  | 3 policies x 20 parts x 100 examples x 100 steps      |
| 3 bank             | 4 processes, 6 s; its control 8 s    | 8 processes, 10 min, >= 20,000 writes, 1,000 readings |
| 4 last one         | 2 rounds of each race, 50 at once    | 200 rounds of each race, 50 at once                   |
| 5 kill -9          | failpoints once, 1 or 2 at random    | failpoints 10 times, 50 at random: web, worker, server |
| 7 broker loss      | 60 events, each broker once          | 10,000 events, each broker once                       |
| 10 clock           | 360 instants in six zones            | 5,000 instants in six zones                           |
| 13 crossings       | 16 threads, 2,000 switches           | 16 threads, 20,000 switches                            |

A race's control is run until it breaks its promise, at any size: it must, and within the time that is given there.

At full size the trials that go round by round (3 excepted) note each finished round in var/soak/, stop after an hour
saying how far they came, and go on from there when they are started again; a finished trial starts anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
_SCALE = os.environ.get("TRIAL_SCALE", "1")
SOAK = os.environ.get("SOAK") == "1" or _SCALE == "soak"
HOUR = 3600.0


def size(test: int, soak: int) -> int:
    """The size to run at: `test` times TRIAL_SCALE, at least 1 and at most `soak`."""
    return soak if SOAK else min(soak, max(1, round(test * float(_SCALE))))


def rounds(name: str, test: int, soak: int) -> Iterator[int]:
    """Numbers of the rounds to run. At full size resumable, and failing after an hour with how far it came."""
    wanted = size(test, soak)
    if not SOAK:
        yield from range(wanted)
        return
    note = VAR / "soak" / f"{name}.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    for number in range(_done(note), wanted):
        if time.monotonic() - begun > HOUR:
            pytest.fail(f"{name}: {number} of {wanted} rounds, all well; an hour is over, start it again to go on")
        yield number
        note.write_text(json.dumps({"done": number + 1, "of": wanted}))
    note.unlink(missing_ok=True)


def _done(note: Path) -> int:
    try:
        return int(json.loads(note.read_text())["done"])
    except (OSError, ValueError, KeyError):
        return 0
