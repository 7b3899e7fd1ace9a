"""A night that is killed between two chunks goes on where it stopped, and comes to what a whole one comes to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from core.tables import JobRun
from loyalty.ledger import ledger_invariants
from loyalty.models import PointsEntry, Program, TierChange, TierStanding
from loyalty.nightly import nightly_run
from tenants.models import Brand
from tests.loyalty import shop

MEMBERS = 10
DOCUMENT = {
    **shop.DOCUMENT,
    "currencies": [{**shop.DOCUMENT["currencies"][0], "expiry": {"kind": "after", "n": 20, "unit": "days"}}],
    "ladders": [
        {**shop.DOCUMENT["ladders"][0], "window": {"kind": "month"}, "valid": "end_of_window", "downgrade": "full"}
    ],
}


def killed(brand: Brand, folder: Path, chunk: int) -> int:
    """Run the night in another process that dies after so many chunks; how it ended."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.trials.settings",
        "DATABASE_URL": settings.DATABASE_URL,
        "DATABASE_OWNER_URL": settings.DATABASE_OWNER_URL,
        "VAR_DIR": str(folder),
        "REDIS_URL": "",
        "STAMGAST_FAILPOINT": f"night.chunk:{chunk}",
    }
    command = [sys.executable, "-m", "tests.loyalty.nightrun", brand.slug]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=env, timeout=120, check=False).returncode


@pytest.mark.timeout(300)
def test_a_night_killed_between_chunks_is_finished_by_the_next_run(committed_brand: Brand, tmp_path: Path) -> None:
    program: Program = shop.program(DOCUMENT)
    everyone = [shop.place(each, program) for each in [shop.member(f"M{n}") for n in range(MEMBERS)]]
    for place in everyone:
        shop.send(shop.order(place.member, 600))
    nightly_run(program=program)
    committed_brand.clock_shift += timedelta(days=62)
    committed_brand.save(update_fields=["clock_shift"])
    for chunk in (1, 2, 3):
        assert killed(committed_brand, tmp_path, chunk) == -signal.SIGKILL
    half = JobRun.objects.filter(finished_at__isnull=True).get()
    assert 0 < half.outcome["percent"] < 100
    assert half.outcome["done"] > 0
    nightly_run(program=program)
    assert not JobRun.objects.filter(finished_at__isnull=True).exists()
    assert {each.outcome["percent"] for each in JobRun.objects.filter(local_date__gte=half.local_date)} == {100}
    assert sum(each.outcome["lots"] for each in JobRun.objects.all()) == MEMBERS
    expired = PointsEntry.objects.filter(kind="expire")
    assert [each.points for each in expired] == [-600] * MEMBERS
    assert TierChange.objects.filter(cause="window_end", to_tier="enthusiast").count() == MEMBERS
    assert not TierStanding.objects.exclude(tier="enthusiast").exists()
    assert ledger_invariants() == []
