"""Backtests over REST: asked for, watched, called off, read."""

from __future__ import annotations

from loyalty.backtests.work import part_work
from loyalty.models import BacktestRun
from tests.api.cast import refused
from tests.loyalty import shop

PATH = "programs/club/backtests"


def test_a_backtest_is_asked_for_counted_and_read_with_its_report(api, anna):
    api.post("events", shop.order(anna, 100, "O-1"))
    made = api.post(PATH, {"months": 2, "version": 1})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["state"], body["months"], body["version"], body["total"]) == ("queued", 2, 1, 1)
    refused(api.post(PATH, {"months": 2}), 409, "backtest_running")
    for part in BacktestRun.objects.get().parts.all():
        part_work(part_id=part.pk)
    read = api.get(made["Location"]).json()
    assert (read["state"], read["done"], read["events"]) == ("done", 1, 2)
    issued = read["report"]["currencies"][0]["flows"][0]
    assert (issued["replayed"], issued["happened"]) == (100, 100)
    assert [each["id"] for each in api.get(PATH).json()["results"]] == [body["id"]]
    refused(api.send("DELETE", made["Location"]), 409, "backtest_over")


def test_a_backtest_is_called_off_and_another_can_be_asked_for(api, anna):
    made = api.post(PATH, {"months": 1, "version": 1}, once="k-1")
    again = api.post(PATH, {"months": 1, "version": 1}, once="k-1")
    assert again.json() == made.json()
    assert api.send("DELETE", made["Location"]).json()["state"] == "canceled"
    assert api.post(PATH, {"months": 1}).status_code == 201


def test_bad_input_is_refused_and_asks_for_nothing(api, anna):
    refused(api.post(PATH, {"months": 0}), 422, "invalid_input", "months")
    refused(api.post(PATH, {}), 422, "invalid_input", "months")
    refused(api.post(PATH, {"months": 1, "version": 7}), 404, "not_found", "version")
    refused(api.post("programs/nothing/backtests", {"months": 1}), 404, "program_not_found", "program")
    refused(api.get(f"{PATH}/01932c14-6a01-7d55-8f0a-2b1c9d7e4a10"), 404, "not_found", "backtest")
    assert not BacktestRun.objects.exists()
