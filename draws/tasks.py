"""This room's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from draws.closing import sweepstakes_due


@brand_task
def sweepstakes_sweep() -> int:
    """Beat's round: sweepstakes whose time is over are closed. Returns how many."""
    return sweepstakes_due()
