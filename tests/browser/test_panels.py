"""A product panel in a real browser: applied for, chosen and sent at the desk, answered, kept or sent back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from members.models import User
from panels.models import Panel, Participation
from tests.browser import cast
from tests.browser.house import DESK
from tests.browser.site import Site
from tests.browser.test_look import SCREENS, check, visit
from tests.browser.test_rewards import looked_at_by_staff
from tests.loyalty import shop
from tests.loyalty.test_pages import invariants
from tests.panels import cast as panel_cast

Opens = Callable[..., Page]


@pytest.fixture
def opens(house: Site, in_house: Any, open_page: Any, client_for: Callable[..., Any]) -> Opens:
    """opens(address, …): a page on which they are logged in."""

    def make(address: str, **more: Any) -> Page:
        cookies = cast.session_of(client_for(in_house, user=User.objects.get(email=address)))
        made: Page = open_page(cookies=cookies, at=house, **more)
        return made

    return make


def applies(page: Page, house: Site) -> list[str]:
    """From the menu to an application, with an answer left out at first; what is wrong with the pages on the way."""
    page.goto(house.url("/panels/"))
    page.get_by_role("link", name="Winter jacket").click()
    page.get_by_role("link", name="Apply").click()
    wrong = check(page, "apply")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("This needs an answer.").first).to_be_visible()
    page.get_by_label("M", exact=True).check()
    page.locator("textarea").fill("I walk a lot.")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("You have applied.").first).to_be_visible()
    return wrong


def answers(page: Page) -> None:
    page.get_by_role("link", name="Answer the questions").click()
    page.locator("input[type=radio][value='4']").check()
    page.get_by_label("Hill").check()
    page.get_by_role("button", name="Keep for later").click()
    page.get_by_role("link", name="Go on with the questions").click()
    expect(page.get_by_label("Hill")).to_be_checked()
    page.locator("textarea").fill("Light and warm.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you for telling us!")).to_be_visible()


def test_a_member_applies_is_chosen_tests_and_keeps_it_while_another_sends_it_back(house: Site, opens: Opens) -> None:
    piet = cast.person("Piet Mos", "piet@friend.example")
    rita = cast.person("Rita Dol", "rita@friend.example")
    other = panel_cast.applies(rita.enrollments.get())
    page = opens("piet@friend.example")
    wrong = applies(page, house)

    desk = opens(DESK, width=1440)
    desk.goto(house.url(f"/admin/panels/panel/{Panel.objects.get().pk}/applicants/"))
    for box in desk.locator("input[name=application]").all():
        box.check()
    wrong += looked_at_by_staff(desk, "applicants")
    desk.get_by_role("button", name="Choose the ticked").click()
    expect(desk.get_by_text("2 chosen and invited.")).to_be_visible()

    page.goto(house.url("/panels/jacket/"))
    page.get_by_role("link", name="Yes, I take part").click()
    for name, value in {"street": "Kade 12", "postcode": "1011 AB", "city": "Amsterdam"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=country]").select_option(label="Netherlands")
    wrong += check(page, "accept")
    page.get_by_role("button", name="Yes, I take part").click()
    expect(page.locator("address")).to_contain_text("Kade 12")

    one = Participation.objects.get(application__enrollment__member=piet)
    desk.goto(house.url(f"/admin/panels/panel/{Panel.objects.get().pk}/testers/{one.pk}/"))
    expect(desk.locator("address")).to_contain_text("1011 AB Amsterdam")
    desk.locator("[name=carrier]").fill("PostNL")
    desk.locator("[name=tracking]").fill("3STEST02")
    wrong += looked_at_by_staff(desk, "tester")
    desk.get_by_role("button", name="It was sent").click()
    expect(desk.get_by_text("Done.")).to_be_visible()

    page.reload()
    expect(page.locator("main")).to_contain_text("3STEST02")
    page.get_by_role("button", name="I have it").click()
    answers(page)
    page.get_by_role("link", name="Keep it for points").click()
    wrong += check(page, "keep")
    page.get_by_role("button", name="Keep it for points").click()
    expect(page.get_by_text("All done. Thank you for testing!")).to_be_visible()
    # 150 for what was answered, less 120 for the jacket.
    assert shop.balance(piet.enrollments.get()) == 30

    back = panel_cast.received(other)
    desk.goto(house.url(f"/admin/panels/panel/{Panel.objects.get().pk}/testers/{back.pk}/"))
    desk.get_by_role("button", name="It is back").click()
    expect(desk.get_by_text("Done.")).to_be_visible()
    theirs = opens("rita@friend.example")
    theirs.goto(house.url("/panels/jacket/"))
    answers(theirs)
    assert Participation.objects.get(pk=back.pk).outcome == "returned"
    assert wrong == []
    assert invariants() == []


@pytest.mark.parametrize(("width", "scheme", "language"), SCREENS)
def test_their_pages_can_be_used_by_everyone(house: Site, opens: Opens, width: int, scheme: str, language: str) -> None:
    page = opens("anna@friend.example", width=width, scheme=scheme, language=language)
    pages = {"panels": "/panels/", "panel": "/panels/jacket/", "panel-apply": "/panels/jacket/apply/"}
    assert visit(page, pages, house.url, f"{width}-{scheme}-{language}") == []
