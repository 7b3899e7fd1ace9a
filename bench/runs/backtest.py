"""A backtest of many stored events by two processes side by side: how long a million takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import psycopg
from psycopg import sql

from bench.ground import Ground
from bench.history import history_make
from bench.report import Finding, Report, say
from bench.seeding import BENCH, shop_make
from bench.stand import ROOT
from config import celery
from loyalty.backtests.service import backtest_start
from loyalty.models import BacktestRun, Program
from tenants.context import brand_context, platform_context
from tenants.models import Brand

# Its tasks have to be known; nobody is there to do them.
TASKS = celery.app
MONTHS, GOAL = 3, 120
# (members that are really booked, copies of them): 10 events each.
SIZES = {"smoke": (100, 2), "usual": (2000, 5), "full": (2000, 50)}


def run(ground: Ground) -> Report:
    report = Report("backtest", "a backtest of the version in force over three months, two processes, 20 rules")
    report.begin()
    members, copies = SIZES[ground.sizes.name]
    shop = shop_make("backtest", members=members, rules=ground.sizes.rules)
    with platform_context():
        brand = Brand.objects.get(schema_name=shop.schema)
    with brand_context(brand):
        say(f"  Booking {members * 10:,} events, and {copies - 1} copies of them")
        events = history_make(members=members, copies=copies, months=MONTHS)
        _settle(ground.stand.superuser_url, shop.schema)
        asked = backtest_start(program=Program.objects.get(), months=MONTHS, version=1, actor=BENCH)
        before, begun = ground.stand.server_cpu(), time.monotonic()
        counted = _count(shop.schema, [part.pk for part in asked.parts.order_by("number")])
        seconds, server = time.monotonic() - begun, ground.stand.server_cpu() - before
        asked.refresh_from_db()
        _tell(report, asked)
    each = 1e6 / events
    report.note(f"{events:,} events in {seconds:.1f} s; CPU: Python {sum(counted):.1f} s, PostgreSQL {server:.1f} s")
    report.found(Finding("seconds for a million events", seconds * each, GOAL, at_least=False))
    report.found(Finding("CPU of an event in Python", sum(counted) * each, unit=" µs"))
    report.found(Finding("CPU of an event in PostgreSQL", server * each, unit=" µs"))
    return report


def _settle(superuser_url: str, schema: str) -> None:
    """Copying left work behind (autovacuum, pages to write) that a history of months doesn't have."""
    with psycopg.connect(superuser_url, autocommit=True) as server:
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        for (table,) in tables:
            server.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(schema, table)))
        server.execute("CHECKPOINT")


def _count(schema: str, parts: list[int]) -> list[float]:
    """Each part in a process of its own; their CPU."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.backtester"],
            cwd=ROOT,
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _part in parts
    ]
    for process, part in zip(running, parts, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps({"schema": schema, "part": part}))
        process.stdin.close()
    found = []
    for process in running:
        assert process.stdout is not None
        told = json.loads(process.stdout.read())
        process.wait()
        assert told["finished"], "a part was not counted to its end"
        found.append(float(told["cpu"]))
    return found


def _tell(report: Report, asked: BacktestRun) -> None:
    """It must have come to what happened: a fast count of something else is worth nothing."""
    assert asked.report is not None, asked.problem or asked.state
    for currency in asked.report["currencies"]:
        for flow in currency["flows"]:
            if flow["replayed"] != flow["happened"]:
                report.note(f"DIFFERENT: {flow['key']} {flow['replayed']:,} ≠ {flow['happened']:,}")
