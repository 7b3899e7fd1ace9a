"""Rewards in a browser: a gift card, a seat that is waited for, points with money, a parcel on both sides."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from loyalty.services import points_adjust
from members.models import Member, User
from members.staff import staff_role_set
from rewards.catalogue import reward_save
from rewards.models import Fulfilment, Redemption, Reward
from rewards.vouchers import code_of, voucher_redeem
from tests.browser import cast
from tests.browser.site import ARTIFACTS, Site
from tests.browser.test_look import check, violations
from tests.loyalty import shop
from tests.loyalty.test_pages import invariants

Open = Callable[..., Page]
Cookies = Callable[[str], dict[str, str]]
OWNER = "packer@example.com"
PRICE = {"points": 100, "currency": "points"}
KINDS: dict[str, dict[str, Any]] = {
    "giftcard": {"kind": {"kind": "gift_card", "amount_minor": 2500}},
    "evening": {
        "kind": {"kind": "experience", "starts_at": "2027-06-01T20:00", "place": {"en": "Town hall", "nl": "Stadhuis"}},
        "stock": 1,
    },
    "fiver": {
        "kind": {"kind": "discount_code", "amount_minor": 500, "minimum_minor": 2000},
        "prices": [PRICE, {"points": 50, "currency": "points", "money_minor": 350}],
    },
    "vase": {"kind": {"kind": "physical", "sku": "VASE-1"}, "stock": 9},
}


@pytest.fixture
def rewards(in_brand: Any) -> dict[str, Reward]:
    """One of each of the kinds above, made as the admin makes them."""
    for code, fields in KINDS.items():
        if not Reward.objects.filter(code=code).exists():
            piece = {"code": code, "name": {"en": f"The {code}", "nl": f"De {code}"}, "prices": [PRICE], **fields}
            reward_save(program=cast.program(), plain=piece, actor=shop.STAFF)
    return {each.code: each for each in Reward.objects.filter(code__in=KINDS)}


@pytest.fixture
def packer(in_brand: Any, cookies_of: Cookies) -> dict[str, str]:
    if not User.objects.filter(email=OWNER).exists():
        user = User.objects.create_user(OWNER, "a long enough password", name="Pim Packer")
        staff_role_set(user=user, role="owner", actor=shop.STAFF)
    return cookies_of(OWNER)


def rich(name: str) -> Member:
    """Somebody with 500 points."""
    address = f"{name.lower()}@example.com"
    member = Member.objects.filter(email=address).first() or cast.person(f"{name} Jansen", address)
    points_adjust(
        enrollment=member.enrollments.get(), currency="points", points=500, reason="to begin with", actor=shop.STAFF,
        key=f"rich-{name}",
    )  # fmt: skip
    return member


def looked_at(page: Page, name: str) -> list[str]:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"reward-{name}.png", full_page=True)
    return check(page, name)


def looked_at_by_staff(page: Page, name: str) -> list[str]:
    """What is ours of an admin page; the frame around it is unfold's."""
    page.screenshot(path=ARTIFACTS / f"admin-{name}.png", full_page=True)
    report = Axe().run(page, context="#content", options={"resultTypes": ["violations"]})
    return [f"{name}: {each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in violations(report)]


def test_a_gift_card_says_what_it_is_worth_and_then_what_is_left_on_it(
    site: Site, rewards: dict[str, Reward], open_page: Open, cookies_of: Cookies
) -> None:
    gerda = rich("Gerda")
    page = open_page(width=390, scheme="dark", language="nl", cookies=cookies_of("gerda@example.com"))
    page.goto(site.url("/rewards/giftcard/"))
    expect(page.locator("dl")).to_contain_text("€\u00a025")
    wrong = looked_at(page, "giftcard-390-dark-nl")
    page.locator("form button[type=submit].btn-primary").click()
    page.wait_for_url("**/my-rewards/*/")
    expect(page.locator("[role=img] svg")).to_be_visible()
    taken = Redemption.objects.get(enrollment__member=gerda)
    code = code_of(taken)
    expect(page.locator("#code")).to_have_text(str(code))
    assert page.locator("#code").evaluate("each => each.scrollWidth <= each.clientWidth")
    wrong += looked_at(page, "giftcard-taken-390-dark-nl")
    voucher_redeem(code=str(code), amount_minor=1050, currency="EUR", actor=shop.PARTNER)
    page.reload()
    expect(page.locator("main")).to_contain_text("€\u00a014,50")
    assert wrong == []
    assert invariants() == []


def test_who_comes_too_late_waits_and_gets_the_seat_that_is_given_back(
    site: Site, rewards: dict[str, Reward], open_page: Open, cookies_of: Cookies
) -> None:
    rich("Hanna")
    late = rich("Ivo")
    first = open_page(width=820, cookies=cookies_of("hanna@example.com"))
    first.goto(site.url("/rewards/evening/"))
    first.get_by_role("button", name="Take it for").click()
    first.wait_for_url("**/my-rewards/*/")
    expect(first.locator("dl")).to_contain_text("Town hall")
    second = open_page(width=390, cookies=cookies_of("ivo@example.com"))
    second.goto(site.url("/rewards/evening/"))
    second.get_by_role("button", name="Join the waiting list").click()
    expect(second.locator("main")).to_contain_text("number 1 on the waiting list")
    wrong = looked_at(second, "waiting-390-light-en")
    first.get_by_role("link", name="Give it back").click()
    first.get_by_role("button", name="Yes, give it back").click()
    expect(first.get_by_text("Your points are on your balance again")).to_be_visible()
    second.goto(site.url("/my-rewards/"))
    expect(second.get_by_role("link", name="The evening")).to_contain_text("Ready to use")
    assert Redemption.objects.get(enrollment__member=late).reward.code == "evening"
    assert wrong == []
    assert invariants() == []


def test_points_with_money_besides_are_set_aside_until_it_is_paid(
    site: Site, rewards: dict[str, Reward], open_page: Open, cookies_of: Cookies
) -> None:
    joke = rich("Joke")
    page = open_page(width=390, language="nl", cookies=cookies_of("joke@example.com"))
    page.goto(site.url("/rewards/fiver/"))
    way = page.get_by_role("radio", name=re.compile("50 "))
    way.focus()
    page.keyboard.press("Space")
    expect(page.locator("label", has=way)).to_contain_text("€\u00a03,50")
    wrong = looked_at(page, "part-390-light-nl")
    page.get_by_role("button", name="Neem het").click()
    page.wait_for_url("**/my-rewards/*/")
    expect(page.locator("main")).to_contain_text("Betaal €\u00a03,50")
    wrong += looked_at(page, "part-taken-390-light-nl")
    taken = Redemption.objects.get(enrollment__member=joke)
    assert (taken.state, taken.money_minor) == ("reserved", 350)
    assert wrong == []
    assert invariants() == []


def test_a_parcel_gets_its_address_from_the_member_and_is_packed_and_sent_by_staff(
    site: Site, rewards: dict[str, Reward], packer: dict[str, str], open_page: Open, cookies_of: Cookies
) -> None:
    klaas = rich("Klaas")
    page = open_page(width=390, cookies=cookies_of("klaas@example.com"))
    page.goto(site.url("/rewards/vase/"))
    page.get_by_role("button", name="Take it for").click()
    page.get_by_role("link", name="Say where to send it").click()
    page.locator("[name=street]").fill("Kade 12")
    page.get_by_role("button", name="Send it there").click()
    expect(page.locator("[name=city]")).to_have_attribute("aria-invalid", "true")
    wrong = looked_at(page, "address-390-light-en")
    page.locator("[name=postcode]").fill("1011 AB")
    page.locator("[name=city]").fill("Amsterdam")
    page.locator("[name=country]").select_option(label="Netherlands")
    page.get_by_role("button", name="Send it there").click()
    expect(page.locator("address")).to_contain_text("Netherlands")

    parcel = Fulfilment.objects.get(redemption__enrollment__member=klaas)
    desk = open_page(width=1440, language="nl", cookies=packer)
    desk.goto(site.url("/admin/rewards/fulfilment/list/"))
    expect(desk.locator("#content")).to_contain_text("1011 AB Amsterdam")
    wrong += looked_at_by_staff(desk, "packing-1440-light-nl")
    for state in ("packed", "shipped"):
        desk.goto(site.url(f"/admin/rewards/fulfilment/{parcel.pk}/move/"))
        desk.locator("[name=state]").select_option(state)
        if state == "shipped":
            desk.locator("[name=carrier]").fill("PostNL")
            desk.locator("[name=tracking]").fill("3STEST01")
        desk.locator("#content form button[type=submit]").first.click()
        desk.wait_for_url("**/change/")
    wrong += looked_at_by_staff(desk, "parcel-1440-light-nl")
    page.reload()
    expect(page.locator("main")).to_contain_text("PostNL 3STEST01")
    expect(page.get_by_role("link", name="Send it elsewhere")).to_have_count(0)
    assert wrong == []
