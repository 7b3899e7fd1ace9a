"""Who runs the server. PostgreSQL refuses root, so root hands it to `nobody`; everybody else runs it themselves."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """The user and group that a server's process and files belong to; `drop` is true where we have to switch to it."""

    uid: int
    gid: int
    drop: bool

    def run(self, command: Iterable[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        """subprocess.run as this account: text, in a session of its own (a Ctrl-C in the terminal stays with us)."""
        return subprocess.run(
            [str(part) for part in command],
            capture_output=options.pop("capture_output", True),
            text=True,
            check=False,
            cwd="/",
            start_new_session=True,
            **self.switch(),
            **options,
        )

    def switch(self) -> dict[str, Any]:
        """Keyword arguments for subprocess that switch to this account, none when we already are it."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}

    def own(self, path: Path) -> None:
        """Hand one file or folder to this account."""
        if self.drop:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may walk down to `folder`, which exists: every part needs its search permission."""
        if not self.drop:
            return True
        return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def server_account() -> Account:
    """The account for a server started by this process."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), drop=False)
    nobody = pwd.getpwnam("nobody")
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid, drop=True)
