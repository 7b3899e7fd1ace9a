"""Ladders that go by what a member has to spend: the night takes them up and down to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty.floors import tier_floor_end, tier_floor_set
from loyalty.models import TierChange, TierStanding
from loyalty.nightly import nightly_run
from loyalty.services import points_adjust
from loyalty.tierviews import tiers_named, tiers_of
from tests.loyalty import shop


@pytest.fixture
def night(brand: Any) -> Any:
    """Go to the next day and do that night's work."""

    def run(place: Any, days: int = 1) -> None:
        brand.clock_shift += timedelta(days=days)
        nightly_run(program=place.program)

    return run


def placed(**fields: Any) -> Any:
    ladder = {
        **shop.DOCUMENT["ladders"][0],
        "qualify": {"kind": "balance", "currency": "points"},
        "window": {"kind": "lifetime"},
        "valid": "while_qualifying",
        **fields,
    }
    return shop.place(shop.member(), shop.program({**shop.DOCUMENT, "ladders": [ladder]}))


def spend(place: Any, points: int, key: str) -> None:
    points_adjust(
        enrollment=place, currency="points", points=-points, reason="Spent", actor=shop.STAFF, key=key.ljust(24, "k")
    )


def tier(place: Any) -> str:
    views = tiers_of(place)
    named = tiers_named({"public_id": place.member.public_id}, place.program.slug)
    assert named is not None
    assert (named[0].pk, named[1]) == (place.pk, views), "the API reads the same in one call"
    return views[0].code


def moves(place: Any) -> list[tuple[str, str]]:
    changes = TierChange.objects.filter(enrollment=place).exclude(cause="enrolled").order_by("id")
    return [(each.to_tier, each.cause) for each in changes]


def test_the_night_follows_the_balance_down_and_up(brand: Any, night: Any) -> None:
    place = placed(downgrade="full")
    shop.send(shop.order(place.member, 1200, "A"))
    night(place)
    assert tier(place) == "vip"
    assert TierStanding.objects.get(enrollment=place).valid_until is None
    spend(place, 1100, "a")
    assert tier(place) == "vip"  # until the night
    night(place)
    assert tier(place) == "enthusiast"
    shop.send(shop.order(place.member, 500, "B"))
    night(place)
    assert tier(place) == "advocate"
    assert moves(place)[-2:] == [("enthusiast", "balance"), moves(place)[-1]]


def test_a_step_at_a_time_is_a_step_a_night(brand: Any, night: Any) -> None:
    place = placed(downgrade="one_step")
    shop.send(shop.order(place.member, 1200, "A"))
    night(place)
    spend(place, 1150, "a")
    night(place)
    assert tier(place) == "advocate"
    nightly_run(program=place.program)
    assert tier(place) == "advocate"  # the same night again changes nothing
    night(place)
    assert tier(place) == "enthusiast"
    night(place)
    assert [code for code, cause in moves(place) if cause == "balance"][-2:] == ["advocate", "enthusiast"]


def test_without_a_downgrade_what_was_reached_stays(brand: Any, night: Any) -> None:
    place = placed(downgrade="none")
    shop.send(shop.order(place.member, 600, "A"))
    night(place)
    spend(place, 600, "a")
    night(place)
    assert tier(place) == "advocate"


def test_points_that_expire_in_a_night_count_no_longer_in_it(brand: Any, night: Any) -> None:
    place = placed(downgrade="full")
    shop.send(shop.order(place.member, 600, "A"))
    night(place)
    assert tier(place) == "advocate"
    brand.clock_shift += timedelta(days=400)
    nightly_run(program=place.program)
    assert tier(place) == "enthusiast"


def test_a_floor_holds_the_member_while_the_balance_moves_under_it(brand: Any, night: Any) -> None:
    place = placed(downgrade="full")
    shop.send(shop.order(place.member, 600, "A"))
    night(place)
    tier_floor_set(enrollment=place, ladder="main", tier="vip", source="plan", until=None, actor=shop.STAFF)
    spend(place, 600, "a")
    night(place)
    assert tier(place) == "vip"
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "enthusiast"
