"""The members' page about boxes, and the team's queue: seen, pressed, refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.models import Shipment
from members.roles import roles_sync
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.billing.boxcast import PLANS, boxes, seen, settle
from tests.billing.cast import Club
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty.test_pages import text_of

HOME = {"name": "Ann", "street": "Kade 1", "extra": "", "postcode": "1011 AB", "city": "Amsterdam", "country": "NL"}


@pytest.fixture
def club(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Club]:
    shift = brand.clock_shift
    # Requests ask the brand's row, which stays as it is: their clock is the club's too.
    monkeypatch.setattr("core.clock._shift_of_current_brand", lambda: brand.clock_shift)
    made = Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=PLANS)
    yield made
    brand.clock_shift = shift


@pytest.fixture
def ann(club: Club) -> people.Person:
    who = people.person(club.program, "Ann")
    club.joined(who.member, "snacks")
    settle(club)
    return who


@pytest.fixture
def browser(brand: Brand, client_for: ClientFor, ann: people.Person) -> Client:
    return client_for(brand, user=ann.user)


def box(who: people.Person, number: int = 0) -> Shipment:
    return boxes(who.member)[number]


def test_the_page_shows_the_boxes_and_takes_an_address_a_swap_and_a_delay(browser: Client, ann: people.Person) -> None:
    page = browser.get("/boxes/")
    text = text_of(page)
    assert "Box of 5 January 2027" in text
    assert "Box of 5 February 2027" in text
    assert "We don’t know yet where to send it." in text
    here = f"/boxes/{box(ann).public_id}"
    assert browser.get(f"{here}/address/").status_code == 200
    refused = browser.post(f"{here}/address/", {**HOME, "country": "FR"})
    assert refused.status_code == 422
    assert browser.post(f"{here}/address/", HOME).status_code == 302
    assert "Kade 1" in text_of(browser.get("/boxes/"))
    browser.post(f"{here}/swap/", {"item": "tea", "choice": "seeds", "keep": "1"})
    assert [each["code"] for each in box(ann).items] == ["nuts", "seeds"]
    before = box(ann).sends_at
    browser.post(f"{here}/delay/", {"days": "3"})
    assert (box(ann).sends_at - before).days == 3


@pytest.mark.parametrize("days", ["", "-1", "99", "x", "9999999"])
def test_nonsense_is_refused_in_words_and_changes_nothing(browser: Client, ann: people.Person, days: str) -> None:
    before = box(ann).sends_at
    page = browser.post(f"/boxes/{box(ann).public_id}/delay/", {"days": days}, follow=True)
    assert "Delay it by 0 to 14 days." in text_of(page)
    assert box(ann).sends_at == before


def test_a_box_is_skipped_and_taken_back_on_the_page(browser: Client, ann: people.Person, club: Club) -> None:
    of = f"/boxes/of/{club.subscription(ann.member).public_id}"
    page = text_of(browser.post(f"{of}/skip/", {"cycles": "2"}, follow=True))
    assert "Skipped. You aren’t charged for it." in page
    assert "5 March 2027" in page
    assert [each[1] for each in seen(ann.member)] == ["planned", "skipped", "skipped", "planned"]
    assert "Your boxes come again." in text_of(browser.post(f"{of}/unskip/", follow=True))
    assert seen(ann.member)[1][1] == "planned"
    assert "Skip 1 to 3." in text_of(browser.post(f"{of}/skip/", {"cycles": "0"}, follow=True))


def test_after_the_cut_off_the_page_says_so(browser: Client, ann: people.Person, club: Club) -> None:
    club.advance(days=2)
    settle(club)
    here = f"/boxes/{box(ann).public_id}"
    page = text_of(browser.post(f"{here}/swap/", {"item": "tea", "choice": "seeds"}, follow=True))
    assert "The box of 5 January was closed on 6 January. Change the next one instead." in page
    assert "It’s closed, and we’re packing it." in page


def test_another_members_boxes_are_not_there(
    browser: Client, ann: people.Person, club: Club, brand: Brand, client_for: ClientFor
) -> None:
    other = client_for(brand, user=people.person(club.program, "Bob").user)
    assert "No boxes" in text_of(other.get("/boxes/"))
    for act in ("swap", "delay", "address"):
        assert other.post(f"/boxes/{box(ann).public_id}/{act}/", HOME).status_code == 404
    row = club.subscription(ann.member).public_id
    assert other.post(f"/boxes/of/{row}/skip/", {"cycles": "1"}).status_code == 404
    assert other.post(f"/boxes/of/{row}/unskip/").status_code == 404


def test_the_page_is_in_the_menu_of_who_gets_boxes(browser: Client, brand: Brand, client_for: Any, club: Club) -> None:
    assert b'href="/boxes/"' in browser.get("/").content
    other = client_for(brand, user=people.person(club.program, "Bob").user)
    assert b'href="/boxes/"' not in other.get("/").content


def test_the_team_packs_from_a_list_and_moves_a_box_on(
    browser: Client, ann: people.Person, club: Club, brand: Brand, client_for: ClientFor
) -> None:
    browser.post(f"/boxes/{box(ann).public_id}/address/", HOME)
    roles_sync()
    desk = client_for(brand, user=staff("support"))
    assert "Nothing is to be packed." in text_of(desk.get("/admin/billing/shipment/list/"))
    club.advance(days=2)
    settle(club)
    packing = text_of(desk.get("/admin/billing/shipment/list/"))
    assert "2 × Nuts (NUT-1)" in packing
    assert "Kade 1" in packing
    here = f"/admin/billing/shipment/{box(ann).pk}"
    assert "Kade 1" in text_of(desk.get(f"{here}/change/"))
    desk.post(f"{here}/move/", {"state": "shipped", "carrier": "PostNL", "tracking": "3S1"})
    assert (box(ann).state, box(ann).tracking) == ("shipped", "3S1")
    assert "3S1" in text_of(browser.get("/boxes/"))


def test_the_team_has_the_packing_list_as_a_file(
    browser: Client, ann: people.Person, club: Club, brand: Brand, client_for: ClientFor
) -> None:
    roles_sync()
    desk = client_for(brand, user=staff("support"))
    club.advance(days=2)
    settle(club)
    answer: Any = desk.get("/admin/billing/shipment/file/")
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 2
