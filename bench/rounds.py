"""Sides measured in turns (A B A B …), so that a busy neighbour hurts both alike; ratios are medians over rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Sample:
    """One side of one round. cpu: server seconds (web and PostgreSQL) spent meanwhile; times in seconds."""

    operations: int
    seconds: float
    cpu: float
    p50: float = 0.0
    p99: float = 0.0
    errors: int = 0
    p95: float = 0.0

    @property
    def rate(self) -> float:
        return self.operations / self.seconds if self.seconds else 0.0

    @property
    def cpu_each(self) -> float:
        """Server CPU of one operation, in seconds."""
        return self.cpu / self.operations if self.operations else 0.0


Side = Callable[[], Sample]
Rounds = Mapping[str, list[Sample]]


def interleaved(sides: Mapping[str, Side], rounds: int, *, warm_up: bool = True) -> Rounds:
    """Every side once per round; the warm-up round isn't kept."""
    found: dict[str, list[Sample]] = {name: [] for name in sides}
    for number in range(-1 if warm_up else 0, rounds):
        # Odd rounds the other way round, so that none always comes after the same one.
        order = list(sides) if number % 2 == 0 else list(sides)[::-1]
        for name in order:
            sample = sides[name]()
            if number >= 0:
                found[name].append(sample)
    return found


def rate_ratio(rounds: Rounds, side: str, baseline: str) -> float:
    return _ratio(rounds, side, baseline, lambda sample: sample.rate)


def cpu_ratio(rounds: Rounds, side: str, baseline: str) -> float:
    """CPU per operation; 0 where it can't be read."""
    return _ratio(rounds, side, baseline, lambda sample: sample.cpu_each)


def _ratio(rounds: Rounds, side: str, baseline: str, value: Callable[[Sample], float]) -> float:
    pairs = [(value(a), value(b)) for a, b in zip(rounds[side], rounds[baseline], strict=True)]
    ratios = [a / b for a, b in pairs if b]
    return median(ratios) if ratios else 0.0


def rate(rounds: Rounds, side: str) -> float:
    return median(sample.rate for sample in rounds[side])


def cpu_micros(rounds: Rounds, side: str) -> float:
    return median(sample.cpu_each for sample in rounds[side]) * 1e6


def errors(rounds: Rounds) -> int:
    return sum(sample.errors for samples in rounds.values() for sample in samples)


def spread(rounds: Rounds, side: str, baseline: str) -> tuple[float, float]:
    """Lowest and highest rate ratio of a round."""
    ratios = [a.rate / b.rate for a, b in zip(rounds[side], rounds[baseline], strict=True) if b.rate]
    return (min(ratios), max(ratios)) if ratios else (0.0, 0.0)
