"""The embedded PostgreSQL: made, found, restarted, and brought back after a kill -9. Each on a throw-away cluster."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.embedded import binaries
from core.embedded.account import Account, server_account
from core.embedded.errors import EmbeddedError
from core.embedded.folder import cluster_folder
from core.embedded.postgres import Cluster, ensure_running, pg_tool, stop, stop_folder
from core.embedded.secrets_file import secrets_path


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that the server's account can reach (pytest's own tmp_path is 0700)."""
    with tempfile.TemporaryDirectory(prefix="stamgast-test-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for secrets in folder.glob("*.secrets.json"):
            stop_folder(secrets.with_name(secrets.name.removesuffix(".secrets.json")))


@pytest.fixture
def cluster(home: Path) -> Cluster:
    return ensure_running(home / "pg", fsync=False)


def postmaster_pid(cluster: Cluster) -> int:
    return int((cluster.data_dir / "postmaster.pid").read_text().splitlines()[0])


def scalar(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_both_roles_reach_the_database_and_only_the_owner_may_create(cluster: Cluster) -> None:
    assert scalar(cluster.owner_url, "SELECT current_user") == "stamgast_owner"
    assert scalar(cluster.app_url, "SELECT current_user") == "stamgast_app"
    assert scalar(cluster.owner_url, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user") is True
    assert scalar(cluster.app_url, "SELECT has_database_privilege(current_database(), 'CREATE')") is False
    assert scalar(cluster.app_url, "SELECT has_schema_privilege('public', 'CREATE')") is False
    assert scalar(cluster.owner_url, "SELECT has_schema_privilege('public', 'CREATE')") is True


def test_text_sorts_by_code_point_in_utf8(cluster: Cluster) -> None:
    query = "SELECT datlocprovider::text || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'stamgast'"
    assert scalar(cluster.owner_url, query) == "bUTF8"


def test_statement_statistics_are_there_for_the_owner(cluster: Cluster) -> None:
    assert isinstance(scalar(cluster.owner_url, "SELECT count(*) FROM monitoring.pg_stat_statements"), int)


def test_it_listens_on_the_loopback_only_and_asks_for_a_password(cluster: Cluster) -> None:
    assert scalar(cluster.superuser_url, "SHOW listen_addresses") == "127.0.0.1"
    assert scalar(cluster.superuser_url, "SHOW unix_socket_directories") == ""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{cluster.port}/stamgast")


def test_a_second_call_finds_the_running_cluster(cluster: Cluster) -> None:
    again = ensure_running(cluster.data_dir, fsync=False)
    assert not again.started_by_us
    assert again.app_url == cluster.app_url


def test_passwords_are_readable_by_us_alone(cluster: Cluster) -> None:
    assert stat.S_IMODE(secrets_path(cluster.data_dir).stat().st_mode) == 0o600


def test_a_restart_keeps_port_and_rows(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    stop(cluster)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.owner_url)
    again = ensure_running(cluster.data_dir, fsync=False)
    assert again.started_by_us
    assert again.port == cluster.port
    assert scalar(again.owner_url, "SELECT answer FROM kept") == 42


def test_what_was_committed_is_there_after_a_kill_9(home: Path) -> None:
    cluster = ensure_running(home / "durable")
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE survivor AS SELECT 7 AS number")
    os.kill(postmaster_pid(cluster), signal.SIGKILL)
    again = ensure_running(cluster.data_dir)
    assert again.started_by_us
    assert scalar(again.owner_url, "SELECT number FROM survivor") == 7
    stop(again)


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(cluster: Cluster) -> None:
    stop(cluster)
    with subprocess.Popen(["sleep", "60"], **server_account().switch()) as bystander:
        lines = [str(bystander.pid), str(cluster.data_dir), "1", str(cluster.port), "", "127.0.0.1", "", "ready"]
        pid_file = cluster.data_dir / "postmaster.pid"
        pid_file.write_text("\n".join(lines) + "\n")
        server_account().own(pid_file)
        try:
            assert ensure_running(cluster.data_dir, fsync=False).started_by_us
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_a_port_taken_by_another_program_is_said(home: Path, cluster: Cluster) -> None:
    with pytest.raises(EmbeddedError, match=f"port {cluster.port} is taken"):
        ensure_running(home / "other", port=cluster.port, fsync=False)


def test_lost_passwords_are_said_instead_of_made_anew(cluster: Cluster) -> None:
    path = secrets_path(cluster.data_dir)
    kept = path.rename(path.with_name("kept"))
    try:
        with pytest.raises(EmbeddedError, match="begin afresh"):
            ensure_running(cluster.data_dir, fsync=False)
    finally:
        kept.rename(path)


def test_a_half_made_cluster_is_made_again(home: Path) -> None:
    folder = cluster_folder(home / "half", server_account())
    (folder / "PG_VERSION").write_text("18\n")
    (folder / "base").mkdir()
    made = ensure_running(home / "half", fsync=False)
    assert scalar(made.app_url, "SELECT 1") == 1
    stop(made)


def test_stopping_twice_is_fine(home: Path) -> None:
    made = ensure_running(home / "half", fsync=False)
    stop(made)
    stop(made)
    stop_folder(home / "never-made")


def test_the_clients_of_the_wheel_run(cluster: Cluster) -> None:
    for name in ("psql", "pgbench", "pg_dump"):
        assert "PostgreSQL" in subprocess.run([pg_tool(name), "--version"], capture_output=True, text=True).stdout
    with pytest.raises(EmbeddedError, match="no program"):
        pg_tool("oracle")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_below_a_closed_home_the_cluster_lies_elsewhere_and_the_home_stays_closed(home: Path) -> None:
    closed = home / "closed"
    (closed / "var").mkdir(parents=True)
    closed.chmod(0o700)
    made = ensure_running(closed / "var" / "pg", fsync=False)
    try:
        assert scalar(made.app_url, "SELECT 1") == 1
        assert (closed / "var" / "pg").is_symlink()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        stop(made)
        subprocess.run(["rm", "-r", str((closed / "var" / "pg").resolve())], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_programs_below_a_closed_home_are_copied_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "SHARED_FOLDER", home)
    account = server_account()
    first = binaries.shared_copy(binaries.package_folder(), account)
    made_at = first.stat().st_mtime_ns
    assert account.run([first / "pginstall" / "bin" / "postgres", "--version"]).stdout.startswith(
        "postgres (PostgreSQL)"
    )
    assert binaries.shared_copy(binaries.package_folder(), account).stat().st_mtime_ns == made_at
    first.parent.chmod(0o777)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        binaries.shared_copy(binaries.package_folder(), account)


def test_an_ordinary_user_can_enter_what_it_can_see(tmp_path: Path) -> None:
    assert Account(uid=os.geteuid(), gid=os.getegid(), drop=False).can_enter(tmp_path)
    assert not Account(uid=65534, gid=65534, drop=True).can_enter(tmp_path)
