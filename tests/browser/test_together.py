"""Friends and sweepstakes in a real browser: a link that is shared and joined by, a draw from the entry to the prize.

They have a brand of their own (house.py): what others look at stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from members.models import Member, User
from referrals.models import Referral
from tests.browser import cast
from tests.browser.site import Site
from tests.browser.test_journey import fill
from tests.browser.test_look import SCREENS, visit

PAGES = {"friends": "/friends/", "sweepstakes": "/sweepstakes/", "sweepstake": "/sweepstakes/club/summer/"}


@pytest.fixture
def annas(house: Site, in_house: Any, open_page: Any, client_for: Callable[..., Any]) -> Callable[..., Page]:
    """A page on which Anna is logged in."""
    cookies = cast.session_of(client_for(in_house, user=User.objects.get(email="anna@friend.example")))

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
