"""Earning over HTTP, one event a request, against the reference booking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.ground import Ground, targets, unique
from bench.messages import messages
from bench.program import order
from bench.report import Finding, Report
from bench.rounds import Sample, interleaved
from bench.web import Web, load_side, web
from core import clock

HTTP, REFERENCE = "earn over HTTP", "reference booking"


def run(ground: Ground) -> Report:
    report = Report("earn", "POST /api/v1/events with order.paid ÷ pgbench of the reference booking")
    report.begin()
    shops, sizes = ground.shops(), ground.sizes
    report.note(f"{sizes.members:,} members, {len(shops)} brands, {sizes.rules} rules, real keys, rate limit on")
    with web(ground.stand) as server:
        measured = interleaved(
            {
                HTTP: earn_side(server, targets(shops), sizes.seconds),
                REFERENCE: ground.reference(),
            },
            sizes.rounds,
        )
        report.sides(measured)
        report.ratio(measured, HTTP, REFERENCE, goal=0.20)
        report.cpu(measured, HTTP, REFERENCE)
    trips = messages(targets(shops)[0], "POST", "/api/v1/events", _bodies())
    report.found(Finding("messages to PostgreSQL per request", trips, 2, at_least=False))
    return report


def _bodies() -> Iterator[bytes]:
    while True:
        told = order(f"O-{unique()}", {"external_id": "c-1"}, occurred_at=clock.now().isoformat())
        yield json.dumps(told).encode()


def earn_side(server: Web, shops: list[dict[str, Any]], seconds: float) -> Any:
    def once() -> Sample:
        return load_side(server, {"kind": "earn", "targets": shops, "run": unique()}, seconds=seconds)()

    return once
