"""Paid plans in a real browser, over Stripe's page and back: joining, changing, skipping, leaving, staying."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import cast, subscribing
from tests.browser.site import ARTIFACTS, Site
from tests.browser.test_journey import tab_to
from tests.browser.test_look import check


def pay(page: Page, card: str) -> None:
    """The button on Stripe's page."""
    page.wait_for_url("**/c/pay/**")
    page.locator("input[name=card]").fill(card)
    page.locator("button[value=pay]").click()


def press(page: Page, role: Any, name: str) -> None:
    """By the keyboard alone."""
    tab_to(page, role, name)
    page.keyboard.press("Enter")


def test_a_member_joins_with_a_second_card_changes_skips_leaves_and_stays(
    site: Site, open_page: Any, in_brand: Any, cookies_of: Any
) -> None:
    cast.person("Femke", "femke@example.com")
    page: Page = open_page(cookies=cookies_of("femke@example.com"))
    page.goto(site.url("/plans/"))
    press(page, "link", "Choose Daily cup")
    page.wait_for_url("**/plans/daily/")
    press(page, "button", "Join and pay")
    pay(page, "4000000000000002")
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("button[value=cancel]").click()
    expect(page.get_by_text("Nothing was charged")).to_be_visible()
    press(page, "button", "Join and pay")
    pay(page, "4242424242424242")
    page.wait_for_url("**/membership/")
    expect(page.get_by_text("Welcome! You’re in.")).to_be_visible()
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()

    press(page, "link", "Change the plan")
    page.wait_for_url("**/change/")
    press(page, "link", "Roaster’s circle")
    page.wait_for_url("**/change/roaster/month-EUR/")
    press(page, "button", "Change and pay €15")
    expect(page.get_by_text("You have Roaster’s circle now.")).to_be_visible()

    press(page, "link", "Skip or pause")
    page.wait_for_url("**/pause/")
    press(page, "button", "Skip it")
    expect(page.get_by_text("You’re charged again on")).to_be_visible()
    press(page, "link", "Go on")
    page.wait_for_url("**/resume/")
    press(page, "button", "Go on")
    expect(page.get_by_text("It goes on.").first).to_be_visible()

    press(page, "link", "Leave")
    page.wait_for_url("**/leave/")
    page.get_by_label("It costs too much").check()
    press(page, "button", "Next")
    expect(page.get_by_role("heading", name="Or a break?")).to_be_visible()
    press(page, "link", "No, go on")
    expect(page.get_by_text("50 % off your next payment")).to_be_visible()
    press(page, "link", "No, go on")
    expect(page.get_by_role("heading", name="Leave?")).to_be_visible()
    press(page, "button", "Leave on")
    expect(page.get_by_text("You’ve left. It’s yours until")).to_be_visible()
    press(page, "button", "Stay after all")
    expect(page.get_by_text("It just goes on.")).to_be_visible()


def test_the_pages_of_a_membership_can_be_used_by_everyone(
    site: Site, open_page: Any, in_brand: Any, cookies_of: Any, local_stripe: Any
) -> None:
    member = cast.person("Gijs", "gijs@example.com")
    with subscribing.at_stripe(local_stripe):
        row = subscribing.joins(member, "daily", local_stripe)
    base = f"/membership/{row.public_id}"
    pages = {
        "mine": "/membership/", "change": f"{base}/change/", "change-up": f"{base}/change/roaster/month-EUR/",
        "pause": f"{base}/pause/", "leave": f"{base}/leave/", "leave-pause": f"{base}/leave/?step=pause",
        "leave-offer": f"{base}/leave/?step=offer", "leave-confirm": f"{base}/leave/?step=confirm",
        "invoices": "/membership/invoices/", "details": "/membership/details/",
        "extras": f"{base}/extras/", "extra": f"{base}/extras/cake/1/", "usage": f"{base}/usage/",
        "bundle": "/plans/feast/",
    }  # fmt: skip
    found: list[str] = []
    wide = {name: pages[name] for name in ("mine", "change-up", "pause", "leave-confirm", "extra", "usage")}
    for width, scheme, language, shown in ((390, "light", "nl", pages), (1440, "dark", "en", wide)):
        page = open_page(width=width, scheme=scheme, language=language, cookies=cookies_of("gijs@example.com"))
        for name, path in shown.items():
            page.goto(site.url(path))
            page.screenshot(path=ARTIFACTS / f"membership-{name}-{width}-{scheme}-{language}.png", full_page=True)
            found += check(page, f"{name} {width} {scheme} {language}")
    assert found == []


def test_a_member_adds_something_and_sets_a_limit_by_keyboard(
    site: Site, open_page: Any, in_brand: Any, cookies_of: Any, local_stripe: Any
) -> None:
    member = cast.person("Ilse", "ilse@example.com")
    with subscribing.at_stripe(local_stripe):
        subscribing.joins(member, "daily", local_stripe)
    page: Page = open_page(cookies=cookies_of("ilse@example.com"))
    page.goto(site.url("/membership/"))
    press(page, "link", "Add-ons")
    page.wait_for_url("**/extras/")
    press(page, "link", "A piece of cake: 1 for")
    page.wait_for_url("**/extras/cake/1/")
    press(page, "button", "Add and pay €3")
    expect(page.get_by_text("You have 1 × A piece of cake now.")).to_be_visible()
    page.goto(site.url("/membership/"))
    press(page, "link", "What you’ve used")
    page.wait_for_url("**/usage/")
    tab_to(page, "textbox", "What you want to pay for it")
    page.keyboard.type("a lot")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Give an amount such as 10.00")
    tab_to(page, "textbox", "What you want to pay for it")
    page.keyboard.press("Control+A")
    page.keyboard.type("2.50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("In a period you pay €2.50 for it at most.")).to_be_visible()
    expect(page.get_by_text("Your limit leaves room for 15 more.")).to_be_visible()


def test_joining_works_without_javascript(site: Site, open_page: Any, in_brand: Any, cookies_of: Any) -> None:
    cast.person("Hanna", "hanna@example.com")
    page: Page = open_page(javascript=False, cookies=cookies_of("hanna@example.com"))
    page.goto(site.url("/plans/daily/"))
    page.get_by_role("button", name="Join and pay").click()
    pay(page, "4242424242424242")
    expect(page.get_by_text("Active")).to_be_visible()
