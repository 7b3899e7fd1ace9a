"""Refused rows and left files of imports go after a while; the imports themselves stay, with their counts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django_tenants.files.storage import TenantFileSystemStorage

from loyalty.imports.forgetting import imports_forget
from loyalty.imports.jobs import import_start
from loyalty.imports.refusals import ImportStateConflict
from loyalty.models import ImportJob
from tests.loyalty.imports.brought import STAFF, brought_in, ndjson, uploaded

State = ImportJob.State


def kept(job: ImportJob) -> bool:
    return bool(job.path) and Path(TenantFileSystemStorage().path(job.path)).exists()


def later(brand: Any, days: float) -> None:
    brand.clock_shift += timedelta(days=days)


@pytest.fixture
def refused(brand: Any) -> ImportJob:
    """Done, with two rows that were refused."""
    return brought_in(ndjson({"id": "x"}, {"id": "y"}))


def test_refused_rows_go_when_their_time_is_over_and_their_number_stays(brand: Any, refused: ImportJob) -> None:
    assert (refused.state, refused.rejects.count()) == (State.DONE, 2)
    later(brand, 89)
    assert imports_forget() == {"import_rejects": 0, "import_files": 0}
    later(brand, 2)
    assert imports_forget() == {"import_rejects": 2, "import_files": 0}
    refused.refresh_from_db()
    assert (refused.state, refused.rejected, refused.rejects.count()) == (State.DONE, 2, 0)
    assert imports_forget() == {"import_rejects": 0, "import_files": 0}


def test_how_long_is_a_setting(brand: Any, refused: ImportJob, settings: Any) -> None:
    settings.IMPORT_KEEP_DAYS = 5
    later(brand, 6)
    assert imports_forget()["import_rejects"] == 2


def test_a_file_that_nobody_started_goes_and_its_import_is_canceled(
    brand: Any, django_capture_on_commit_callbacks: Any
) -> None:
    job = uploaded(ndjson({"id": "x"}), starts_itself=False)
    path, young = job.path, uploaded(ndjson({"id": "z"}), starts_itself=False)
    ImportJob.objects.filter(pk=job.pk).update(state=State.READY)
    ImportJob.objects.filter(pk=young.pk).update(state=State.RUNNING)
    later(brand, 91)
    with django_capture_on_commit_callbacks(execute=True):
        assert imports_forget()["import_files"] == 1
    job.refresh_from_db()
    young.refresh_from_db()
    assert (job.state, job.path) == (State.CANCELED, "")
    assert not Path(TenantFileSystemStorage().path(path)).exists()
    assert kept(young)
    with pytest.raises(ImportStateConflict):
        import_start(job=job, actor=STAFF)
