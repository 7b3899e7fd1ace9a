"""Earning in bulk: events a second of requests with 1,000 each, against the reference booking's."""

from __future__ import annotations

from bench.bare import bare_install, bare_side
from bench.ground import Ground, targets, unique
from bench.report import Report
from bench.rounds import Sample, interleaved
from bench.web import load_side, web

HTTP, REFERENCE, BARE = "events in bulk", "reference booking", "bare storing in bulk"
ROWS, CONNECTIONS = 1000, 4


def run(ground: Ground) -> Report:
    report = Report(
        "bulk", f"POST /api/v1/events/bulk with {ROWS:,} events ÷ pgbench of the reference booking, events a second"
    )
    report.begin()
    shops, sizes = ground.shops(), ground.sizes
    rows = min(ROWS, 10 * sizes.members_each)
    bare_install(ground.stand, shops[0])
    bare = bare_side(ground.stand, shops[0], rows=rows, seconds=sizes.seconds)
    with web(ground.stand) as server:

        def once() -> Sample:
            work = {"kind": "bulk", "targets": targets(shops), "run": unique(), "rows": rows}
            return load_side(server, work, seconds=sizes.seconds, connections=CONNECTIONS, each=rows)()

        measured = interleaved({HTTP: once, BARE: bare, REFERENCE: ground.reference()}, sizes.rounds)
    report.sides(measured)
    report.ratio(measured, HTTP, REFERENCE, goal=3)
    report.cpu(measured, HTTP, REFERENCE)
    report.ratio(measured, BARE, REFERENCE)
    report.cpu(measured, BARE, REFERENCE)
    report.cpu(measured, HTTP, BARE)
    return report
