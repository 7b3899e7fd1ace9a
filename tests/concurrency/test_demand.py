"""Everybody wants one member: a cap holds, and once that is known each event is judged once, under the lock."""

from __future__ import annotations

import time
from copy import deepcopy
from functools import partial
from typing import Any

import pytest

from core.ids import uuid7
from loyalty import demand, ingest
from loyalty.models import PointsEntry
from members.models import Member
from tenants.models import Brand
from tests.concurrency.crowd import Crowd, crowd_of
from tests.concurrency.unprotected import unprotect
from tests.loyalty import shop

pytestmark = pytest.mark.race

CONTROL_SECONDS = 30.0
AT_ONCE, AT_MOST = 8, 105


def _program(at_most: int) -> Any:
    made: dict[str, Any] = deepcopy(shop.DOCUMENT)
    made["ladders"][0]["tiers"] = made["ladders"][0]["tiers"][:1]  # the cap keeps every tier above it out of reach
    made["rules"] = [
        {
            "code": "gift",
            "name": "Gift",
            "trigger": "review.posted",
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 10}],
            "limits": [{"per": "member", "period": "lifetime", "at_most": at_most}],
        }
    ]
    return shop.program(made)


def _member(program: Any) -> Member:
    anna = shop.member("Anna")
    shop.place(anna, program)
    return anna


def _rush(crowd: Crowd, anna: Member) -> int:
    """So many reviews of hers at once; how many points those gave."""
    rows = [shop.review(anna, f"V-{uuid7().hex}") for _number in range(AT_ONCE)]
    outcomes = crowd.rush([partial(_sent, row) for row in rows])
    assert {each.value for each in outcomes} == {201}, [each.word for each in outcomes if each.error]
    ids = [row["id"] for row in rows]
    return sum(PointsEntry.objects.filter(event__external_id__in=ids).values_list("points", flat=True))


def _sent(row: dict[str, Any]) -> int:
    return shop.send(row)[0].status


@pytest.fixture(autouse=True)
def _nobody_in_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demand, "_wanted", {})
    monkeypatch.setattr(demand, "SECONDS", 600.0)


def test_who_is_in_demand_is_locked_first_and_judged_once(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, judged, judge = _member(_program(AT_MOST)), [], ingest._judged

    def counted(*given: Any) -> Any:
        judged.append(1)
        return judge(*given)

    monkeypatch.setattr(ingest, "_judged", counted)
    with crowd_of(committed_brand, AT_ONCE) as crowd:
        assert _rush(crowd, anna) == 10 * AT_ONCE
        while not demand._wanted:  # a rush in which nobody met anybody
            assert _rush(crowd, anna) is not None
        judged.clear()
        given = _rush(crowd, anna)
        assert len(judged) == AT_ONCE
    assert given <= AT_MOST - 10 * AT_ONCE
    assert sum(PointsEntry.objects.values_list("points", flat=True)) == AT_MOST


def test_the_control_without_locks_gives_more(committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    program, begun = _program(15), time.monotonic()
    unprotect(committed_brand, monkeypatch)
    with crowd_of(committed_brand, AT_ONCE) as crowd:
        while time.monotonic() - begun < CONTROL_SECONDS:
            if _rush(crowd, _member(program)) > 15:
                return
    pytest.fail("the cap holds without locks: it is no race")
