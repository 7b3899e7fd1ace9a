"""What the API reads of a member in one call is what pages read by the place, whatever hangs on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty.holding import points_hold
from loyalty.models import Enrollment
from loyalty.pooling import pool_join
from loyalty.selectors import balances_named, balances_of
from loyalty.tierviews import tiers_named, tiers_of
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document

EXPIRY = {"kind": "after", "n": 30, "unit": "days"}
ODD = 'it\'s 100%s "of" \\me; --'


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-03-02T12:00:00+00:00")


def place_in(program: Any, name: str = "Anna") -> Enrollment:
    return shop.place(shop.member(name, external_id=f"ext-{name}"), program)


def told(place: Enrollment) -> tuple[int, int, int, int]:
    """(balance, pending, reserved, expiring), proven to be the same by either way and by either name."""
    member, expected = place.member, balances_of(place)
    for named in ({"public_id": member.public_id}, {"external_id": member.external_id}):
        for program in (None, "club"):
            found = balances_named(named, program)
            assert found is not None
            assert found[1] == expected
            assert (found[0].pk, found[0].member, found[0].slug) == (place.pk, member.public_id, "club")
            tiers = tiers_named(named, program)
            assert tiers is not None
            assert tiers[1] == tiers_of(place)
    [shown] = expected
    return shown.balance, shown.pending, shown.reserved, shown.expiring


def test_nothing_at_all(brand: Any, time: Time) -> None:
    assert told(place_in(shop.program(document()))) == (0, 0, 0, 0)


def test_points_on_their_way_points_that_expire_and_points_that_are_gone(brand: Any, time: Time) -> None:
    place = place_in(shop.program(document(expiry=EXPIRY, pending_days=14)))
    shop.send(shop.order(place.member, 30, "A"))
    assert told(place) == (0, 30, 0, 0)
    time.set("2026-03-18T12:00:00+00:00")
    assert told(place)[:2] == (30, 0)
    time.set("2026-05-18T12:00:00+00:00")
    assert told(place)[:2] == (0, 0)


def test_a_hold_before_and_after_its_time(brand: Any, time: Time) -> None:
    place = place_in(shop.program(document(expiry=EXPIRY)))
    shop.send(shop.order(place.member, 60, "A"))
    made: dict[str, Any] = {"enrollment": place, "currency": "points", "actor": shop.PARTNER}
    points_hold(**made, points=20, key="short", lasts=timedelta(minutes=10))
    points_hold(**made, points=10, key="long", lasts=timedelta(days=30))
    assert told(place) == (30, 0, 30, 30)
    time.set("2026-03-02T12:30:00+00:00")
    assert told(place)[:3] == (50, 0, 10)
    time.set("2026-05-18T12:00:00+00:00")
    assert told(place)[:3] == (0, 0, 0)


def test_an_account_that_two_share(brand: Any, time: Time) -> None:
    program = shop.program(document())
    anna, bram = place_in(program), place_in(program, "Bram")
    shop.send(shop.order(anna.member, 60, "A"), shop.order(bram.member, 40, "B"))
    pool_join(enrollment=bram, head=anna, actor=shop.STAFF)
    bram.refresh_from_db()
    assert (told(anna)[0], told(bram)[0]) == (100, 100)


def test_a_name_with_whatever_signs_is_one_name(brand: Any, time: Time) -> None:
    program = shop.program(document())
    place = shop.place(shop.member("Odd", external_id=ODD), program)
    shop.send(shop.order(place.member, 10, "A"))
    assert told(place)[0] == 10
    for other in (f"{ODD} ", "' OR true --", ""):
        assert balances_named({"external_id": other}, None) is None
        assert tiers_named({"external_id": other}, None) is None


def test_of_two_places_none_is_meant_unless_it_is_said(brand: Any, time: Time) -> None:
    place = place_in(shop.program(document()))
    shop.place(place.member, shop.program(document(), slug="other"))
    named = {"public_id": place.member.public_id}
    assert balances_named(named, None) is None
    assert tiers_named(named, None) is None
    found = balances_named(named, "other")
    assert found is not None
    assert found[0].slug == "other"
