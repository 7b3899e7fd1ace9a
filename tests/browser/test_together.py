"""Friends and sweepstakes in a real browser: a link that is shared and joined by, a draw from the entry to the prize.

They have a brand of their own (house.py): what others look at stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from core import clock
from core.outbox import outbox_drain
from draws.models import Sweepstake
from draws.tasks import sweepstakes_sweep
from members.models import Member, User
from referrals.models import Referral
from tests.browser import cast
from tests.browser.house import DESK
from tests.browser.site import Site
from tests.browser.test_journey import fill
from tests.browser.test_look import SCREENS, WIDER_THAN_SCREEN, visit
from tests.loyalty.test_pages import invariants

PAGES = {"friends": "/friends/", "sweepstakes": "/sweepstakes/", "sweepstake": "/sweepstakes/club/summer/"}


@pytest.fixture
def annas(house: Site, in_house: Any, open_page: Any, client_for: Callable[..., Any]) -> Callable[..., Page]:
    """A page on which Anna is logged in."""
    return _pages_of("anna@friend.example", house, in_house, open_page, client_for)


@pytest.fixture
def desks(house: Site, in_house: Any, open_page: Any, client_for: Callable[..., Any]) -> Callable[..., Page]:
    """A page of the team's."""
    return _pages_of(DESK, house, in_house, open_page, client_for)


def _pages_of(address: str, house: Site, brand: Any, open_page: Any, client_for: Any) -> Callable[..., Page]:
    cookies = cast.session_of(client_for(brand, user=User.objects.get(email=address)))

    def make(**more: Any) -> Page:
        made: Page = open_page(cookies=cookies, at=house, **more)
        return made

    return make


def test_a_friend_comes_by_the_shared_link_and_joins(house: Site, annas: Any, open_page: Any) -> None:
    page = annas()
    page.goto(house.url("/"))
    page.get_by_role("link", name="Share").click()
    expect(page.get_by_role("heading", name="Bring a friend")).to_be_visible()
    link = page.locator("#friend-link").inner_text()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    page.locator("input[name=display_name]").fill("Annie")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    friend = open_page(at=house)
    friend.goto(link)
    expect(friend.get_by_role("heading", level=1)).to_contain_text("Annie invites you to Friend & Leaf")
    expect(friend.get_by_text("50 points")).to_be_visible()
    friend.get_by_role("link", name="Join for free").first.click()
    fill(friend, name="Bo", email="bo@friend.example", password1=cast.PASSWORD)
    friend.goto(house.link_in_mail_to("bo@friend.example"))
    fill(friend)
    if friend.locator("input[name=password]").count():
        fill(friend, login="bo@friend.example", password=cast.PASSWORD)
    friend.goto(house.url("/"))
    expect(friend.locator(".hero-number")).to_be_visible()
    bo = Member.objects.get(user__email="bo@friend.example")
    assert Referral.objects.get(friend__member=bo).referrer.member.name == "Anna de Wit"
    page.goto(house.url("/friends/"))
    expect(page.get_by_text("joined", exact=True)).to_be_visible()
    expect(page.get_by_text("Bo", exact=True)).to_have_count(0)  # who a friend is isn't told


@pytest.mark.parametrize(("width", "scheme", "language"), SCREENS)
def test_their_pages_can_be_used_by_everyone(house: Site, annas: Any, width: int, scheme: str, language: str) -> None:
    page = annas(width=width, scheme=scheme, language=language)
    assert visit(page, PAGES, house.url, f"{width}-{scheme}-{language}") == []


def test_one_enters_for_nothing_and_for_points_and_accepts_the_prize(house: Site, annas: Any, desks: Any) -> None:
    page = annas()
    page.goto(house.url("/"))
    page.get_by_role("link", name="Summer draw").click()
    page.get_by_role("button", name="Take part for free").click()
    expect(page.get_by_text("You have 1 entry.")).to_be_visible()
    page.get_by_role("link", name="A ticket").click()
    page.get_by_role("button", name="Take it for 10 points").click()
    page.wait_for_url("**/my-rewards/*/")
    expect(page.get_by_text("You take part. Good luck!")).to_be_visible()
    expect(page.get_by_text("Show this page at the counter.")).to_have_count(0)
    page.get_by_role("link", name="See the sweepstakes").click()
    page.goto(house.url("/sweepstakes/club/summer/"))
    expect(page.get_by_text("You have 2 entries.")).to_be_visible()

    # Its time is over: the worker's round closes and draws it. She was alone, so the prize is hers.
    Sweepstake.objects.update(closes_at=clock.now() - timedelta(seconds=1))
    sweepstakes_sweep()
    while outbox_drain():
        pass
    page.goto(house.url("/"))
    page.get_by_role("link", name="See the prize").click()
    expect(page.get_by_role("heading", name="You won: 500 points")).to_be_visible()
    page.get_by_role("button", name="Accept the prize").click()
    expect(page.get_by_text("It is yours")).to_be_visible()
    expect(page.get_by_role("link", name="Download the draw to check it")).to_be_visible()
    letter = next(each for each in mail.outbox if "Summer draw" in str(each.body))  # the round was made here
    assert letter.to == ["anna@friend.example"]
    assert PAGES["sweepstake"] in str(letter.body)

    # An order of 250 euros, a ticket for 10, a prize of 500: 250 - 10 + 500 = 740.
    page.goto(house.url("/"))
    expect(page.locator(".hero-number")).to_have_text("740")
    assert invariants() == []
    assert visit(page, {"sweepstake-drawn": "/sweepstakes/club/summer/"}, house.url, "390-light-en") == []
    desk = desks(width=390)
    desk.goto(house.url(f"/admin/draws/sweepstake/{Sweepstake.objects.get().pk}/change/"))
    expect(desk.get_by_role("link", name="Pass over (1)")).to_have_count(1)
    assert desk.evaluate(WIDER_THAN_SCREEN) == []
