"""Checking in: near enough, long enough apart, not faster than anybody travels, or by a code that is on the screen."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims import booking, rotating
from claims.checkins import (
    TRIES,
    Position,
    check_in_by_code,
    check_in_by_position,
    check_in_decide,
    code_guess,
)
from claims.errors import CheckInDecided, CheckInWayOff, CodeInvalid, NoPlaceNear, PlaceUnknown, TooManyTries
from claims.geo import EARTH_M, distance_m, rounded_m, speed_kmh, within
from claims.models import CheckIn, Place
from claims.places import place_save, place_secret_renew, places_import
from claims.rotating import STEP_SECONDS, token_of, token_read
from core import clock
from core.errors import Busy, IdempotencyKeyReused, InvalidInput
from core.ids import uuid7
from core.outbox import outbox_drain
from loyalty.errors import MemberSuspended
from loyalty.models import Event
from members.models import Member
from tenants.models import Brand
from tests.claims import cast
from tests.loyalty import cast as people
from tests.loyalty import shop

DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


def place(code: str = "vondel", *, north: float = 52.0, east: float = 5.0, kind: str = "park", **more: object) -> Place:
    where = {"latitude": Decimal(str(north)), "longitude": Decimal(str(east)), "radius_m": 100}
    return place_save(
        place=None, fields={"code": code, "name": code.title(), "kind": kind, **where, **more}, actor=shop.STAFF
    )


def here(north: float = 52.0, east: float = 5.0, accuracy: float = 10) -> Position:
    return Position(north, east, accuracy)


def position(who: people.Person, at: Position, key: str = "", place: str | None = None) -> CheckIn:
    return check_in_by_position(
        enrollment=who.enrollment, position=at, place=place, actor=shop.PARTNER, key=key or uuid7().hex
    )


def code(who: people.Person, token: str, key: str = "") -> CheckIn:
    return check_in_by_code(enrollment=who.enrollment, shown=token, actor=shop.PARTNER, key=key or uuid7().hex)


def later(**time: float) -> AbstractContextManager[Any]:
    """The brand's clock, moved on."""
    moment = clock.now() + timedelta(**time)
    return patch("core.clock.now", lambda: moment)


def came(row: CheckIn) -> tuple[str, str]:
    return row.state, row.reason


# --- pure ------------------------------------------------------------------------------------------------------------
@given(DEGREES, DEGREES)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_around(a, b) -> None:
    there, back = distance_m(*a, *b), distance_m(*b, *a)
    assert abs(there - back) < 1e-3
    assert 0 <= there <= EARTH_M * 3.14160


@given(DEGREES)
def test_there_is_no_distance_to_where_one_is(a) -> None:
    assert distance_m(*a, *a) == 0


@given(DEGREES, DEGREES, DEGREES)
def test_a_detour_is_never_shorter(a, b, c) -> None:
    assert distance_m(*a, *c) <= distance_m(*a, *b) + distance_m(*b, *c) + 1


def test_known_distances_come_out_right() -> None:
    amsterdam_utrecht = distance_m(52.3676, 4.9041, 52.0907, 5.1214)
    assert 34_000 < amsterdam_utrecht < 34_500
    assert abs(distance_m(0, 179.9, 0, -179.9) - distance_m(0, 0, 0, 0.2)) < 1, "over the date line"


@given(st.floats(0, 10**7), st.integers(10, 50_000), st.floats(0, 10**6), st.integers(0, 1_000))
def test_uncertainty_helps_by_no_more_than_the_slack(distance, radius, accuracy, slack) -> None:
    near = within(distance, radius_m=radius, accuracy_m=accuracy, slack_m=slack)
    assert near or distance > radius
    assert not near or distance <= radius + slack


@given(st.floats(0, 10**7), st.floats(1, 10**7))
def test_twice_the_time_is_half_the_speed(distance, seconds) -> None:
    once, twice = (speed_kmh(distance, timedelta(seconds=each)) for each in (seconds, 2 * seconds))
    assert once == pytest.approx(2 * twice, rel=1e-3, abs=1e-9)


