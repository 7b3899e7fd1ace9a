"""While a plan is paused, points don't come nearer to their end and tiers aren't lost: by the brand's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.test import Client

from billing.freezing import clocks_sweep
from billing.models import ClockFreeze
from billing.pausing import subscription_pause, subscription_resume, subscription_skip
from loyalty.freezing import clocks_hold
from loyalty.models import Enrollment, PointsLot, TierFloor
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club
from tests.loyalty import shop

MakeClub = Callable[..., Club]


@pytest.fixture
def make(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[MakeClub]:
    shift = brand.clock_shift

    def made(**section: object) -> Club:
        return Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", **section)

    yield made
    brand.clock_shift = shift


def somebody(club: Club) -> Member:
    """On a plan, with 600 points: an Advocate."""
    ann = club.somebody()
    club.joined(ann, "max")
    shop.send(shop.order(ann, 600, "A-1"))
    return ann


def end_of_order(ann: Member) -> datetime:
    lot = PointsLot.objects.filter(account__enrollment__member=ann, granted=600).get()
    assert lot.expires_at is not None
    return lot.expires_at


def works(club: Club) -> None:
    club.settle()
    clocks_sweep()
    club.work()


def test_a_pause_puts_the_end_of_points_off_by_as_long_as_it_lasts(make: MakeClub) -> None:
    club = make()
    ann = somebody(club)
    usual = end_of_order(ann)
    # Paid until 5 February, paused for a month: it goes on on 5 March, 28 days later.
    subscription_pause(subscription=club.subscription(ann), months=1, actor=shop.STAFF)
    works(club)
    assert (ClockFreeze.objects.count(), end_of_order(ann)) == (0, usual)
    club.at("2027-02-05T12:00")
    works(club)
    works(club)
    freeze = ClockFreeze.objects.get()
    assert (end_of_order(ann) - usual).days == freeze.days == 28
    # Early again: twenty days of it were a pause.
    club.at("2027-02-25T12:00")
    works(club)
    subscription_resume(subscription=club.subscription(ann), actor=shop.STAFF)
    works(club)
    works(club)
    assert (end_of_order(ann) - usual).days == 20
    assert ClockFreeze.objects.get().ended_at is not None


def test_a_tier_is_held_in_a_pause_and_as_long_again(make: MakeClub) -> None:
    club = make()
    ann = somebody(club)
    subscription_pause(subscription=club.subscription(ann), months=1, actor=shop.STAFF)
    club.at("2027-02-05T12:00")
    works(club)
    floor = TierFloor.objects.get(source__startswith="pause:", ended_at=None)
    assert floor.tier == "advocate"
    club.at("2027-02-25T12:00")
    works(club)
    subscription_resume(subscription=club.subscription(ann), actor=shop.STAFF)
    works(club)
    floor = TierFloor.objects.get(source__startswith="pause:", ended_at=None)
    assert f"{floor.until:%m-%d}" == "03-17"


def test_a_skip_is_no_pause(make: MakeClub) -> None:
    club = make()
    ann = somebody(club)
    usual = end_of_order(ann)
    subscription_skip(subscription=club.subscription(ann), actor=shop.STAFF)
    club.at("2027-02-10T12:00")
    works(club)
    assert club.state(ann) == "paused"
    assert (ClockFreeze.objects.count(), end_of_order(ann)) == (0, usual)


def test_where_the_terms_say_so_the_clocks_run_on(make: MakeClub) -> None:
    club = make(clocks_in_pause="run")
    ann = somebody(club)
    usual = end_of_order(ann)
    subscription_pause(subscription=club.subscription(ann), months=1, actor=shop.STAFF)
    club.at("2027-02-10T12:00")
    works(club)
    assert (ClockFreeze.objects.count(), end_of_order(ann)) == (0, usual)


def test_whoever_judged_on_the_old_ends_judges_again(make: MakeClub) -> None:
    club = make()
    place = Enrollment.objects.get(member=somebody(club))
    before = place.version
    clocks_hold(enrollment=place, days=3, source="pause:1", actor=shop.STAFF)
    place.refresh_from_db()
    assert place.version > before
