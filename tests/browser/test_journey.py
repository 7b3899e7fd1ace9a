"""A regular's story in a real browser."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import cast
from tests.browser.site import Site
from tests.loyalty import shop
from tests.loyalty.test_pages import invariants


def tab_to(page: Page, role: str, name: str, limit: int = 60) -> None:
    """Press Tab until the element has the focus, as someone without a mouse does; the focus must be seen there."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]  # as Playwright takes it
    for _ in range(limit):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    raise AssertionError(f"no {role} {name!r} within {limit} tabs")


def fill(page: Page, **fields: str) -> None:
    """Fill in the page's form, agree to what must be agreed to, send it."""
    form = page.locator("main form").filter(has=page.locator("[type=submit], button:not([type])")).last
    for name, value in fields.items():
        form.locator(f"input[name={name}]").fill(value)
    for box in form.locator("input[type=checkbox][required]").all():
        box.check()
    form.locator("[type=submit], button:not([type])").first.click()


def test_someone_joins_proves_the_address_collects_takes_a_reward_and_gives_it_back(
    site: Site, open_page: Any, in_brand: Any
) -> None:
    page = open_page()
    page.goto(site.url("/"))
    page.get_by_role("link", name="Join for free").first.click()
    fill(page, name="Bram", email="bram@example.com", password1=cast.PASSWORD)
    page.goto(site.link_in_mail_to("bram@example.com"))
    fill(page)
    if page.locator("input[name=password]").count():
        fill(page, login="bram@example.com", password=cast.PASSWORD)
    page.goto(site.url("/"))
    expect(page.locator(".hero-number")).to_be_visible()

    from members.models import Member

    bram = Member.objects.get(user__email="bram@example.com")
    shop.send(shop.order(bram, 250, "WEB-BRAM-1"))
    page.reload()
    assert int(page.locator(".hero-number").inner_text()) >= 250

    page.goto(site.url("/rewards/"))
    tab_to(page, "link", "Free cappuccino")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rewards/cappuccino/")
    tab_to(page, "button", "Take it for")
    page.keyboard.press("Enter")
    page.wait_for_url("**/my-rewards/*/")
    expect(page.get_by_role("status").first).to_contain_text("It’s yours")
    expect(page.locator("#code")).to_have_text(re.compile(r"CAPPU-\d{4}-BEAN"))
    expect(page.get_by_role("link", name="Give it back")).to_have_count(0)

    page.goto(site.url("/rewards/"))
    tab_to(page, "link", "Slice of cake")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rewards/cake/")
    tab_to(page, "button", "Take it for")
    page.keyboard.press("Enter")
    page.wait_for_url("**/my-rewards/*/")
    tab_to(page, "link", "Give it back")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cancel/")
    tab_to(page, "button", "Yes, give it back")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your points are on your balance again")).to_be_visible()
    assert invariants() == []


def test_a_double_click_takes_one(site: Site, open_page: Any, in_brand: Any, cookies_of: Any) -> None:
    from rewards.models import Redemption

    member = cast.person("Daan", "daan@example.com")
    shop.send(shop.order(member, 500))
    page = open_page(cookies=cookies_of("daan@example.com"))
    page.goto(site.url("/rewards/cappuccino/"))
    page.get_by_role("button", name="Take it for").dblclick()
    page.wait_for_url("**/my-rewards/*/")
    assert Redemption.objects.filter(enrollment__member=member).count() == 1
    assert invariants() == []


def test_everything_works_without_javascript(site: Site, open_page: Any, in_brand: Any, cookies_of: Any) -> None:
    member = cast.person("Eva", "eva@example.com")
    shop.send(*[shop.order(member, 20, f"EVA-{number:02d}", days_ago=number) for number in range(30)])
    page = open_page(javascript=False, cookies=cookies_of("eva@example.com"))
    page.goto(site.url("/activity/"))
    page.get_by_role("link", name="Show more").click()
    expect(page.get_by_text("EVA-29").first).to_be_visible()
    expect(page.get_by_text("EVA-00")).to_have_count(0)
    page.goto(site.url("/rewards/cappuccino/"))
    page.get_by_role("button", name="Take it for").click()
    expect(page.locator("#code")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the code")).to_have_count(0)
    page.get_by_role("button", name="Nederlands").click()
    expect(page.get_by_role("heading", name="Gratis cappuccino")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    assert invariants() == []


def test_show_more_goes_on_in_place_and_keeps_the_focus_with_the_reader(
    site: Site, open_page: Any, in_brand: Any, cookies_of: Any
) -> None:
    page = open_page(cookies=cookies_of("anna@example.com"))
    page.goto(site.url("/activity/"))
    before = page.locator("main li").count()
    page.get_by_role("link", name="Show more").click()
    expect(page.get_by_text("That’s everything.")).to_be_visible()
    assert page.locator("main li").count() > before
    assert page.url.endswith("/activity/"), "the address stays, the entries are added"
    # The focus follows when the new entries have settled, a moment after they can be read.
    expect(page.locator("section:focus")).to_have_count(1)


def test_a_refusal_is_read_out_beside_the_button(site: Site, open_page: Any, in_brand: Any, cookies_of: Any) -> None:
    from loyalty.services import points_adjust

    member = cast.person("Finn", "finn@example.com")
    shop.send(shop.order(member, 200))
    page = open_page(cookies=cookies_of("finn@example.com"))
    page.goto(site.url("/rewards/cappuccino/"))
    points_adjust(
        enrollment=member.enrollments.get(), currency="points", points=-150, reason="correction",
        actor=shop.STAFF, key="finn",
    )  # fmt: skip
    page.get_by_role("button", name="Take it for").click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("There are not enough points.")
    expect(refusal).to_be_focused()
    assert invariants() == []


def test_the_code_is_copied_and_it_is_said(site: Site, open_page: Any, in_brand: Any, cookies_of: Any) -> None:
    page = open_page(cookies=cookies_of("anna@example.com"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site.url("/my-rewards/"))
    page.get_by_role("link", name="Free cappuccino").first.click()
    page.get_by_role("button", name="Copy the code").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#code").inner_text()


def test_the_first_tab_leads_past_the_menu(site: Site, open_page: Any, cookies_of: Any) -> None:
    page = open_page(cookies=cookies_of("anna@example.com"))
    page.goto(site.url("/"))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
