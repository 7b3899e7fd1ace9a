"""The tests' databases: migrated once into a template named after what it was made from, then copied per run.

Making the template takes seconds, copying it tenths of one. Nothing here imports Django, so it can run before it.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
KEPT_TEMPLATES = 3
BRANDS = ("gem", "oak")
ROOMS = (
    "core",
    "tenants",
    "members",
    "loyalty",
    "draws",
    "referrals",
    "rewards",
    "claims",
    "panels",
    "billing",
    "partners",
    "engagement",
    "analytics",
)
# What decides how a fresh brand looks: tables, functions, seeds, and whatever provisioning hooks call.
STRUCTURE = (
    "migrations/*.py",
    "**/*.sql",
    "models.py",
    "models/*.py",
    "apps.py",
    "*provision*.py",
    "*roles*.py",
    "*groups*.py",
)


@dataclass(frozen=True)
class Urls:
    """Where one database is, for the owner and for the guest."""

    owner: str
    app: str

    def at(self, name: str) -> Urls:
        return Urls(_renamed(self.owner, name), _renamed(self.app, name))

    @property
    def name(self) -> str:
        return urlsplit(self.owner).path.lstrip("/")


def _renamed(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def server() -> Urls:
    """The server that the environment names, else one of our own, started here and stopped when nobody uses it."""
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL")
    if owner:
        return Urls(owner, os.environ.get("DATABASE_URL") or owner)
    from core.embedded.postgres import ensure_running, stop

    VAR.mkdir(parents=True, exist_ok=True)
    users = (VAR / "testpg.users").open("w")
    fcntl.flock(users, fcntl.LOCK_SH)
    cluster = ensure_running(VAR / "testpg", fsync=False)

    def release() -> None:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return  # another run still uses it and will stop it
        stop(cluster)

    if "PYTEST_XDIST_WORKER" not in os.environ:
        atexit.register(release)
    return Urls(cluster.owner_url, cluster.app_url)


def structure_hash() -> str:
    """Changes with everything that a migrated and provisioned database is made from."""
    digest = hashlib.sha256(sys.version.encode())
    files = {ROOT / "requirements.txt", ROOT / "config/settings/base.py", Path(__file__)}
    files.update((ROOT / "tenants").rglob("*.py"), (ROOT / "programs").rglob("*.*"))
    for room in ROOMS:
        for pattern in STRUCTURE:
            files.update((ROOT / room).glob(pattern))
    for path in sorted(files):
        if path.is_file():
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def template_ready(urls: Urls) -> str:
    """Name of the template database, made now if nobody made it before."""
    name = f"stamgast_tpl_{structure_hash()}"
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "testpg.template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _admin(urls) as admin:
            if not _exists(admin, name):
                _make_template(admin, urls, name)
                _drop_old_templates(admin, keep=name)
    return name


@contextmanager
def copy_of_template(urls: Urls, suffix: str = "") -> Iterator[Urls]:
    """A database of this process' own, dropped at the end. suffix: for a second one."""
    template = template_ready(urls)
    mine = f"stamgast_test_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}{suffix}"
    with _admin(urls) as admin:
        _drop_orphans(admin)
        _drop(admin, mine)
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(mine), sql.Identifier(template)))
    try:
        yield urls.at(mine)
    finally:
        with _admin(urls) as admin:
            _drop(admin, mine)


@contextmanager
def _admin(urls: Urls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(urls.at("postgres").owner, autocommit=True, connect_timeout=10) as connection:
        yield connection


def _exists(admin: psycopg.Connection, name: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _make_template(admin: psycopg.Connection, urls: Urls, name: str) -> None:
    started = time.monotonic()
    building = f"{name}_building"
    _drop(admin, building)
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    there = urls.at(building)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.test"),
        "DATABASE_OWNER_URL": there.owner,
        "DATABASE_URL": there.app,
    }
    for command in (["platform_init"], ["brand_create", *BRANDS]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command, "--skip-checks"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = "\n".join(done.stderr.splitlines()[-30:])
            raise RuntimeError(f"manage.py {' '.join(command)} failed:\n{last}")
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name)))
    sys.stderr.write(f"test database template {name} made in {time.monotonic() - started:.1f} s\n")


def _drop_old_templates(admin: psycopg.Connection, *, keep: str) -> None:
    """Keep the newest few, so that switching between two states of the tree doesn't rebuild each time."""
    rows = admin.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE 'stamgast\\_tpl\\_%%' AND datname <> %s ORDER BY oid DESC",
        [keep],
    ).fetchall()
    for (name,) in rows[KEPT_TEMPLATES - 1 :]:
        _drop(admin, name)


def _drop_orphans(admin: psycopg.Connection) -> None:
    """Databases of test runs that were killed."""
    rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'stamgast\\_test\\_%'").fetchall()
    for (name,) in rows:
        pid = name.split("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and not _alive(int(pid)):
            _drop(admin, name)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
