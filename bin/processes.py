"""Starts a set of programs, watches them, and stops exactly those again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from steps import LOGS, ROOT, say, tail

STOP_SECONDS = 12.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """What to start: a name for its log, its command, what its environment adds."""

    name: str
    command: list[str]
    env: dict[str, str]


class Running:
    """The programs that were started, each in a group of its own: a Ctrl-C reaches only the launcher."""

    def __init__(self) -> None:
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: Program) -> None:
        """Start one program, its output appended to var/log/<name>.log."""
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{program.name}.log").open("wb") as log:
            self.children[program.name] = subprocess.Popen(
                program.command,
                cwd=ROOT,
                env=program.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509  (the launcher has no threads)
            )

    def ended(self) -> str | None:
        """The name of a program that ended by itself, None while all run."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def report(self, name: str) -> None:
        """Say which program ended, how, and its last words."""
        say(f"\n{name} ended with exit code {self.children[name].returncode}. Its last lines:")
        say(tail(LOGS / f"{name}.log"))
        say(f"  (all of it: {LOGS / (name + '.log')})")

    def stop(self, names: list[str] | None = None) -> None:
        """Ask all (or those named) to end, wait, and kill what is left of their groups."""
        chosen = {name: self.children.pop(name) for name in names or list(self.children)}
        for child in chosen.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in chosen.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            kill_group(child.pid)
            child.wait()


def kill_group(pid: int) -> None:
    """End what is left of the process group that we made for this child."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def die_with_parent(parent: int) -> Callable[[], None] | None:
    """On Linux: let the kernel end the child when the launcher itself is killed, so that nothing is left behind."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    return ask
