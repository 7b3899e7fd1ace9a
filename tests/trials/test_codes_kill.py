"""Trial 5 for files of codes: the process that brings one in is killed for real, in the middle of a piece and after it.

Whoever comes next goes on there: no code is lost, none is in twice, and every line counts once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from core.secrets import unseal
from rewards import poolimports
from rewards.models import CodePool, PoolCode, PoolImport, PoolImportReject
from rewards.poolimports import pool_import_create
from rewards.pools import CHUNK, pool_import
from tenants.models import Brand
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.trial, pytest.mark.slow, pytest.mark.timeout(0 if scale.SOAK else 600)]

LINES = scale.size(2 * CHUNK + 500, 100_000)
# Which passing it dies at, and how far the file is then: in the transaction of the first piece, or after the next.
PLACES = ("codes.added:1", "codes.noted:1")
THERE = "CODE-7"  # in another pool of the brand already
RUN = """
import sys, django
django.setup()
from django.db import connection
from rewards.poolimports import pool_import_run
from tenants import registry
connection.set_tenant(registry.brand_by_schema(sys.argv[1]))
pool_import_run(sys.argv[2])
"""


@pytest.fixture
def job(committed_brand: Brand, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PoolImport:
    """Codes of which the last stands there twice, every tenth line is empty and one is in another pool."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(poolimports, "pool_import_wake", lambda _job_id: None)  # who comes is killed: see _run
    pool_import(pool=CodePool.objects.create(name="Earlier"), codes=[THERE], actor=shop.STAFF)
    lines = [f"CODE-{number}" if number % 10 else "" for number in range(1, LINES)]
    pool = CodePool.objects.create(name="Cinema")
    return pool_import_create(pool=pool, codes=[*lines, lines[-1]], filename="codes.csv", actor=shop.STAFF)


def _run(brand: Brand, job: PoolImport, folder: Path, failpoint: str) -> subprocess.CompletedProcess[str]:
    env: dict[str, Any] = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.trials.settings",
        "VAR_DIR": str(folder),
        "STAMGAST_FAILPOINT": failpoint,
        "REDIS_URL": "",
    }
    command = [sys.executable, "-c", RUN, brand.schema_name, str(job.pk)]
    done = subprocess.run(command, cwd=scale.ROOT, env=env, capture_output=True, text=True, check=False)
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
    return done


def _codes(job: PoolImport) -> list[str]:
    rows = PoolCode.objects.filter(pool=job.pool_id).order_by("ordinal")
    assert [each.ordinal for each in rows] == list(range(1, len(rows) + 1))
    return [unseal(each.sealed, purpose="pool_code") for each in rows]


def test_codes_are_in_once_and_in_order_however_often_who_brings_them_is_killed(
    committed_brand: Brand, job: PoolImport, tmp_path: Path
) -> None:
    wanted = [f"CODE-{number}" for number in range(1, LINES) if number % 10 and f"CODE-{number}" != THERE]
    for number, place in enumerate(PLACES * scale.size(1, 10)):
        killed = _run(committed_brand, job, tmp_path, place)
        assert killed.returncode == -9, f"{place} was never passed: {killed.stdout[-1000:]} {killed.stderr[-2000:]}"
        job.refresh_from_db()
        assert (job.state, job.done) == ("running", (number + 1) // 2 * CHUNK), "what was committed, and no more"
        assert _codes(job) == wanted[: job.added]
        # What 30 seconds of silence would do.
        PoolImport.objects.update(beat_at=None)
    ended = _run(committed_brand, job, tmp_path, "")
    assert ended.returncode == 0, ended.stdout[-1000:] + ended.stderr[-2000:]
    job.refresh_from_db()
    empty = (LINES - 1) // 10
    assert (job.state, job.done, job.total) == ("done", LINES, LINES)
    assert (job.added, job.duplicates, job.invalid) == (len(wanted), 2, empty)
    assert sum(len(each.lines) for each in PoolImportReject.objects.filter(job=job)) == empty + 2
    assert _codes(job) == wanted
    assert CodePool.objects.get(pk=job.pool_id).size == len(wanted)
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()], "the file is gone"
