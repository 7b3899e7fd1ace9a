"""The sandbox's work outside requests. It carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from sandbox.clockwork import journey_make


@brand_task
def clock_move(days: int) -> None:
    """Go that many days forward; see sandbox/clockwork.py."""
    journey_make(days)
