"""The baseline of what is booked: pgbench of the reference booking (bench/sql) on the same server."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import psycopg

from bench.rounds import Sample, Side
from bench.stand import Stand
from core.embedded.postgres import pg_tool

SQL = Path(__file__).resolve().parent / "sql"
CLIENTS = 8
_DONE = re.compile(r"number of transactions actually processed: (\d+)")
_FAILED = re.compile(r"number of failed transactions: (\d+)")


def reference_install(stand: Stand, members: int) -> None:
    """Make the reference's tables and its members, each with a balance."""
    with psycopg.connect(stand.owner_url, autocommit=True) as owner:
        owner.execute((SQL / "reference.sql").read_bytes(), prepare=False)
        owner.execute(
            "INSERT INTO bench_reference.member_balance (member_id, wallet) SELECT n, 1 FROM generate_series(1, %s) n",
            [members],
        )
        owner.execute(b"VACUUM ANALYZE bench_reference.member_balance")


def reference_side(stand: Stand, *, members: int, seconds: float, clients: int = CLIENTS) -> Side:
    """pgbench for so many seconds, prepared statements, `clients` connections."""

    def run() -> Sample:
        before = stand.server_cpu()
        command = [str(pg_tool("pgbench")), "-n", "-M", "prepared", "-c", str(clients), "-j", "2"]
        command += ["-f", str(SQL / "reference.pgbench")]
        # pgbench counts in whole seconds.
        whole = max(1, round(seconds))
        done = subprocess.run(
            [*command, "-T", str(whole), "-D", f"members={members}", stand.owner_url],
            env={**os.environ, "PGOPTIONS": "-c search_path=bench_reference"},
            capture_output=True,
            text=True,
            timeout=whole + 60,
            check=True,
        )
        count, failed = _DONE.search(done.stdout), _FAILED.search(done.stdout)
        assert count is not None, done.stdout
        return Sample(int(count[1]), whole, stand.server_cpu() - before, errors=int(failed[1]) if failed else 0)

    return run
