"""How large a run is. BENCH_SCALE picks one; the ratios are meant for `usual` and `full`; `smoke` is a proof."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """members: in all, spread over `brands`; night: those of its one. seconds: of one side of one round.

    hosts: for the tenancy bench. imported: rows of the short and of the long file.
    """

    name: str
    members: int
    brands: int
    rules: int
    rounds: int
    seconds: float
    hosts: tuple[int, ...]
    provisioned: int
    replayed: int
    night: int
    imported: tuple[int, int]

    @property
    def members_each(self) -> int:
        return max(1, self.members // self.brands)


SMOKE = Sizes(
    "smoke", 40, 2, 20, rounds=1, seconds=0.5, hosts=(1, 2), provisioned=1, replayed=1, night=2_000,
    imported=(200, 600),
)  # fmt: skip
USUAL = Sizes(
    "usual", 20_000, 20, 20, rounds=4, seconds=3.0, hosts=(1, 20, 200), provisioned=8, replayed=2, night=100_000,
    imported=(10_000, 50_000),
)  # fmt: skip
FULL = Sizes(
    "full", 100_000, 20, 20, rounds=7, seconds=8.0, hosts=(1, 20, 200), provisioned=20, replayed=3, night=1_000_000,
    imported=(100_000, 1_000_000),
)  # fmt: skip
SCALES = {each.name: each for each in (SMOKE, USUAL, FULL)}


def chosen() -> Sizes:
    """By BENCH_SCALE (smoke, usual, full; 1 means full). ValueError for another word."""
    word = os.environ.get("BENCH_SCALE", "usual").strip().lower() or "usual"
    word = {"1": "full", "0": "smoke"}.get(word, word)
    if word not in SCALES:
        raise ValueError(f"BENCH_SCALE is one of {', '.join(SCALES)}, not {word!r}")
    return SCALES[word]
