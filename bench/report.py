"""What a bench found, in lines that can be read and compared. Goals are printed beside the figures, never asserted."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench import rounds
from bench.rounds import Rounds


def say(text: str = "") -> None:
    print(text, flush=True)


@dataclass
class Finding:
    """One figure with its goal. at_least True: higher is better."""

    name: str
    value: float
    goal: float | None = None
    at_least: bool = True
    unit: str = ""

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def line(self) -> str:
        word = {True: "met", False: "NOT MET", None: ""}[self.met]
        sign = "≥" if self.at_least else "≤"
        goal = f"goal {sign} {self.goal:g}{self.unit}" if self.goal is not None else ""
        return f"  {self.name:<58} {self.value:>9.3g}{self.unit:<5} {goal:<16} {word}".rstrip()


@dataclass
class Report:
    """The findings of one bench; collected for the table at the end."""

    bench: str
    title: str
    findings: list[Finding] = field(default_factory=list)

    def begin(self) -> None:
        say(f"\n{self.bench}: {self.title}")

    def note(self, text: str) -> None:
        say(f"  {text}")

    def sides(self, measured: Rounds) -> None:
        """Rates, CPU and latencies as they were, for the reader; only the ratios mean something elsewhere."""
        for name, samples in measured.items():
            worst = max(sample.p99 for sample in samples)
            middle = samples[len(samples) // 2].p50
            late = f", p50 {middle * 1000:.1f} ms, p99 {worst * 1000:.0f} ms" if worst else ""
            failed = sum(sample.errors for sample in samples)
            self.note(
                f"{name:<34} {rounds.rate(measured, name):>9,.0f}/s"
                f"  server CPU {rounds.cpu_micros(measured, name):>8,.0f} µs"
                f"{late}{f', {failed} ERRORS' if failed else ''}"
            )

    def ratio(self, measured: Rounds, side: str, baseline: str, *, goal: float | None = None) -> None:
        low, high = rounds.spread(measured, side, baseline)
        self.found(
            Finding(
                f"rate: {side} ÷ {baseline} ({low:.2f}–{high:.2f})", rounds.rate_ratio(measured, side, baseline), goal
            )
        )

    def cpu(self, measured: Rounds, side: str, baseline: str, *, goal: float | None = None) -> None:
        value = rounds.cpu_ratio(measured, side, baseline)
        self.found(Finding(f"CPU:  {side} ÷ {baseline}", value, goal, at_least=False))

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)
        say(finding.line())