def test_no_time_at_all_is_too_fast_for_any_distance() -> None:
    assert speed_kmh(1, timedelta(0)) == float("inf")
    assert speed_kmh(1, timedelta(seconds=-5)) == float("inf")
    assert speed_kmh(0, timedelta(0)) == 0


@given(st.floats(0, 10**7))
def test_what_is_kept_of_a_distance_doesnt_tell_where_somebody_is(distance) -> None:
    kept = rounded_m(distance)
    assert kept % 10 == 0
    assert kept <= 5_000


# --- by position -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_who_is_there_is_checked_in_and_it_is_an_event(anna: people.Person) -> None:
    place(tags=["green", "city"])
    row = position(anna, here(52.0005))
    assert came(row) == ("accepted", "")
    assert row.event is not None
    event = Event.objects.get(pk=row.event)
    assert (event.type, event.source) == ("store.checked_in", "check-ins")
    assert event.payload == {
        "place": {"code": "vondel", "kind": "park", "tags": ["green", "city"]},
        "method": "position",
        "distance_m": 60,
    }
    assert shop.balance(anna.enrollment) == 10
    assert not [name for name in CheckIn._meta.get_fields() if "latitude" in name.name or "longitude" in name.name]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (here(52.002), "too_far"),
        (here(52.0, 5.0, 151), "inaccurate"),
        (here(52.0014, 5.0, 10), "too_far"),  # 156 m, of which 10 in one's favour
    ],
)
def test_who_isnt_there_is_refused_and_the_try_is_kept(anna: people.Person, at: Position, reason: str) -> None:
    place()
    row = position(anna, at)
    assert came(row) == ("refused", reason)
    assert (row.event, shop.balance(anna.enrollment)) == (None, 0)
    assert CheckIn.objects.count() == 1


@pytest.mark.django_db
def test_uncertainty_counts_in_the_members_favour_up_to_the_slack(anna: people.Person) -> None:
    place()
    assert came(position(anna, here(52.0012, 5.0, 60))) == ("accepted", "")  # 133 m of 100 + 50


@pytest.mark.django_db
def test_the_nearest_place_is_meant_unless_one_is_named(anna: people.Person) -> None:
    place("far", north=52.01)
    place("near")
    place("closed", active=False)
    assert position(anna, here()).place.code == "near"
    assert came(position(anna, here(), place="far")) == ("refused", "too_far")
    assert came(position(anna, here(), place="closed")) == ("refused", "closed")
    with pytest.raises(PlaceUnknown):
        position(anna, here(), place="nowhere")
    with pytest.raises(NoPlaceNear):
        position(anna, here(10, 10))


@pytest.mark.django_db
def test_a_place_is_open_from_and_until_its_dates(anna: people.Person) -> None:
    now = clock.now()
    place("soon", starts_at=now + timedelta(hours=1))
    place("over", ends_at=now - timedelta(hours=1))
    for name in ("soon", "over"):
        assert came(position(anna, here(), place=name)) == ("refused", "closed")
    with later(hours=2):
        assert came(position(anna, here(), place="soon")) == ("accepted", "")


@pytest.mark.django_db
def test_once_per_place_within_the_hours(anna: people.Person) -> None:
    place()
    assert came(position(anna, here())) == ("accepted", "")
    with later(hours=11):
        assert came(position(anna, here())) == ("refused", "too_soon")
    with later(hours=13):
        assert came(position(anna, here())) == ("accepted", "")
    assert shop.balance(anna.enrollment) == 20


@pytest.mark.django_db
def test_who_would_have_flown_is_held_and_staff_decide_once(anna: people.Person) -> None:
    place()
    place("north", north=53.0)
    position(anna, here())
    with later(minutes=30):  # 111 km
        held = position(anna, here(53.0))
    assert came(held) == ("held", "too_fast")
    assert held.speed_kmh is not None
    assert 200 < held.speed_kmh < 250
    assert shop.balance(anna.enrollment) == 10
    with later(minutes=40):
        accepted = check_in_decide(check_in=held, accept=True, actor=shop.STAFF)
        assert (accepted.state, shop.balance(anna.enrollment)) == ("accepted", 20)
    with pytest.raises(CheckInDecided):
        check_in_decide(check_in=held, accept=False, actor=shop.STAFF)


