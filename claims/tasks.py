"""This room's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from claims.keeping import files_forget
from core.tasks import brand_task


@brand_task
def files_sweep() -> int:
    """Beat's round: files of claims whose time is over. Returns how many were emptied."""
    return files_forget()
