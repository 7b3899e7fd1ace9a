"""Earning over HTTP, one event a request, against the reference booking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.ground import Ground, targets, unique
from bench.report import Finding, Report
from bench.rounds import Sample, interleaved
from bench.web import Web, load_side, web

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
        trips = round_trips(server, targets(shops)[:1])
    report.found(Finding("statements per request, all brands warm", trips, 2, at_least=False))
    return report


def earn_side(server: Web, shops: list[dict[str, Any]], seconds: float) -> Any:
    def once() -> Sample:
        return load_side(server, {"kind": "earn", "targets": shops, "run": unique()}, seconds=seconds)()

    return once


def round_trips(server: Web, shops: list[dict[str, Any]], *, kind: str = "earn") -> float:
    """Statements per request as pg_stat_statements counts them; what is sent in one message counts each."""
    work = {"kind": kind, "targets": shops}
    with _statements(server) as count:
        load_side(server, {**work, "run": unique()}, seconds=0.5, connections=1)()
        before, sample = count(), load_side(server, {**work, "run": unique()}, seconds=1, connections=1)()
        return (count() - before) / max(1, sample.operations)


@contextmanager
def _statements(server: Web) -> Iterator[Any]:
    with psycopg.connect(server.stand.superuser_url, autocommit=True) as admin:
        # Not in public: the grants of the product's migrations go over everything there.
        admin.execute(b"CREATE SCHEMA IF NOT EXISTS bench_statistics")
        admin.execute(b"CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA bench_statistics")

        def count() -> float:
            row = admin.execute(
                "SELECT coalesce(sum(calls), 0) FROM bench_statistics.pg_stat_statements s"
                " JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = 'stamgast_app' AND s.toplevel"
            ).fetchone()
            assert row is not None
            return float(row[0])

        yield count
