"""CPU time of a process and everything it started, read from /proc; zero where there is no /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Stat:
    parent: int
    seconds: float
    reaped: float


def tree_seconds(*roots: int) -> float:
    """User and system seconds of the processes, of their living descendants, and of the children they have reaped."""
    if not PROC.exists():
        return 0.0
    stats = _stats()
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    total, todo, seen = 0.0, list(roots), set()
    while todo:
        pid = todo.pop()
        if pid in seen or pid not in stats:
            continue
        seen.add(pid)
        total += stats[pid].seconds + stats[pid].reaped
        todo += children.get(pid, [])
    return total


def parent_of(pid: int) -> int:
    """The parent's number; 0 when it can't be read."""
    found = _stats().get(pid)
    return found.parent if found is not None else 0


def _stats() -> dict[int, _Stat]:
    stats = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue
            # The name may hold blanks and brackets; everything after its last bracket is plain.
            fields = text.rpartition(")")[2].split()
            user, system, child_user, child_system = (int(each) for each in fields[11:15])
            stats[int(folder.name)] = _Stat(
                int(fields[1]), (user + system) / TICKS, (child_user + child_system) / TICKS
            )
    return stats


def machine() -> str:
    """What this runs on, in a line."""
    model = ""
    try:
        for line in (PROC / "cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
        memory = int((PROC / "meminfo").read_text().split()[1]) // 1024**2
    except (OSError, ValueError, IndexError):
        memory = 0
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} cores, {model or 'unknown processor'}, {memory} GB, load {os.getloadavg()[0]:.1f} at the start"
