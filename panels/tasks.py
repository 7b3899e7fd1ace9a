"""This room's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from panels import following, sweeping


@brand_task
def panels_sweep() -> int:
    """Beat's round: what time does to panels by itself. Returns how many steps were taken."""
    return sweeping.panels_sweep()


@brand_task
def panels_follow() -> int:
    """Beat's round: panels are as the versions have them that took effect since. Returns how many programs changed."""
    return following.panels_in_force()
