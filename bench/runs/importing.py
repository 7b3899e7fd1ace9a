"""A file of orders by command: how many a second in one process, whether a long one is slower, whether memory grows."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench import cpu
from bench.ground import Ground, unique
from bench.program import order
from bench.report import Finding, Report
from bench.seeding import Shop
from bench.stand import ROOT, Stand, environment, var_folder
from core import clock

DONE = re.compile(r"done: events, (\d+) rows in ([\d.]+) s")


@dataclass(frozen=True)
class Run:
    """seconds: of the import alone. cpu: the server's and the command's. peak: megabytes the command held at most."""

    rows: int
    seconds: float
    cpu: float
    peak: float


def run(ground: Ground) -> Report:
    small, large = ground.sizes.imported
    report = Report("import", f"manage.py events_import with {small:,} and {large:,} orders, traces kept, one process")
    report.begin()
    shop = ground.shops()[0]
    _one(ground.stand, shop, min(small, 2_000))  # the first rows pay for cold caches
    runs = [_one(ground.stand, shop, rows) for rows in (small, large)]
    for each in runs:
        each_cpu = 1e6 * each.cpu / each.rows
        rate = each.rows / each.seconds
        report.note(f"{each.rows:>9,} rows {rate:>9,.0f}/s  CPU {each_cpu:>6,.0f} µs a row, peak {each.peak:,.0f} MB")
    first, last = runs
    report.found(Finding("orders a second", last.rows / last.seconds, 5_000))
    report.found(Finding(f"rate: {large:,} ÷ {small:,}", last.rows / last.seconds / (first.rows / first.seconds), 0.83))
    report.found(Finding(f"peak memory: {large:,} ÷ {small:,}", last.peak / first.peak, 1.1, at_least=False))
    return report


def _one(stand: Stand, shop: Shop, rows: int) -> Run:
    path = var_folder() / "bench" / f"orders-{rows}.ndjson"
    _write(path, shop, rows)
    before = stand.server_cpu()
    command = [sys.executable, "manage.py", "events_import", "--brand", shop.slug, str(path), "--skip-checks"]
    told = path.with_suffix(".log")
    with told.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(stand), stdout=out, stderr=subprocess.STDOUT)
        _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = told.read_text()
    found = DONE.search(text)
    if process.returncode or found is None or int(found[1]) != rows:
        raise RuntimeError(f"the import failed:\n{text[-2000:]}")
    path.unlink()
    spent = stand.server_cpu() - before + used.ru_utime + used.ru_stime
    return Run(rows, float(found[2]), spent if cpu.PROC.exists() else 0.0, used.ru_maxrss / 1024)


def _write(path: Path, shop: Shop, rows: int) -> None:
    """Orders of a month, of members at random."""
    dice, begun, name = random.Random(7), clock.now() - timedelta(days=30), unique()
    with path.open("w") as file:
        for number in range(rows):
            member = {"external_id": f"c-{dice.randrange(len(shop.members)) + 1}"}
            at = (begun + timedelta(seconds=number * 29 * 86_400 / rows)).isoformat()
            told = order(f"{name}-{number}", member, total_minor=1_000 + number % 9_000, occurred_at=at)
            file.write(json.dumps(told, separators=(",", ":")) + "\n")
