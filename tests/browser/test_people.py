"""Pages about people in a real browser: joining, the profile, a second factor, being locked out."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.browser import cast
from tests.browser.site import ARTIFACTS, Site


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_member_switches_a_second_factor_on_and_logs_in_with_it(site: Site, open_page: Any, in_brand: Any) -> None:
    cast.person("Febe Vos", "febe@example.com")
    page = open_page()
    page.goto(site.url("/accounts/login/"))
    page.locator("input[name=login]").fill("febe@example.com")
    page.locator("input[name=password]").fill(cast.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(site.url("/profile/"))
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / "profile.png", full_page=True)
    page.get_by_role("link", name="Switch on").click()
    page.screenshot(path=ARTIFACTS / "second-factor.png", full_page=True)
    page.get_by_role("link", name="Activate").click()
    if page.locator("input[name=password]").count():
        page.locator("input[name=password]").fill(cast.PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    secret = page.locator("#authenticator_secret").input_value()
    page.screenshot(path=ARTIFACTS / "second-factor-new.png", full_page=True)
    page.locator("input[name=code]").fill(code_for(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("#recovery_codes")).to_be_visible()
    codes = page.locator("#recovery_codes").input_value().split()
    page.screenshot(path=ARTIFACTS / "recovery-codes.png", full_page=True)

    again = open_page(language="nl")
    again.goto(site.url("/accounts/login/"))
    again.locator("input[name=login]").fill("febe@example.com")
    again.locator("input[name=password]").fill(cast.PASSWORD)
    again.get_by_role("button", name="Inloggen").click()
    again.screenshot(path=ARTIFACTS / "second-factor-asked.png", full_page=True)
    again.locator("input[name=code]").fill(codes[0])
    again.locator("main button[type=submit]").first.click()
    again.goto(site.url("/profile/"))
    expect(again.locator("html")).to_have_attribute("lang", "en")  # Febe's own language goes before the visitor's
    expect(again.get_by_text("febe@example.com")).to_be_visible()


def test_the_pages_before_logging_in_look_right(site: Site, open_page: Any) -> None:
    page = open_page(language="nl")
    for name in ("signup", "login", "password/reset"):
        page.goto(site.url(f"/accounts/{name}/"))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.screenshot(path=ARTIFACTS / f"{name.replace('/', '-')}.png", full_page=True)
    page.goto(site.url("/nowhere/"))
    page.screenshot(path=ARTIFACTS / "404.png", full_page=True)
    page.goto(site.url("/mailbox/"))
    page.screenshot(path=ARTIFACTS / "mailbox.png", full_page=True)
