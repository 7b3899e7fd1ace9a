"""How far the night is can be seen in the list of job runs and on a run's page."""

from __future__ import annotations

from datetime import date

from core import clock
from core.tables import JobRun
from loyalty.nightly import nightly_run
from tests.backoffice.test_pages import path_of
from tests.loyalty import shop


def test_a_run_that_is_under_way_shows_its_percentage_and_step(brand, entered):
    outcome = {"done": 420, "due": 1000, "percent": 42, "step": "tiers"}
    run = JobRun.objects.create(
        job="nightly", scope="club", local_date=date(2026, 11, 25), started_at=clock.now(), outcome=outcome
    )
    client = entered("owner")
    shown = client.get(path_of("core_jobrun_changelist")).content.decode()
    assert "42\u00a0%" in shown
    assert "tiers whose period ends" in shown
    client.cookies["django_language"] = "nl"
    dutch = client.get(path_of("core_jobrun_changelist")).content.decode()
    assert "Nachtwerk" in dutch
    assert "niveaus waarvan de periode eindigt" in dutch
    del client.cookies["django_language"]
    page = client.get(path_of("core_jobrun_change", run.pk)).content.decode()
    assert '<progress class="sg-progress" max="100" value="42" aria-label="Progress">' in page


def test_a_night_that_is_done_is_at_a_hundred_and_a_job_that_tells_nothing_at_a_dash(brand, entered):
    nightly_run(program=shop.program())
    [done] = JobRun.objects.all()
    quiet = JobRun.objects.create(job="sweep", local_date=date(2026, 11, 25), started_at=clock.now())
    client = entered("owner")
    assert 'value="100"' in client.get(path_of("core_jobrun_change", done.pk)).content.decode()
    page = client.get(path_of("core_jobrun_change", quiet.pk))
    assert page.status_code == 200
    assert "<progress" not in page.content.decode()
