"""Loyalty's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from loyalty.models import Program
from loyalty.nightly import nightly_run


@brand_task
def nightly_due() -> None:
    """Do the nights that are due, of every program of the brand. Called often; most calls find nothing."""
    for program in Program.objects.filter(archived_at__isnull=True, stamp__gt=0):
        nightly_run(program=program)
