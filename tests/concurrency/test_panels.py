"""Fifty at once want the last product of a panel: one is chosen, the others are told so and stay as they were.

The control leaves the panel's lock out: then more are chosen than there are products.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.models import Program
from panels import choosing
from panels.applying import application_make
from panels.choosing import applications_select
from panels.models import Application, Panel, Participation
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, crowd_of, words
from tests.loyalty import shop
from tests.panels import cast
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

CONTROL_SECONDS = 60.0


def last_unit(crowd: Crowd, places: list[Any], number: int) -> None:
    """A panel with one product, fifty who applied, fifty members of staff who each choose another."""
    row = Panel.objects.create(
        program=places[0].program, code=f"p{number}", spec={**cast.piece(units=1), "code": f"p{number}"}, units=1,
        opens_at=clock.now() - timedelta(days=1), closes_at=clock.now() + timedelta(days=1), seed="", commitment="",
    )  # fmt: skip
    rows = [application_make(panel=row, enrollment=each, answers=cast.APPLIED, actor=shop.PARTNER) for each in places]

    def choose(one: Application) -> Callable[[], Any]:
        return lambda: applications_select(panel=row, ids=[one.pk], actor=shop.STAFF)

    outcomes = crowd.rush([choose(each) for each in rows])
    chosen = Application.objects.filter(panel=row, state="selected").count()
    invited = Participation.objects.filter(application__panel=row).count()
    assert (chosen, invited) == (1, 1), "more were chosen than there are products"
    assert words(outcomes) == {"done": 1, "panel_no_units_left": len(rows) - 1}
    assert Application.objects.filter(panel=row, state="applied").count() == len(rows) - 1


@pytest.fixture
def places(committed_brand: Brand) -> list[Any]:
    made: Program = shop.program()
    return [shop.place(shop.member(f"M{number}"), made) for number in range(CROWD)]


def test_of_fifty_who_take_the_last_product_one_does(committed_brand: Brand, places: list[Any]) -> None:
    with crowd_of(committed_brand) as crowd:
        for number in scale.rounds("race-panel", 2, 200):
            last_unit(crowd, places, number)


def test_the_control_without_the_lock_gives_it_to_several(
    committed_brand: Brand, places: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(panel_id: int) -> Panel:
        return Panel.objects.select_related("program").get(pk=panel_id)

    guard = choosing.units_guard

    def slowly(row: Panel, wanted: int) -> None:
        guard(row, wanted)
        time.sleep(0.05)  # between counting and inviting lies a moment

    monkeypatch.setattr(choosing, "panel_locked", read)
    monkeypatch.setattr(choosing, "units_guard", slowly)
    begun, number, broke = time.monotonic(), 0, ""
    with crowd_of(committed_brand) as crowd:
        while not broke and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                last_unit(crowd, places, number)
            except AssertionError as error:
                broke = str(error) or "broken"
    assert "more were chosen" in broke, "the last product is given once without any lock: it is no race"
