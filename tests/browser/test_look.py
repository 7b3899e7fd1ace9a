"""Every page at three widths, in light and dark, in both languages. Pictures go to test-artifacts/."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.site import ARTIFACTS, Site

MEMBER_PAGES = {
    "home": "/",
    "activity": "/activity/",
    "rewards": "/rewards/",
    "reward": "/rewards/cappuccino/",
    "reward-too-dear": "/rewards/tote/",
    "reward-sold-out": "/rewards/course/",
    "my-rewards": "/my-rewards/",
    "achievements": "/achievements/",
    "leaderboards": "/leaderboards/",
    "claims": "/claims/",
    "claim-new": "/claims/new/gear/",
    "check-in": "/check-in/",
    "plans": "/plans/",
    "plan": "/plans/tasting/",
    "membership": "/membership/",
    "profile": "/profile/",
    "not-found": "/rewards/nothing-here/",
}
VISITOR_PAGES = {
    "landing": "/",
    "plans-visitor": "/plans/",
    "plan-visitor": "/plans/daily/",
    "log-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
}
PLATFORM_PAGES = {"platform": "/", "platform-sign-up": "/signup/"}
# Each width, scheme and language at least once; BROWSER_PICTURES=all takes every combination of them.
SOME = [(390, "light", "en"), (390, "dark", "nl"), (820, "dark", "en"), (1440, "light", "nl")]
ALL = [
    (width, scheme, language) for width in (390, 820, 1440) for scheme in ("light", "dark") for language in ("en", "nl")
]
SCREENS = ALL if os.environ.get("BROWSER_PICTURES") == "all" else SOME

# Targets under 44 px that are no link within a sentence and no box with a label of its own.
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, select, summary, input:not([type=hidden])")]
  .filter(e => e.checkVisibility() && !e.classList.contains("skip") && !["checkbox", "radio"].includes(e.type)
    && getComputedStyle(e).display !== "inline" && e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML.slice(0, 120))"""
WIDER_THAN_SCREEN = """() => document.documentElement.scrollWidth > window.innerWidth
  ? [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
      .map(e => e.outerHTML.slice(0, 100)).slice(0, 5) : []"""


def check(page: Page, where: str) -> list[str]:
    """What is wrong with the page as it stands: accessibility, size of targets, width."""
    report = Axe().run(page, options={"resultTypes": ["violations"]})
    found = [
        f"{where}: axe {each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in violations(report)
    ]
    found += [f"{where}: target too small: {target}" for target in page.evaluate(SMALL_TARGETS)]
    return found + [f"{where}: wider than the screen: {element}" for element in page.evaluate(WIDER_THAN_SCREEN)]


def violations(report: Any) -> list[dict[str, Any]]:
    return list(report.response["violations"])


def visit(page: Page, pages: dict[str, str], url: Callable[[str], str], stamp: str) -> list[str]:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    for name, path in pages.items():
        page.goto(url(path))
        page.screenshot(path=ARTIFACTS / f"{name}-{stamp}.png", full_page=True)
        found += check(page, f"{name} {stamp}")
    return found


@pytest.mark.parametrize(("width", "scheme", "language"), SCREENS)
def test_members_pages_can_be_used_by_everyone(
    site: Site, open_page: Any, cookies_of: Any, width: int, scheme: str, language: str
) -> None:
    page = open_page(width=width, scheme=scheme, language=language, cookies=cookies_of("anna@example.com"))
    assert visit(page, MEMBER_PAGES, site.url, f"{width}-{scheme}-{language}") == []


@pytest.mark.parametrize(("width", "scheme", "language"), SCREENS)
def test_visitors_pages_can_be_used_by_everyone(
    site: Site, open_page: Any, width: int, scheme: str, language: str
) -> None:
    page = open_page(width=width, scheme=scheme, language=language)
    stamp = f"{width}-{scheme}-{language}"
    found = visit(page, VISITOR_PAGES, site.url, stamp)
    assert found + visit(page, PLATFORM_PAGES, site.platform_url, stamp) == []


def test_pages_fit_a_very_narrow_screen(site: Site, open_page: Any, cookies_of: Any) -> None:
    page = open_page(width=320, language="nl", cookies=cookies_of("anna@example.com"))
    found = []
    for path in MEMBER_PAGES.values():
        page.goto(site.url(path))
        found += [f"{path}: {element}" for element in page.evaluate(WIDER_THAN_SCREEN)]
    assert found == []


def test_a_taken_reward_and_giving_it_back_can_be_used_by_everyone(
    site: Site, open_page: Any, in_brand: Any, cookies_of: Any
) -> None:
    from loyalty.services import points_adjust
    from members.models import Member
    from rewards.models import Reward
    from rewards.services import reward_redeem
    from tests.loyalty import shop

    # With a code: it is shown, and can't be given back any more. Without one: it can.
    member = Member.objects.get(email="anna@example.com")
    place, mug = member.enrollments.get(), Reward.objects.get(code="mug")
    points_adjust(enrollment=place, currency="points", points=mug.price, reason="a mug", actor=shop.STAFF, key="look")
    taken = reward_redeem(enrollment=place, reward=mug, actor=shop.STAFF, key="look")
    for scheme in ("light", "dark"):
        page = open_page(scheme=scheme, cookies=cookies_of("anna@example.com"))
        page.goto(site.url("/my-rewards/"))
        page.get_by_role("link", name="Free cappuccino").first.click()
        assert check(page, f"one {scheme}") == []
        page.screenshot(path=ARTIFACTS / f"one-390-{scheme}-en.png", full_page=True)
        page.goto(site.url(f"/my-rewards/{taken.pk}/"))
        page.get_by_role("link", name="Give it back").click()
        assert check(page, f"cancel {scheme}") == []
        page.screenshot(path=ARTIFACTS / f"cancel-390-{scheme}-en.png", full_page=True)
