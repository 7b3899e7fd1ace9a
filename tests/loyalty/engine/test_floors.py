"""Tiers that are given: the higher of given and earned counts, and what ends falls back to what was earned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.errors import InvalidInput
from core.tables import AuditEntry
from loyalty.floors import FloorNotFound, floors_of, tier_floor_end, tier_floor_set, tier_invite
from loyalty.models import TierChange, TierStanding
from loyalty.nightly import nightly_run
from loyalty.tierviews import tiers_of
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture
def ahead(brand):
    def move(days: float) -> None:
        brand.clock_shift += timedelta(days=days)

    return move


def document() -> dict[str, Any]:
    tiers = [*shop.DOCUMENT["ladders"][0]["tiers"], {"code": "black", "name": "Black", "by_invitation": True}]
    return {**shop.DOCUMENT, "ladders": [{**shop.DOCUMENT["ladders"][0], "tiers": tiers}]}


def give(place: Any, tier: str, source: str = "plan", days: float | None = None) -> None:
    until = clock.now() + timedelta(days=days) if days is not None else None
    tier_floor_set(enrollment=place, ladder="main", tier=tier, source=source, until=until, actor=shop.STAFF)


def tier(place: Any) -> str:
    return tiers_of(place)[0].code


@pytest.fixture
def place() -> Any:
    program = shop.program(document())
    return shop.place(shop.member(), program)


def test_a_plan_holds_a_member_up_and_its_end_falls_back_to_what_was_earned(place: Any) -> None:
    give(place, "advocate")
    assert tier(place) == "advocate"
    shop.send(shop.order(place.member, 100))
    assert tier(place) == "advocate"
    shop.send(shop.order(place.member, 950))
    assert tier(place) == "vip"  # above what is given
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "vip"
    assert [each.to_tier for each in TierChange.objects.order_by("id")] == ["enthusiast", "advocate", "vip"]
    assert AuditEntry.objects.filter(action__in=("tier.give", "tier.take_back")).count() == 2


def test_what_is_earned_under_a_floor_shows_when_it_ends(place: Any) -> None:
    give(place, "vip")
    shop.send(shop.order(place.member, 600))
    assert tier(place) == "vip"
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "advocate"
    assert TierStanding.objects.get(enrollment=place).valid_until is not None


def test_a_return_takes_what_was_earned_and_leaves_what_is_given(place: Any) -> None:
    give(place, "advocate")
    shop.send(shop.order(place.member, 1200, "A"))
    assert tier(place) == "vip"
    shop.send(shop.returned(place.member, "A", 1200))
    assert tier(place) == "advocate"
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "enthusiast"


def test_a_return_after_a_floor_ended_takes_back_what_was_earned_above_it(place: Any) -> None:
    give(place, "advocate")
    shop.send(shop.order(place.member, 1200, "A"))
    assert tier(place) == "vip"
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "vip"
    # Without that order nothing was ever earned, and nothing is given any more: not even what the floor held.
    shop.send(shop.returned(place.member, "A", 1200))
    assert tier(place) == "enthusiast"
    assert TierStanding.objects.get(enrollment=place).valid_until is None


def test_a_return_after_a_floor_ended_leaves_what_other_orders_earned(place: Any) -> None:
    give(place, "vip")
    shop.send(shop.order(place.member, 600, "A"))
    shop.send(shop.order(place.member, 600, "B"))
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "vip"
    shop.send(shop.returned(place.member, "B", 600))
    assert tier(place) == "advocate"
    standing = TierStanding.objects.get(enrollment=place)
    assert (standing.floor_tier, standing.valid_until is not None) == ("", True)


def test_a_return_after_a_floor_ended_takes_back_what_was_earned_below_it(place: Any) -> None:
    give(place, "vip")
    shop.send(shop.order(place.member, 600, "A"))
    tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert tier(place) == "advocate"
    shop.send(shop.returned(place.member, "A", 600))
    assert tier(place) == "enthusiast"


def test_the_night_ends_what_was_given_until_then_and_the_next_source_takes_over(place: Any, ahead: Any) -> None:
    give(place, "vip", "trial", days=5)
    give(place, "advocate", "plan")
    nightly_run(program=place.program)
    assert tier(place) == "vip"
    ahead(7)
    nightly_run(program=place.program)
    assert tier(place) == "advocate"
    assert [each.source for each in floors_of(place)] == ["plan"]
    change = TierChange.objects.latest("id")
    assert change.from_tier == "vip" or change.to_tier == "advocate"


def test_an_order_after_the_end_and_before_the_night_earns_at_the_earned_tier(place: Any, ahead: Any) -> None:
    give(place, "vip", days=2)
    ahead(3)
    [answer] = shop.send(shop.order(place.member, 10))
    assert answer.body["tiers"] == [{"ladder": "main", "tier": "enthusiast"}]


def test_a_tier_by_invitation_is_reached_by_nobody_but_can_be_given(place: Any) -> None:
    shop.send(shop.order(place.member, 90_000))
    assert tier(place) == "vip"
    tier_invite(enrollment=place, ladder="main", tier="black", until=None, reason="A friend", actor=shop.STAFF)
    assert tier(place) == "black"
    view = tiers_of(place)[0]
    assert (view.next_code, view.to_keep) == (None, 0)


def test_what_cannot_be_given_is_refused_and_changes_nothing(place: Any) -> None:
    for fields, field in (
        ({"tier": "gold"}, "tier"),
        ({"tier": "enthusiast"}, "tier"),
        ({"ladder": "other"}, "ladder"),
    ):
        with pytest.raises(InvalidInput) as refused:
            tier_floor_set(
                **{"enrollment": place, "ladder": "main", "tier": "vip", "source": "plan", "until": None, **fields},
                actor=shop.STAFF,
            )
        assert refused.value.field == field
    with pytest.raises(InvalidInput):
        give(place, "vip", days=-1)
    with pytest.raises(FloorNotFound):
        tier_floor_end(enrollment=place, ladder="main", source="plan", actor=shop.STAFF)
    assert floors_of(place) == []