@pytest.mark.django_db
def test_staff_refuse_what_is_held_and_it_gives_nothing(anna: people.Person) -> None:
    place()
    place("north", north=53.0)
    position(anna, here())
    held = position(anna, here(53.0))
    refused = check_in_decide(check_in=held, accept=False, actor=shop.STAFF)
    assert came(refused) == ("refused", "staff")
    assert shop.balance(anna.enrollment) == 10


@pytest.mark.django_db
def test_who_drove_is_not_too_fast_and_a_program_may_refuse_at_once(anna: people.Person, brand: Brand) -> None:
    place()
    place("north", north=53.0)
    position(anna, here())
    with later(hours=1.5):
        assert came(position(anna, here(53.0))) == ("accepted", "")
    strict = people.person(shop.program({**cast.DOCUMENT, "check_ins": {"too_fast": "refuse"}}, slug="strict"), "Bob")
    position(strict, here())
    assert came(position(strict, here(53.0))) == ("refused", "too_fast")


@pytest.mark.django_db
def test_a_key_checks_in_once_and_a_suspended_member_not_at_all(anna: people.Person) -> None:
    place()
    place("other", north=52.3)
    assert position(anna, here(), key="same").pk == position(anna, here(), key="same").pk
    with pytest.raises(IdempotencyKeyReused):
        position(anna, here(), key="same", place="other")
    Member.objects.filter(pk=anna.member.pk).update(status="suspended")
    anna.enrollment.member.refresh_from_db()
    with pytest.raises(MemberSuspended):
        position(anna, here())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "at", [here(91), here(0, 181), here(float("nan")), here(0, float("inf")), here(0, 0, -1), here(0, 0, float("nan"))]
)
def test_what_is_no_place_on_earth_is_refused(anna: people.Person, at: Position) -> None:
    with pytest.raises(InvalidInput):
        position(anna, at)


@pytest.mark.django_db
def test_too_many_tries_lock_for_a_while(anna: people.Person) -> None:
    place()
    for _try in range(TRIES):
        position(anna, here(52.01))
    with pytest.raises(TooManyTries):
        position(anna, here())
    with later(minutes=16):
        assert came(position(anna, here())) == ("accepted", "")


# --- by code ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_code_is_good_while_it_is_shown_and_one_step_longer(anna: people.Person) -> None:
    spot = place()
    token = token_of(spot, clock.now())
    with later(seconds=STEP_SECONDS):
        assert token_read(token).fresh
    with later(seconds=2 * STEP_SECONDS + 1):
        assert not token_read(token).fresh
        assert came(code(anna, token)) == ("refused", "code_old")
    with later(seconds=-2 * STEP_SECONDS):
        assert not token_read(token).fresh, "nor before its time"
    assert came(code(anna, token)) == ("accepted", "")
    assert Event.objects.get(type="store.checked_in").payload["method"] == "code"


@pytest.mark.django_db
def test_the_same_code_again_is_the_same_check_in(anna: people.Person) -> None:
    token = token_of(place(), clock.now())
    first, again = code(anna, token), code(anna, token)
    assert first.pk == again.pk
    assert shop.balance(anna.enrollment) == 10
    bob = people.person(anna.enrollment.program, "Bob")
    assert code(bob, token).pk != first.pk, "a code is for everybody who is there"


@pytest.mark.django_db
def test_a_code_of_another_place_or_brand_or_of_before_is_none(
    anna: people.Person, brand: Brand, other_brand: Brand
) -> None:
    from tenants.context import brand_context

    spot, other = place(), place("other")
    token = token_of(spot, clock.now())
    moved = token.replace("vondel", "other")
    with brand_context(other_brand):
        foreign = token_of(place(), clock.now())
    for wrong in (
        moved,
        foreign,
        token[:-1],
        token + "A",
        token.lower(),
        "",
        "x",
        "vondel.1.AAAA",
        "\x00",
        "é.1." + "A" * 26,
    ):
        with pytest.raises(CodeInvalid):
            token_read(wrong)
    place_secret_renew(place=spot, actor=shop.STAFF)
    with pytest.raises(CodeInvalid):
        token_read(token)
    assert token_of(other, clock.now()) != token_of(other, clock.now() + timedelta(seconds=STEP_SECONDS))


