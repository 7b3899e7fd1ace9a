"""Rewards that issue themselves: as often as the points go round, only in the year's windows, once a night."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from loyalty.models import Enrollment, Program
from loyalty.nightly import Night
from loyalty.rules.dates import day_start
from loyalty.selectors import program_state_of
from rewards.autoissue import auto_issue, window_holds
from rewards.models import Redemption, Reward
from rewards.pieces import zone_of
from rewards.section import Window
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.catalog import POINTS, made, rich

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def night(program: Program, day: date) -> int:
    """How many were issued in the night before that day."""
    state = program_state_of(program.pk)
    return sum(auto_issue(Night(program, state, day, day_start(day, zone_of(program.pk)))))


def coupon(program: Program, **fields: Any) -> Reward:
    return made(program, "coupon", auto=fields.pop("auto", {}), **fields)


TODAY = date(2026, 11, 25)


def taken(place: Enrollment) -> int:
    return Redemption.objects.filter(enrollment=place).count()


def test_it_is_issued_as_often_as_the_points_go_round_and_once_a_night(program: Program) -> None:
    poor, one, three = rich(program, 99, "Poor"), rich(program, 199, "One"), rich(program, 350, "Three")
    coupon(program)
    assert night(program, TODAY) == 4
    assert [taken(each) for each in (poor, one, three)] == [0, 1, 3]
    assert [shop.balance(each) for each in (poor, one, three)] == [99, 99, 50]
    assert night(program, TODAY) == 0
    assert {each.initiated_by for each in Redemption.objects.all()} == {"system"}


def test_at_most_so_many_in_a_night_and_the_rest_the_next(program: Program) -> None:
    place = rich(program, 500)
    coupon(program, auto={"most": 2})
    assert [night(program, date(2026, 11, day)) for day in (25, 26, 27, 28)] == [2, 2, 1, 0]
    assert shop.balance(place) == 0


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2026, 2, 28), False), (date(2026, 3, 1), True), (date(2026, 3, 3), True), (date(2026, 3, 4), False),
        (date(2026, 12, 30), False), (date(2026, 12, 31), True), (date(2027, 1, 2), True), (date(2027, 1, 3), False),
        (date(2027, 3, 2), True),
    ],
)  # fmt: skip
def test_only_on_the_days_of_the_years_windows(program: Program, day: date, inside: bool) -> None:
    place = rich(program, 100)
    windows = [{"month": 3, "day": 1, "days": 3}, {"month": 12, "day": 31, "days": 3}]
    coupon(program, auto={"windows": windows})
    assert night(program, day) == int(inside)
    assert shop.balance(place) == (0 if inside else 100)


def test_the_twenty_ninth_of_february_is_the_twenty_eighth_in_other_years() -> None:
    leap = Window(month=2, day=29)
    assert window_holds(leap, date(2028, 2, 29))
    assert window_holds(leap, date(2027, 2, 28))
    assert not window_holds(leap, date(2028, 2, 28))
    assert not window_holds(leap, date(2027, 3, 1))


@pytest.mark.parametrize(
    "fields",
    [
        {"offered": False}, {"tiers": ["vip"]}, {"segments": ["friends"]}, {"countries": ["BE"]}, {"stock": 0},
        {"ends_at": "2020-01-01T00:00"}, {"kind": {"kind": "pool_code", "pool": "Empty"}},
    ],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_what_cant_be_taken_isnt_issued_and_costs_nothing(program: Program, fields: dict[str, Any]) -> None:
    place = rich(program, 300)
    coupon(program, **fields)
    assert night(program, TODAY) == 0
    assert (shop.balance(place), taken(place)) == (300, 0)


def test_limits_and_lower_prices_hold_in_the_night_too(program: Program) -> None:
    plain, risen = rich(program, 480, "Plain"), rich(program, 500, "Risen")
    coupon(program, limit_per_member=3, prices=[POINTS, {"points": 60, "currency": "points", "tiers": ["advocate"]}])
    assert night(program, TODAY) == 6
    assert (shop.balance(plain), shop.balance(risen)) == (180, 320)
