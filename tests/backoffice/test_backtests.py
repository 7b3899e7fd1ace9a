"""Backtests in the admin: asked for in a form, watched, called off, read beside what was, taken away as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from loyalty.backtests.work import part_work
from loyalty.models import BacktestRun
from tests.backoffice.conftest import House
from tests.backoffice.sent import told
from tests.backoffice.test_pages import path_of

Entered = Callable[[str], Client]
START = "/admin/loyalty/backtestrun/start/"


def start(client: Client, house: House, tested: str = "1", months: str = "2") -> Any:
    return client.post(START, {"tested": f"{house.program.pk}:{tested}", "months": months})


def counted() -> BacktestRun:
    run = BacktestRun.objects.get()
    for part in run.parts.all():
        part_work(part_id=part.pk)
    run.refresh_from_db()
    return run


def test_a_marketer_starts_one_watches_it_and_reads_the_report(house: House, entered: Entered) -> None:
    client = entered("marketer")
    assert "Months to look back" in told(client.get(f"{START}?program={house.program.pk}"))
    answer = start(client, house)
    page = client.get(answer["Location"])
    assert "of 1 members" in told(page)
    run = BacktestRun.objects.get()
    bar = client.get(path_of("loyalty_backtestrun_progress", run.pk))
    assert "HX-Refresh" not in bar
    assert "every 2s" in bar.content.decode()
    counted()
    assert client.get(path_of("loyalty_backtestrun_progress", run.pk))["HX-Refresh"] == "true"
    words = told(client.get(answer["Location"]))
    for each in ("given by rules", "taken back by returns", "A point per euro", "members at the end", "no difference"):
        assert each in words, each
    file = b"".join(client.get(path_of("loyalty_backtestrun_csv", run.pk)).streaming_content).decode()  # type: ignore[attr-defined]  # a streamed answer
    assert "points: What moved,given by rules,255,255,0" in file
    assert "version 1" in told(client.get(path_of("loyalty_backtestrun_changelist")))


def test_what_is_refused_stands_in_the_form_and_one_that_runs_can_be_called_off(house: House, entered: Entered) -> None:
    client = entered("owner")
    answer = start(client, house)
    assert "is running" in told(start(client, house))
    assert start(client, house, months="99").status_code == 200
    assert start(client, house, tested="77").status_code == 200
    run = BacktestRun.objects.get()
    cancel = path_of("loyalty_backtestrun_cancel", run.pk)
    assert "let go" in told(client.get(cancel))
    client.post(cancel)
    run.refresh_from_db()
    assert run.state == "canceled"
    client.post(cancel)
    assert "over" in told(client.get(answer["Location"]))


def test_who_may_only_look_sees_the_report_and_starts_nothing(house: House, entered: Entered) -> None:
    start(entered("owner"), house)
    run = counted()
    client = entered("analyst")
    page = client.get(path_of("loyalty_backtestrun_change", run.pk))
    assert "Rule by rule" in told(page)
    assert "Start another" not in told(page)
    assert client.get(START).status_code == 403
    assert start(client, house).status_code == 403
    assert client.post(path_of("loyalty_backtestrun_cancel", run.pk)).status_code == 403