@pytest.mark.django_db
def test_guessing_codes_locks_who_guesses_and_nobody_else(anna: people.Person) -> None:
    token = token_of(place(), clock.now())
    for _try in range(TRIES):
        with pytest.raises(CodeInvalid):
            code_guess("vondel.1." + "A" * 26, who="1.2.3.4")
    with pytest.raises(TooManyTries):
        code_guess(token, who="1.2.3.4")
    assert code_guess(token, who="5.6.7.8").fresh


@pytest.mark.django_db
def test_ways_that_the_program_switches_off_are_off(brand: Brand) -> None:
    off = {**cast.DOCUMENT, "check_ins": {"by_position": False, "by_code": False}}
    who = people.person(shop.program(off))
    token = token_of(place(), clock.now())
    with pytest.raises(CheckInWayOff):
        position(who, here())
    with pytest.raises(CheckInWayOff):
        code(who, token)


@pytest.mark.django_db
def test_a_process_that_dies_before_the_event_loses_no_visit(anna: people.Person) -> None:
    place()
    with patch.object(booking, "event_ingest", side_effect=Busy()):
        row = position(anna, here())
    assert (row.state, row.event) == ("accepted", None)
    outbox_drain()
    assert shop.balance(anna.enrollment) == 10
    assert CheckIn.objects.get().event is not None


def test_a_picture_of_a_code_has_its_three_corners_and_a_quiet_edge() -> None:
    picture = rotating.qr_picture("https://gem.example/check-in/vondel.1.AAAAAAAAAAAAAAAAAAAAAAAAAA/")
    cells = {tuple(map(int, each.split("h")[0].split())) for each in picture.path.split("M")[1:]}
    low, high = rotating.QUIET, picture.side - rotating.QUIET - 7
    for left, top in ((low, low), (high, low), (low, high)):
        assert all((left + step, top) in cells and (left, top + step) in cells for step in range(7))
        assert (left + 1, top + 1) not in cells
    assert min(min(each) for each in cells) == low
    assert max(max(each) for each in cells) == picture.side - low - 1


# --- places ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_places_come_from_a_file_and_bad_lines_are_told(brand: Brand) -> None:
    text = (
        "code,name,kind,address,latitude,longitude,radius_m,tags\n"
        "ams,Amsterdam,store,Dam 1,52.3731,4.8926,150,city;north\n"
        "bad code,X,store,,52,5,100,\n"
        "utr,Utrecht,shop,,52,5,100,\n"
        "rot,Rotterdam,store,,152,5,100,\n"
        "hag,Den Haag,store,,52,east,100,\n"
        "ein,Eindhoven,park,,51.44,5.47,5,\n"
    )
    report = places_import(text=text, actor=shop.STAFF)
    assert (report.made, report.changed) == (1, 0)
    assert [(line, why.partition(":")[0]) for line, why in report.refused] == [
        (3, "code"), (4, "kind"), (5, "latitude"), (6, "longitude"), (7, "radius_m"),
    ]  # fmt: skip
    ams = Place.objects.get()
    assert (ams.tags, ams.radius_m) == (["city", "north"], 150)
    secret = ams.secret
    again = places_import(text="code;name;latitude;longitude\nams;Dam;52,37;4,89\n", actor=shop.STAFF)
    assert (again.made, again.changed) == (0, 1)
    ams.refresh_from_db()
    assert (ams.name, ams.secret) == ("Dam", secret)
    for wrong in ("", "nothing\n1\n", "code,name,latitude,longitude,colour\n"):
        with pytest.raises(InvalidInput):
            places_import(text=wrong, actor=shop.STAFF)
