"""The closing instant: whoever was let in is in the frozen list, whoever comes later is refused.

The control leaves the shared lock out: then an entry comes in after the list was hashed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from draws import entering
from draws.closing import sweepstake_close
from draws.drawing import entries_hash_of
from draws.models import Sweepstake
from draws.selectors import list_of
from loyalty.models import Program
from tenants.models import Brand
from tests.concurrency.crowd import Crowd, crowd_of, words
from tests.draws import cast
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

SIZE = 12
CONTROL_SECONDS = 60.0


def closing(crowd: Crowd, program: Program, number: int) -> None:
    """Eleven come in while one closes."""
    places = [shop.place(shop.member(f"R{number}x{n}"), program) for n in range(SIZE - 1)]
    row = cast.sweepstake()
    Sweepstake.objects.filter(pk=row.pk).update(
        state="open", entries_hash="", closes_at=clock.now() + timedelta(seconds=0.15)
    )

    def close() -> Any:
        while not sweepstake_close(sweepstake_id=row.pk):
            time.sleep(0.001)

    def enter(at: int) -> Callable[[], Any]:
        def run() -> Any:
            time.sleep(0.1 + at * 0.01)
            return cast.enters(places[at])

        return run

    outcomes = crowd.rush([close, *(enter(at) for at in range(SIZE - 1))])
    assert set(words(outcomes)) <= {"done", "sweepstake_closed"}
    row = cast.sweepstake()
    assert row.entries_hash == entries_hash_of(list_of(row)), "an entry came in after the list was hashed"
    assert row.entries_count == len(list_of(row))


@pytest.fixture
def program(committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Between being let in and being in the list lies a moment, in which it may close."""
    may = entering._may

    def slowly(*args: Any) -> None:
        time.sleep(0.05)
        may(*args)

    monkeypatch.setattr(entering, "_may", slowly)
    return cast.program()


def test_the_frozen_list_holds_whoever_was_let_in(committed_brand: Brand, program: Program) -> None:
    with crowd_of(committed_brand, SIZE) as crowd:
        for number in scale.rounds("race-closing", 3, 200):
            closing(crowd, program, number)


def test_the_control_without_the_lock_breaks_it(
    committed_brand: Brand, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(sweepstake_id: int) -> Any:
        return Sweepstake.objects.values_list("state", "opens_at", "closes_at").get(pk=sweepstake_id)

    monkeypatch.setattr(entering, "held", read)
    begun, number, broke = time.monotonic(), 0, ""
    with crowd_of(committed_brand, SIZE) as crowd:
        while not broke and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                closing(crowd, program, number)
            except AssertionError as error:
                broke = str(error) or "broken"
    assert broke, "the closing holds without any lock: it is no race"
