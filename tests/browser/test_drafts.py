"""A draft in a browser: what it would change stands beside what is published, and what it would have given is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from loyalty.backtests.work import part_work
from loyalty.definition.read import document_shape
from loyalty.drafts import draft_plain, draft_replace
from loyalty.models import BacktestRun, Program
from members.models import User
from members.staff import staff_role_set
from tests.browser import cast
from tests.browser.site import Site
from tests.browser.test_look import WIDER_THAN_SCREEN
from tests.browser.test_rewards import looked_at_by_staff
from tests.loyalty import shop

Open = Callable[..., Page]
OWNER = "drafter@example.com"


@pytest.fixture
def drafter(in_brand: Any, cookies_of: Callable[[str], dict[str, str]]) -> dict[str, str]:
    if not User.objects.filter(email=OWNER).exists():
        user = User.objects.create_user(OWNER, "a long enough password", name="Dora Draft")
        staff_role_set(user=user, role="owner", actor=shop.STAFF)
    return cookies_of(OWNER)


@pytest.fixture
def changed(in_brand: Any) -> Program:
    """A draft in which the program has another name."""
    row = Program.objects.get(pk=cast.program().pk)
    plain = draft_plain(row)
    plain["program"] = {**plain["program"], "name": {"en": "The autumn program", "nl": "Het herfstprogramma"}}
    document = document_shape(plain)
    return draft_replace(program=row, document=document, expected_revision=row.draft_revision, actor=shop.STAFF)


def test_what_a_draft_would_change_is_read_in_words_and_beside_what_is_published(
    site: Site, changed: Program, drafter: dict[str, str], open_page: Open
) -> None:
    page = open_page(width=1440, language="nl", cookies=drafter)
    page.goto(site.url(f"/admin/loyalty/program/{changed.pk}/change/"))
    page.locator("a[href$='/publish/']").click()
    content = page.locator("#content")
    expect(content).to_contain_text("herfstprogramma")
    # In words first; the document itself for who asks for it.
    expect(page.locator(".sg-diff .sg-del").first).to_be_hidden()
    page.locator("details.sg-more summary").press("Enter")
    expect(page.locator(".sg-diff .sg-del").first).to_be_visible()
    expect(page.locator(".sg-diff .sg-add").first).to_contain_text("autumn")
    wrong = looked_at_by_staff(page, "difference-1440-light-nl")
    phone = open_page(width=390, scheme="dark", cookies=drafter)
    phone.goto(page.url)
    phone.locator("details.sg-more summary").click()
    wrong += [f"390: {each}" for each in phone.evaluate(WIDER_THAN_SCREEN)]
    wrong += looked_at_by_staff(phone, "difference-390-dark-en")
    phone.locator("[name=note]").fill("Autumn")
    phone.get_by_role("button", name="Publish").click()
    expect(phone.locator("#content")).to_contain_text("The draft is what is published.")
    assert wrong == []


def test_a_backtest_of_a_draft_is_asked_for_watched_and_read(
    site: Site, changed: Program, drafter: dict[str, str], open_page: Open
) -> None:
    page = open_page(width=820, cookies=drafter)
    page.goto(site.url(f"/admin/loyalty/backtestrun/start/?program={changed.pk}"))
    page.locator("[name=months]").fill("6")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/backtestrun/*/change/")
    run = BacktestRun.objects.latest("asked_at")
    for part in run.parts.all():
        part_work(part_id=part.pk)
    # The page asks by itself until there is a report.
    expect(page.get_by_role("heading", name="Rule by rule")).to_be_visible(timeout=20_000)
    expect(page.locator("#content")).to_contain_text("given by rules")
    wrong = looked_at_by_staff(page, "backtest-820-light-en")
    phone = open_page(width=390, scheme="dark", language="nl", cookies=drafter)
    phone.goto(page.url)
    wrong += [f"390: {each}" for each in phone.evaluate(WIDER_THAN_SCREEN)]
    wrong += looked_at_by_staff(phone, "backtest-390-dark-nl")
    assert wrong == []
