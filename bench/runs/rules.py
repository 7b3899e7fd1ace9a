"""Evaluation alone: microseconds for an order held against 20 and 200 rules, and what rules of another trigger cost."""

from __future__ import annotations

import time
from typing import Any

from bench.ground import Ground
from bench.program import document, order
from bench.report import Finding, Report
from bench.rounds import Sample, interleaved
from core import clock
from loyalty.definition.compile import compile_program
from loyalty.definition.facts import EventFacts, MemberFacts
from loyalty.definition.read import document_decode
from loyalty.payloads import payload_read
from loyalty.rules.evaluate import evaluate

TIMES = 2_000


def run(ground: Ground) -> Report:
    report = Report("rules", "rules.evaluate() of one order, nothing read and nothing written")
    report.begin()
    few, many = document(20), document(200)
    other = {**few, "rules": [*few["rules"], *_elsewhere(180)]}
    sides = {"20 rules": _side(few), "200 rules": _side(many), "20 rules, 180 of another trigger": _side(other)}
    measured = interleaved(sides, max(3, ground.sizes.rounds))
    for name, samples in measured.items():
        found = sorted(1e6 * each.seconds / each.operations for each in samples)
        report.note(f"{name:<34} {found[0]:>7.1f} µs at best, {found[len(found) // 2]:.1f} µs in the middle")
    twenty = sorted(1e6 * each.cpu_each for each in measured["20 rules"])
    report.found(
        Finding("CPU of an order and 20 rules (median)", twenty[len(twenty) // 2], 50, at_least=False, unit=" µs")
    )
    report.cpu(measured, "200 rules", "20 rules")
    report.cpu(measured, "20 rules, 180 of another trigger", "20 rules", goal=1.1)
    return report


def _elsewhere(count: int) -> list[dict[str, Any]]:
    return [
        {
            "code": f"elsewhere_{number}",
            "name": f"Elsewhere {number}",
            "trigger": "review.posted",
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 1}],
        }
        for number in range(count)
    ]


def _side(plain: dict[str, Any]) -> Any:
    program = compile_program(document_decode(plain))
    now = clock.now()
    told = order("A-1", None, occurred_at=now.isoformat())
    payload = payload_read("order.paid", told["data"], own_types=frozenset())
    event = EventFacts(id="e", type="order.paid", occurred_at=now, received_at=now, payload=payload)
    member = MemberFacts(tiers={"main": "enthusiast"}, language="en", joined_at=now)

    def once() -> Sample:
        begun, spent = time.monotonic(), time.process_time()
        for _time in range(TIMES):
            evaluate(program, event, member)
        return Sample(TIMES, time.monotonic() - begun, time.process_time() - spent)

    return once
