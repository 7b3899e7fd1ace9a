"""The engine in a browser: versions taken back and published again, a file with its bar, a visit, an invitation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from claims.models import CheckIn
from core import clock
from loyalty.definition.read import document_shape
from loyalty.drafts import draft_plain, draft_replace
from loyalty.inviting import invitation_make
from loyalty.models import ImportJob, Program, ProgramVersion, TierStanding
from loyalty.publishing import program_publish
from members.models import User
from members.staff import staff_role_set
from tests.browser import cast
from tests.browser.site import Site
from tests.loyalty import shop

Open = Callable[..., Page]
OWNER = "engineer@example.com"
UPLOAD_BYTES_A_SECOND = 150_000


@pytest.fixture
def boss(in_brand: Any, cookies_of: Callable[[str], dict[str, str]]) -> dict[str, str]:
    if not User.objects.filter(email=OWNER).exists():
        user = User.objects.create_user(OWNER, "a long enough password", name="Els Baas")
        staff_role_set(user=user, role="owner", actor=shop.STAFF)
    return cookies_of(OWNER)


def published(note: str, days: int = 0) -> ProgramVersion:
    """The program with another name for members to read, in force after so many days."""
    row = Program.objects.get(pk=cast.program().pk)
    plain = draft_plain(row)
    plain["program"] = {**plain["program"], "name": note}
    row = draft_replace(
        program=row, document=document_shape(plain), expected_revision=row.draft_revision, actor=shop.STAFF
    )
    since = clock.now() + timedelta(days=days) if days else None
    return program_publish(
        program=row, actor=shop.STAFF, note=note, in_force_from=since, expected_revision=row.draft_revision
    )


def test_a_scheduled_version_is_withdrawn_and_an_older_one_published_again(
    site: Site, boss: dict[str, str], open_page: Open
) -> None:
    published("The spring program")
    waiting = published("The summer program", days=9)
    older = ProgramVersion.objects.get(program=waiting.program, number=waiting.number - 2)
    page = open_page(width=820, cookies=boss)
    page.goto(site.url(f"/admin/loyalty/programversion/{waiting.pk}/change/"))
    page.get_by_role("link", name="Withdraw").click()
    page.locator("[name=reason]").fill("Summer is off")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("#content")).to_contain_text("it never took effect")
    expect(page.get_by_role("link", name="Withdraw")).to_have_count(0)
    page.goto(site.url(f"/admin/loyalty/programversion/{older.pk}/change/"))
    page.get_by_role("link", name="Publish again").click()
    page.locator("[name=note]").fill("As it was")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text(f"what version {older.number} says")).to_be_visible()
    newest = ProgramVersion.objects.filter(program=waiting.program).latest("number")
    assert (newest.number, newest.note, newest.document) == (waiting.number + 1, "As it was", older.document)


def test_a_file_on_its_way_shows_how_far_it_is(site: Site, boss: dict[str, str], open_page: Open) -> None:
    rows = [json.dumps({"id": f"B-{number}", "type": "x.y", "padding": "." * 400}) for number in range(1_500)]
    page = open_page(width=390, scheme="dark", cookies=boss)
    page.goto(site.url("/admin/loyalty/importjob/add/"))
    network = page.context.new_cdp_session(page)
    speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": UPLOAD_BYTES_A_SECOND}
    network.send("Network.emulateNetworkConditions", {"offline": False, **speed})
    held = {"name": "rows.ndjson", "mimeType": "application/x-ndjson", "buffer": "\n".join(rows).encode()}
    page.locator("[name=file]").set_input_files(held)  # type: ignore[arg-type]  # as Playwright takes it
    page.get_by_role("button", name="Upload", exact=True).click()
    box = page.locator("[data-upload-progress]")
    expect(box).to_be_visible()
    expect(box.locator("output")).to_have_text(re.compile(r"^([1-9]|[1-9]\d|100)\s?%$"))
    expect(page).to_have_url(re.compile(r"/importjob/[0-9a-f-]{36}/"), timeout=30_000)
    assert ImportJob.objects.filter(filename="rows.ndjson").exists()


def test_a_member_checks_in_at_the_button_where_the_phone_says_they_are(
    site: Site, in_brand: Any, open_page: Open, cookies_of: Callable[[str], dict[str, str]]
) -> None:
    visitor = cast.person("Vera Bakker", "vera@example.com")
    page = open_page(width=390, cookies=cookies_of("vera@example.com"))
    page.context.grant_permissions(["geolocation"], origin=site.url("").rstrip("/"))
    page.context.set_geolocation({"latitude": 52.0, "longitude": 5.0, "accuracy": 8})
    page.goto(site.url("/check-in/"))
    page.get_by_role("button", name="I’m here").click()
    expect(page.locator("main")).to_contain_text("On the canal")
    assert CheckIn.objects.get(enrollment__member=visitor).state == "accepted"


def test_a_member_says_yes_to_an_invitation_on_the_home_page(
    site: Site, in_brand: Any, open_page: Open, cookies_of: Callable[[str], dict[str, str]]
) -> None:
    guest = cast.person("Ines Smit", "ines@example.com")
    place = guest.enrollments.get()
    ladder = draft_plain(cast.program())["ladders"][0]
    tier = ladder["tiers"][-1]
    invitation_make(
        enrollment=place, ladder=ladder["code"], tier=tier["code"], until=None, reason="", at_once=False,
        actor=shop.STAFF,
    )  # fmt: skip
    page = open_page(width=390, scheme="dark", language="nl", cookies=cookies_of("ines@example.com"))
    page.goto(site.url("/"))
    page.locator("button[value=accept]").click()
    expect(page.locator("button[value=accept]")).to_have_count(0)
    assert TierStanding.objects.get(enrollment=place, ladder=ladder["code"]).tier == tier["code"]
