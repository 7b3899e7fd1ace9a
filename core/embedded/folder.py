"""Where a cluster's files really lie, and the lock that keeps two starts of the same cluster apart."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.embedded.account import Account
from core.embedded.errors import EmbeddedError

# Where root's clusters go when nobody can't walk to the place asked for; the first that can be written.
SYSTEM_FOLDERS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  (a fresh 0700 folder is made below it)


def cluster_folder(data_dir: Path, account: Account) -> Path:
    """The real folder of the cluster asked for at `data_dir`, made (0700, the server's account) if missing.

    Root's clone may lie below a home of mode 0700, where `nobody` can't go. We don't open such folders up: the cluster
    then lies in /var/lib/stamgast-…, and `data_dir` is a link to it.
    """
    if not data_dir.exists():
        if data_dir.is_symlink():  # its target was removed by hand
            data_dir.unlink()
        _make(data_dir, account)
    folder = data_dir.resolve()
    if folder.stat().st_uid != account.uid:
        raise EmbeddedError(f"{folder} belongs to another user: run as that user, or remove it to begin afresh")
    if not account.can_enter(folder.parent):
        raise EmbeddedError(f"{folder} can't be reached by the account that runs the server (uid {account.uid})")
    return folder


def _make(data_dir: Path, account: Account) -> None:
    if account.can_enter(data_dir.parent):
        data_dir.mkdir(mode=0o700)
        account.own(data_dir)
        return
    for parent in SYSTEM_FOLDERS:
        if os.access(parent, os.W_OK) and account.can_enter(parent):
            folder = Path(tempfile.mkdtemp(prefix=f"stamgast-{data_dir.name}-", dir=parent))
            account.own(folder)
            data_dir.symlink_to(folder)
            return
    raise EmbeddedError(f"no folder found for the database that uid {account.uid} can reach")


@contextmanager
def cluster_lock(data_dir: Path) -> Iterator[None]:
    """Only one process at a time makes, starts or stops the cluster at `data_dir`; the others wait."""
    with data_dir.with_name(data_dir.name + ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
