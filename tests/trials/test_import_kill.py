"""Trial 5 for files: an import is killed for real, again and again, and still books and counts every row once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from loyalty.imports import runner
from loyalty.ledger import ledger_invariants
from loyalty.models import Event, ImportJob, ImportReject, PointsEntry
from tenants.models import Brand
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.trial, pytest.mark.slow, pytest.mark.timeout(0 if scale.SOAK else 600)]
ROWS = scale.size(5_500, 100_000)
PLACES = ("book.before", "book.after", "import.booked", "import.noted")


@pytest.fixture
def file(committed_brand: Brand, tmp_path: Path) -> Path:
    """Orders of one euro, every tenth of nobody, the last one twice."""
    program = shop.program()
    who = [shop.member(f"M{n}") for n in range(20)]
    for each in who:
        shop.place(each, program)
    rows = [shop.order(who[n % 20], 1, f"K-{n}") for n in range(ROWS)]
    for row in rows[::10]:
        row["member"] = {"external_id": "nobody"}
    path = tmp_path / "orders.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[-1]]))
    return path


def _run(brand: Brand, file: Path, failpoint: str) -> subprocess.CompletedProcess[str]:
    env: dict[str, Any] = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.trials.settings",
        "VAR_DIR": str(file.parent),
        "STAMGAST_FAILPOINT": failpoint,
        "REDIS_URL": "",
    }
    command = [sys.executable, "manage.py", "events_import", "--brand", brand.slug, str(file)]
    return subprocess.run(command, cwd=scale.ROOT, env=env, capture_output=True, text=True, check=False)


def test_an_import_that_is_killed_at_every_place_books_and_counts_every_row_once(
    committed_brand: Brand, file: Path
) -> None:
    for place in PLACES:
        killed = _run(committed_brand, file, f"{place}:2")
        assert killed.returncode == -9, f"{place} was never passed: {killed.stdout[-1000:]} {killed.stderr[-2000:]}"
        connection.set_tenant(committed_brand)  # type: ignore[attr-defined]  # django-tenants'
        # What 30 seconds of silence would do.
        ImportJob.objects.update(beat_at=None)
        assert ImportJob.objects.get().state in ("running", "done")
    ended = _run(committed_brand, file, "")
    assert ended.returncode == 0, ended.stdout[-1000:] + ended.stderr[-2000:]
    job = ImportJob.objects.get()
    refused = (ROWS + 9) // 10
    assert (job.state, job.done) == ("done", ROWS + 1)
    assert job.counts == {"processed": ROWS - refused, "repeated": 1, "refused": refused}
    assert job.issued == {"points": ROWS - refused}
    assert ImportReject.objects.filter(job=job).count() == refused
    assert Event.objects.filter(type="order.paid").count() == ROWS - refused
    assert PointsEntry.objects.count() == ROWS - refused
    assert runner.CHUNK < ROWS
    assert ledger_invariants() == []
