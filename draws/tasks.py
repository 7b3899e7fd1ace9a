"""This room's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from draws.closing import answers_due, draws_due, sweepstakes_due
from draws.following import sweepstakes_in_force


@brand_task
def sweepstakes_sweep() -> int:
    """Beat's round: versions that took effect are followed, what is over is closed, what draws by itself is drawn, and
    who won and didn't accept in time is passed over. What was missed is caught up, run twice it changes nothing.
    Returns how many."""
    return sweepstakes_in_force() + sweepstakes_due() + draws_due() + answers_due()
