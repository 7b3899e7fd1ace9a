"""This room's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from panels import sweeping


@brand_task
def panels_sweep() -> int:
    """Beat's round: what time does to panels by itself. Returns how many steps were taken."""
    return sweeping.panels_sweep()
