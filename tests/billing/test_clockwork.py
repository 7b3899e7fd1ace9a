"""The demo's clock: a brand and its account at the local Stripe go forward together, and what falls due is done."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billing.connections import connection_key_change
from config.celery import app
from core import clock
from sandbox.clockwork import DEAD_AFTER_SECONDS, Journey, journey_begin, journey_make, journey_of
from tenants.context import platform_context
from tenants.models import Brand
from tests.billing.cast import Club
from tests.conftest import ClientFor
from tests.loyalty import shop

# As a worker has them: beat names tasks of every room.
app.loader.import_default_modules()


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path, touchable: set[str]) -> None:
    settings.VAR_DIR = tmp_path
    # The brand's own row says how far its clock stands from the wall's.
    touchable.add("public")


def shift(brand: Brand) -> timedelta:
    with platform_context():
        found: timedelta = Brand.objects.get(pk=brand.pk).clock_shift
    return found


def test_a_month_on_a_member_has_renewed_paid_and_earned(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    paid, points, before, there = len(club.invoices(ann)), club.points(ann), shift(club.brand), club.account.clock.now()
    journey_make(32)
    assert shift(club.brand) == before + timedelta(days=32)
    assert club.account.clock.now() - there == pytest.approx(32 * 86400, abs=60)
    assert (len(club.invoices(ann)), club.points(ann)) == (paid + 1, points + 10)
    assert journey_of() == Journey(days=32, left=0)
    # From now on Stripe tells again what happens.
    assert club.account.webhooks["mode"] == "deliver"


def test_a_button_sends_the_clock_on_and_the_page_says_the_day(club: Club, client_for: ClientFor) -> None:
    client, before = client_for(club.brand), clock.now()
    assert client.post("/clock/", {"days": "7"}).headers["Location"] == "/clock/"
    assert shift(club.brand) >= timedelta(days=7)
    shown = client.get("/clock/").content.decode()
    assert f"{before + timedelta(days=7):%B %Y}" in shown
    assert 'hx-trigger="every 2s"' not in shown


@pytest.mark.parametrize("days", ["", "0", "-1", "93", "x", "1.5", "१", "9999999999"])
def test_what_is_no_number_of_days_moves_nothing_and_says_what_would_be(
    brand: Brand, client_for: ClientFor, days: str
) -> None:
    shown = client_for(brand).post("/clock/", {"days": days}).content.decode()
    assert "Choose a number of days from 1 to 92." in shown
    assert shift(brand) == timedelta(0)
    assert journey_of() is None


def test_one_journey_at_a_time_and_the_page_shows_how_far_it_is(brand: Brand, client_for: ClientFor) -> None:
    assert journey_begin(10)
    shown = client_for(brand).post("/clock/", {"days": "1"}).content.decode()
    assert "The clock is moving already." in shown
    assert 'hx-trigger="every 2s"' in shown
    assert "Day 0 of 10" in shown
    # What is asked for every two seconds is the piece alone: a page's styles carry the nonce of another answer.
    piece = client_for(brand).get("/clock/", headers={"HX-Request": "true"}).content.decode()
    assert "Day 0 of 10" in piece
    assert "<style" not in piece
    assert shift(brand) == timedelta(0)


def test_a_journey_that_died_can_be_begun_anew(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    assert journey_begin(10)
    later = time.time() + DEAD_AFTER_SECONDS + 1
    monkeypatch.setattr("sandbox.clockwork.time.time", lambda: later)
    found = journey_of()
    assert found is not None
    assert found.problem
    assert journey_begin(3)


def test_without_the_stand_in_the_journey_ends_and_says_so(club: Club, settings: Any, client_for: ClientFor) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    client_for(club.brand).post("/clock/", {"days": "2"})
    shown = client_for(club.brand).get("/clock/").content.decode()
    assert "The clock stopped on the way." in shown


def test_where_stripe_refuses_the_key_the_brands_days_pass_and_a_key_that_works_lets_it_catch_up(
    club: Club, client_for: ClientFor
) -> None:
    ann, client = club.somebody(), client_for(club.brand)
    club.joined(ann)
    before, there = shift(club.brand), club.account.clock.now()
    account = club.account
    club.control("keys", add=f"{club.key}new")
    club.control("keys", revoke=club.key)
    client.post("/clock/", {"days": "31"})
    client.post("/clock/", {"days": "2"})
    assert shift(club.brand) == before + timedelta(days=33)
    shown = client.get("/clock/").content.decode()
    assert "its account is 33 days behind" in shown
    assert "The clock stopped on the way." not in shown
    assert account.clock.now() - there < 86400
    connection_key_change(connection=club.connection, key=f"{club.key}new", actor=shop.STAFF)
    client.post("/clock/", {"days": "1"})
    assert account.clock.now() - there == pytest.approx(34 * 86400, abs=60)
    assert "days behind" not in client.get("/clock/").content.decode()
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 1000]


def test_the_platform_has_no_clock_and_production_has_none_at_all(
    brand: Brand, settings: Any, client_for: ClientFor
) -> None:
    assert client_for(None).get("/clock/").status_code == 404
    settings.CLOCK_MOVABLE = False
    assert client_for(brand).get("/clock/").status_code == 404
