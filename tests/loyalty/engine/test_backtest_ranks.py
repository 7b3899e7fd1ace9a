"""Tiers that were recalculated before the window stand in a backtest as they stood; within it nothing is published."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from loyalty.backtests import ranking
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.models import Enrollment, Program
from loyalty.nightly import nightly_run
from loyalty.publishing import program_publish
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time
from tests.loyalty.properties import test_backtest as backtest


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-01-10T12:00:00+00:00")


def published(program: Program, time: Time, mode: str, *tiers: tuple[str, int], **ladder: Any) -> None:
    """Another ladder, and the night that puts members where they go by it."""
    made = deepcopy(shop.DOCUMENT)
    made["ladders"][0] |= {"tiers": [{"code": code, "name": code, "threshold": at} for code, at in tiers], **ladder}
    row = Program.objects.get(pk=program.pk)
    document = document_decode(made)
    row = draft_replace(program=row, document=document, expected_revision=row.draft_revision, actor=shop.STAFF)
    modes: Any = {"main": mode}
    program_publish(
        program=row, actor=shop.STAFF, expected_revision=row.draft_revision, tier_recalculation=modes
    )  # fmt: skip
    time.set((time.now + timedelta(days=1)).isoformat())
    nightly_run(program=row)


def told(place: Enrollment, time: Time) -> dict[str, int]:
    """Where all stand in the replay, which is where they stand."""
    found, _tally = backtest.replayed(place.program_id, time.now, time.now + timedelta(hours=1))
    for each in found:
        backtest.assert_as_it_was(each)
    return dict(Counter(standing.tier for each in found for standing in each.place.standings))


LADDERS: list[tuple[str, tuple[tuple[str, int], ...], dict[str, Any]]] = [
    ("full", (("enthusiast", 0), ("advocate", 400), ("vip", 2000)), {}),
    ("upgrades_only", (("enthusiast", 0), ("advocate", 400), ("vip", 2000)), {}),
    (
        "full",
        (("enthusiast", 0), ("advocate", 400), ("vip", 2000)),
        {"window": {"kind": "rolling", "months": 3}, "valid": "while_qualifying"},
    ),
    ("none", (("enthusiast", 0), ("vip", 1000)), {"moved_tiers": {"advocate": "enthusiast"}}),
]


@pytest.mark.parametrize(("mode", "tiers", "ladder"), LADDERS)
def test_a_ladder_that_was_recalculated_before_the_window_is_so_in_the_replay(
    brand: Any, time: Time, monkeypatch: pytest.MonkeyPatch, mode: Any, tiers: Any, ladder: Any
) -> None:
    program = shop.program()
    places = [shop.place(shop.member(name), program) for name in ("Anna", "Ben", "Cleo")]
    for place, euros in zip(places, (450, 600, 1200), strict=True):
        shop.send(shop.order(place.member, euros))
    time.set("2026-02-10T12:00:00+00:00")
    nightly_run(program=program)
    published(program, time, mode, *tiers, **ladder)
    time.set("2026-03-10T12:00:00+00:00")
    stood = told(places[0], time)
    expected = {
        ("full", False): {"advocate": 3},
        # What rolls on is counted by the day, which the first ladder did not: it begins with nothing.
        ("full", True): {"enthusiast": 3},
        ("upgrades_only", False): {"advocate": 2, "vip": 1},
        ("none", False): {"enthusiast": 2, "vip": 1},
    }
    assert stood == expected[mode, "window" in ladder]
    # Without it they would stand where the first ladder put them.
    monkeypatch.setattr(ranking, "JOB", "another")
    with pytest.raises(AssertionError):
        told(places[0], time)
