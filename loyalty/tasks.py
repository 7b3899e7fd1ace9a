"""Loyalty's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from loyalty.adjusting import adjustments_expire
from loyalty.backfills.work import backfill_work, backfills_sweep
from loyalty.backtests.work import part_work, runs_sweep
from loyalty.holding import holds_sweep
from loyalty.imports import runner
from loyalty.imports.forgetting import imports_forget
from loyalty.models import Program
from loyalty.nightly import nightly_run

# How long one task works on a file before others get their turn; the rest is sent for again.
IMPORT_SECONDS = 20.0


@brand_task
def nightly_due() -> None:
    """Do the nights that are due, of every program of the brand. Called often; most calls find nothing."""
    for program in Program.objects.filter(archived_at__isnull=True, stamp__gt=0):
        nightly_run(program=program)


@brand_task
def backtest_part(part_id: int) -> None:
    """A few seconds of a part of a backtest."""
    part_work(part_id=part_id)


@brand_task
def backtest_sweep() -> int:
    """Beat's round: parts that a dead process or a lost message left behind."""
    return runs_sweep()


@brand_task
def counters_fill(run_id: str | None = None) -> None:
    """Count from stored events for a while. Without an id: go on with what a lost message or a dead worker left."""
    if run_id is None:
        backfills_sweep()
    else:
        backfill_work(run_id=run_id)


@brand_task
def points_sweep() -> None:
    """Give back the holds whose time is up; close the adjustments that nobody looked at."""
    holds_sweep()
    adjustments_expire()


@brand_task
def import_work(job_id: str | None = None) -> None:
    """Check a file or bring it in, for a while. Without an id: send for what a lost message or a dead worker left."""
    if job_id is None:
        runner.imports_sweep()
    else:
        runner.import_work(job_id, seconds=IMPORT_SECONDS)


@brand_task
def imports_forgotten() -> dict[str, int]:
    """Once a night: refused rows and files of imports that are over for long."""
    return imports_forget()
