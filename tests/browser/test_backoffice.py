"""The brand's admin in a real browser: every page at three widths, and the work that is done there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from members.models import Member, User
from members.staff import staff_role_set
from tests.browser.site import ARTIFACTS, Site
from tests.browser.test_look import ALL, WIDER_THAN_SCREEN, violations
from tests.loyalty import shop

OWNER = "boss@example.com"
# A phone and a desk; BROWSER_PICTURES=all takes every width, scheme and language.
SOME = [(390, "dark", "nl"), (1440, "light", "en")]
SCREENS = ALL if os.environ.get("BROWSER_PICTURES") == "all" else SOME
PAGES = {
    "dashboard": "/admin/",
    "members": "/admin/members/member/",
    "events": "/admin/loyalty/event/?period=all",
    "orders": "/admin/loyalty/order/?period=all",
    "ledger": "/admin/loyalty/pointsentry/?period=all",
    "programs": "/admin/loyalty/program/",
    "rules": "/admin/loyalty/earningrule/",
    "rule-add": "/admin/loyalty/earningrule/add/",
    "currency-add": "/admin/loyalty/pointcurrency/add/",
    "ladder-add": "/admin/loyalty/ladder/add/",
    "parts": "/admin/loyalty/draftpart/?list=counters",
    "counter-add": "/admin/loyalty/draftpart/add/?list=counters",
    "event-type-add": "/admin/loyalty/draftpart/add/?list=event_types",
    "rewards": "/admin/rewards/reward/",
    "reward-add": "/admin/rewards/reward/add/",
    "subscriptions": "/admin/billing/subscription/",
    "plans": "/admin/billing/membershipplan/",
    "leaving": "/admin/billing/membershipplan/leaving/",
    "invoices": "/admin/billing/invoice/?period=all",
    "failed-payments": "/admin/billing/invoice/late/",
    "promotion-make": "/admin/billing/promotioncode/make/",
    "stripe-accounts": "/admin/billing/stripeconnection/",
    "stripe-connect": "/admin/billing/stripeconnection/connect/",
    "stripe-comparisons": "/admin/billing/billingreport/?period=all",
    "stripe-events": "/admin/billing/stripeevent/?period=all",
    "key-add": "/admin/partners/apikey/add/",
    "team": "/admin/members/user/",
    "invite": "/admin/members/user/add/",
    "audit": "/admin/core/auditentry/?period=all",
    "outbox": "/admin/core/outboxmessage/",
}
# What is opened by the first link of a list.
FIRST = {
    "member": "/admin/members/member/",
    "event": "/admin/loyalty/event/?period=all",
    "entry": "/admin/loyalty/pointsentry/?period=all",
    "program": "/admin/loyalty/program/",
    "rule": "/admin/loyalty/earningrule/",
    "currency": "/admin/loyalty/pointcurrency/",
    "ladder": "/admin/loyalty/ladder/",
    "version": "/admin/loyalty/programversion/",
    "reward": "/admin/rewards/reward/",
    "pool": "/admin/rewards/codepool/",
    "redemption": "/admin/rewards/redemption/?period=all",
    "subscription": "/admin/billing/subscription/",
    "invoice": "/admin/billing/invoice/?period=all",
    "stripe-account": "/admin/billing/stripeconnection/",
    "stripe-comparison": "/admin/billing/billingreport/?period=all",
    "stripe-event": "/admin/billing/stripeevent/?period=all",
}
Open = Callable[..., Page]


@pytest.fixture
def boss(in_brand: Any, cookies_of: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """The cookies of an owner of the brand."""
    user = User.objects.filter(email=OWNER).first()
    if user is None:
        user = User.objects.create_user(OWNER, "a long enough password", name="Bo Baas")
        staff_role_set(user=user, role="owner", actor=shop.STAFF)
    return cookies_of(OWNER)


def picture(page: Page, name: str, where: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(ARTIFACTS / f"admin-{name}-{where}.png"))


@pytest.mark.parametrize(("width", "scheme", "language"), SCREENS)
def test_every_page_of_the_admin_fits_the_screen(
    width: int, scheme: str, language: str, site: Site, boss: dict[str, str], open_page: Open
) -> None:
    page = open_page(width=width, scheme=scheme, language=language, cookies=boss)
    where = f"{width}-{scheme}-{language}"
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))

    def look(name: str) -> None:
        page.wait_for_load_state("load")
        picture(page, name, where)
        wrong.extend(f"{name}: {each}" for each in page.evaluate(WIDER_THAN_SCREEN))
        if page.locator("#result_list").count():
            report = Axe().run(page, options={"runOnly": ["landmark-unique"]})
            wrong.extend(f"{name}: {node['html']}" for each in violations(report) for node in each["nodes"])

    for name, path in PAGES.items():
        answer = page.goto(site.url(path))
        assert answer is not None
        assert answer.status == 200, name
        look(name)
    for name, path in FIRST.items():
        page.goto(site.url(path))
        address = page.locator("#result_list tbody a").first.get_attribute("href") or ""
        page.goto(site.url(address.replace(site.url("").rstrip("/"), "")))
        look(name)
    for tab in ("consents", "points", "ledger", "events", "redemptions"):
        number = Member.objects.get(email="anna@example.com").pk
        page.goto(site.url(f"/admin/members/member/{number}/change/?tab={tab}"))
        look(f"member-{tab}")
    assert wrong == []


# Lists on the page whose chosen text is cut off and stands nowhere below.
CUT = """() => [...document.querySelectorAll('#main select:not([multiple])')].filter(each => {
  if (!each.clientWidth) return false;
  const style = getComputedStyle(each), pen = document.createElement('canvas').getContext('2d');
  pen.font = style.font;
  const around = each.closest('.sgf, .relative, div') || each, text = each.selectedOptions[0]?.text || '';
  const arrow = style.appearance === 'none' ? 0 : 18;
  const room = each.clientWidth - arrow - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(text).width > room && ![...around.parentElement.querySelectorAll('.sg-chosen')]
    .some(one => one.textContent === text);
}).map(each => each.name)"""


@pytest.mark.parametrize(("width", "below"), [(390, True), (820, False), (1440, False)])
def test_what_is_chosen_from_a_list_can_be_read_whole(
    width: int, below: bool, site: Site, boss: dict[str, str], open_page: Open
) -> None:
    page = open_page(width=width, language="nl", cookies=boss)
    page.goto(site.url("/admin/members/user/add/"))
    assert page.evaluate(CUT) == []
    page.goto(site.url("/admin/loyalty/earningrule/add/"))
    page.locator("[name='p.name.nl']").fill("Welkom")
    page.locator("[name='p.trigger']").select_option("subscription.converted")
    whole = "Als een proefperiode een betaald abonnement wordt (subscription.converted)"
    expect(page.locator("#p-trigger-box .sg-chosen")).to_have_text([whole] if below else [])
    page.wait_for_load_state("networkidle")  # the form was made anew
    expect(page.locator("#p-trigger-box .sg-chosen")).to_have_text([whole] if below else [])
    assert page.evaluate(CUT) == []
    assert page.evaluate(WIDER_THAN_SCREEN) == []
    page.locator("[name='p.trigger']").select_option("_other")
    expect(page.locator("#p-trigger-box .sg-chosen")).to_have_count(0)


def test_a_rule_is_written_while_its_sentence_follows_and_then_published(
    site: Site, boss: dict[str, str], open_page: Open
) -> None:
    page = open_page(width=1440, cookies=boss)
    page.goto(site.url("/admin/loyalty/earningrule/add/"))
    page.locator("[name='p.name.en']").fill("App bonus")
    page.locator("[name='p.code']").fill("app_bonus")
    page.locator("[name='p.effects.0.kind']").select_option("points_fixed")
    expect(page.locator("[name='p.effects.0.per_minor']")).to_have_count(0)
    page.locator("[name='p.effects.0.points']").fill("7")
    expect(page.locator("#sentence")).to_contain_text("7 points")
    # The tree of conditions, by keyboard alone: a condition, a group beside it with one in it.
    group = page.get_by_role("button", name="Add a group of conditions")
    group.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name='p.when.kind']")).to_be_focused()
    page.keyboard.press("o")  # one of these
    expect(page.locator("[name='p.when.kind']")).to_have_value("any")
    page.locator("[name='p.when.of.0.path']").select_option("order.channel")
    expect(page.locator("[name='p.when.of.0.value.as']")).to_have_count(0)
    page.locator("[name='p.when.of.0.value']").fill("app")
    group.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name='p.when.of.1.kind']")).to_have_value("all")
    page.locator("[name='p.when.of.1.of.0.path']").select_option("order.total_minor")
    expect(page.locator("[name='p.when.of.1.of.0.operator'] option").first).to_have_text("is at least")
    page.locator("[name='p.when.of.1.of.0.operator']").select_option("ge")
    page.locator("[name='p.when.of.1.of.0.value']").fill("50")  # while the form is made anew: nothing typed is lost
    expect(page.locator("#sentence")).to_contain_text("channel is app")
    expect(page.locator("[name='p.effects.0.points']")).to_have_value("7")
    page.locator("[name='t.order.channel']").fill("app")
    page.get_by_role("button", name="Try it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#try-result")).to_contain_text("It would give")
    picture(page, "rule-written", "1440")
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.locator("#result_list")).to_contain_text("App bonus")
    page.goto(site.url("/admin/loyalty/program/"))
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Review and publish").click()
    expect(page.locator("#content")).to_contain_text("Rule App bonus is added")
    picture(page, "publish", "1440")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#content")).to_contain_text("The draft is what is published.")


def test_there_is_room_to_write_beside_the_type_of_a_value(site: Site, boss: dict[str, str], open_page: Open) -> None:
    page = open_page(width=820, language="nl", cookies=boss)
    page.goto(site.url("/admin/loyalty/earningrule/add/"))
    page.get_by_role("button", name="Voorwaarde toevoegen", exact=True).first.click()
    expect(page.locator("[name='p.when.value.as']")).to_be_visible()
    written = page.locator("input[name='p.when.value']").bounding_box()
    assert written is not None
    assert written["width"] > 120


def test_a_list_that_scrolls_is_called_by_what_it_is_a_list_of(
    site: Site, boss: dict[str, str], open_page: Open
) -> None:
    page = open_page(width=1440, language="nl", cookies=boss)
    page.goto(site.url("/admin/members/member/"))
    expect(page.get_by_role("group", name="Leden", exact=True).locator("#result_list")).to_be_visible()
    expect(page.locator(".simplebar-content-wrapper[role=region]")).to_have_count(0)


def test_a_key_is_made_and_shown_once(site: Site, boss: dict[str, str], open_page: Open) -> None:
    page = open_page(width=390, scheme="dark", cookies=boss)
    page.goto(site.url("/admin/partners/apikey/add/"))
    page.locator("[name=name]").fill("Till")
    page.get_by_label("Send events", exact=True).check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#secret")).to_contain_text("sg_")
    picture(page, "key-once", "390")
