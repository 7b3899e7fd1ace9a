"""The API's viewer and its error codes in a real browser: nothing from outside, no policy broken (Watch looks)."""

from __future__ import annotations

from typing import Any

from tests.api.cast import key_made
from tests.browser.site import ARTIFACTS, Site

DRAWN = 30_000  # ms: the viewer draws the whole document at once, some seconds of one core's work


def scrolled_to(page: Any, selector: str) -> Any:
    """The viewer keeps only what is near the window: down from the top until it is there, as a reader would."""
    page.mouse.move(600, 400)
    page.evaluate("window.scrollTo(0, 0)")
    for _turn in range(80):
        page.wait_for_timeout(150)
        if page.locator(selector).count():
            return page.locator(selector)
        page.mouse.wheel(0, 500)
    raise AssertionError(f"{selector} isn't in the viewer")


def test_the_viewer_shows_every_group_of_operations_and_opens_one(site: Site, open_page: Any) -> None:
    page = open_page(width=1200)
    page.set_default_timeout(DRAWN)
    page.goto(site.url("/api/docs/"))
    page.locator("[id^=operations-tag-]").first.wait_for()
    for tag in ("Members", "Events", "Points", "Programs", "Rewards", "Redemptions", "Product_panels"):
        scrolled_to(page, f"#operations-tag-{tag}")
    scrolled_to(page, "#operations-Events-events_post .opblock-summary").click()
    page.get_by_text("INV-20417").first.wait_for()
    page.screenshot(path=ARTIFACTS / "api-docs.png")


def test_a_key_can_be_tried_in_the_viewer(site: Site, open_page: Any, in_brand: Any) -> None:
    _row, key = key_made(["members:read"])
    page = open_page(width=1200)
    page.set_default_timeout(DRAWN)
    page.goto(site.url("/api/docs/"))
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(key)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()
    page.locator("#operations-Index-index_get .opblock-summary").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()


def test_a_problems_address_leads_to_its_explanation(site: Site, open_page: Any) -> None:
    page = open_page()
    page.goto(site.url("/api/docs/problems/#insufficient_points"))
    assert page.locator("#insufficient_points").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
