"""The bench's own cluster and a database made anew in it: fsync on, loopback only, stopped at the end."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench import cpu
from bench.report import say
from core.embedded.postgres import Cluster, ensure_running, stop

ROOT = Path(__file__).resolve().parent.parent
# Read once: this process hands its children a folder of their own below it.
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
DATABASE = "stamgast_bench"
COMMAND_SECONDS = 300


@dataclass(frozen=True)
class Stand:
    """Where the bench's database is. server_pid: the postmaster's, for reading CPU."""

    owner_url: str
    app_url: str
    superuser_url: str
    server_pid: int

    def server_cpu(self) -> float:
        return cpu.tree_seconds(self.server_pid)


def var_folder() -> Path:
    """Where the cluster and the files of the bench's processes lie."""
    return VAR


@contextmanager
def cluster() -> Iterator[Stand]:
    """A running cluster in var/benchpg with an empty database. Refuses to share it with another bench."""
    folder = var_folder() / "benchpg"
    found = ensure_running(folder, fsync=True)
    try:
        if not found.started_by_us:
            say("The cluster of an earlier bench still ran; it is used and stopped at the end.")
        yield _fresh(found)
    finally:
        stop(found)


def _fresh(found: Cluster) -> Stand:
    with psycopg.connect(_at(found.owner_url, "postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)".encode())
        admin.execute(f"CREATE DATABASE {DATABASE}".encode())
        row = admin.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        postmaster = cpu.parent_of(int(row[0]))
    return Stand(
        owner_url=_at(found.owner_url, DATABASE),
        app_url=_at(found.app_url, DATABASE),
        superuser_url=_at(found.superuser_url, DATABASE),
        server_pid=postmaster,
    )


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def environment(stand: Stand, settings: str = "bench.settings") -> dict[str, str]:
    """For every process of the bench: the product's production settings with secrets of this run."""
    return {
        **os.environ,
        "DATABASE_URL": stand.app_url,
        "DATABASE_OWNER_URL": stand.owner_url,
        "DJANGO_SETTINGS_MODULE": settings,
        "SECRET_KEY": "bench-" + "x" * 60,
        "MASTER_KEYS": base64.b64encode(hashlib.sha256(b"bench").digest()).decode(),
        "VAR_DIR": str(var_folder() / "bench"),
        "API_RATE_LIMIT_PER_MINUTE": "1000000",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def command(stand: Stand, *arguments: str, settings: str = "bench.settings") -> str:
    """Run `python ARGUMENTS` as the owner, and return what it printed. RuntimeError with its last lines if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**environment(stand, settings), "STAMGAST_DB_ROLE": "owner"},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n" + "\n".join(done.stderr.splitlines()[-20:]))
    return done.stdout


def django_start(stand: Stand) -> None:
    """Make this process a guest of the database, as a web process is; run once."""
    os.environ.update(environment(stand))
    var = var_folder() / "bench"
    for name in ("broker/queue", "broker/control", "broker/done", "log", "media"):
        (var / name).mkdir(parents=True, exist_ok=True)
    import django

    django.setup()
