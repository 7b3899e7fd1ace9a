"""Taking a scheduled version back and publishing an older one again, over REST."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.tables import JobRun
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.models import CounterBackfill, Program, ProgramVersion, VersionWithdrawal
from loyalty.publishing import program_publish
from tests.api.cast import refused
from tests.loyalty import shop

FIRST, SECOND = "programs/club/versions/1", "programs/club/versions/2"


def published(days: float = 0) -> ProgramVersion:
    """A second version in which a review gives 30, in force after so many days."""
    row = Program.objects.get(slug="club")
    document = deepcopy(shop.DOCUMENT)
    document["rules"][1]["effects"][0]["points"] = 30
    document["ladders"][0]["tiers"][1]["threshold"] = 400
    decoded = document_decode(document)
    row = draft_replace(program=row, document=decoded, expected_revision=row.draft_revision, actor=shop.STAFF)
    since = clock.now() + timedelta(days=days) if days else None
    return program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision, in_force_from=since)


@pytest.fixture
def club(brand: Any) -> Program:
    return shop.program()


def test_a_scheduled_version_is_taken_back_once_and_stays_readable(api: Any, club: Program) -> None:
    published(days=3)
    gone = api.post(f"{SECOND}/withdraw", {"reason": "Off"}, once="w-1")
    assert gone.status_code == 200, gone.content
    assert gone.json()["withdrawn_at"] is not None
    assert api.post(f"{SECOND}/withdraw", {"reason": "Off"}, once="w-1").json() == gone.json()
    refused(api.post(f"{SECOND}/withdraw", {}), 409, "version_withdrawn")
    assert api.get(SECOND).json()["withdrawn_at"] == gone.json()["withdrawn_at"]
    assert VersionWithdrawal.objects.get().reason == "Off"


def test_a_version_in_force_is_not_taken_back(api: Any, club: Program) -> None:
    published()
    refused(api.post(f"{SECOND}/withdraw", {}), 409, "version_in_force")
    assert api.post("programs/club/versions/9/withdraw", {}).status_code == 404
    assert not VersionWithdrawal.objects.exists()


def test_an_older_version_is_published_again_once_for_each_key(api: Any, club: Program) -> None:
    published()
    made = api.post(f"{FIRST}/publish", {"newest": 2, "tier_recalculation": {"main": "full"}}, once="p-1")
    assert (made.status_code, made.json()["number"]) == (201, 3), made.content
    assert made["Location"] == "/api/v1/programs/club/versions/3"
    assert made.json()["note"] == "Version 1 again"
    again = api.post(f"{FIRST}/publish", {"newest": 2, "tier_recalculation": {"main": "full"}}, once="p-1")
    assert again.json() == made.json()
    assert ProgramVersion.objects.count() == 3
    assert api.get("programs/club/versions/3").json()["document"] == api.get(FIRST).json()["document"]
    assert JobRun.objects.get(job="tiers_recalculate").outcome["modes"] == {"main": "full"}


def test_what_cannot_be_published_again_is_refused_with_the_place_and_changes_nothing(api: Any, club: Program) -> None:
    published()
    refused(api.post(f"{FIRST}/publish", {"newest": 1}, once="a"), 409, "versions_moved")
    refused(api.post(f"{SECOND}/publish", {"newest": 2}, once="b"), 422, "invalid_input", "draft")
    late = {"newest": 2, "in_force_from": "2020-01-01T00:00:00Z"}
    refused(api.post(f"{FIRST}/publish", late, once="c"), 422, "invalid_input", "in_force_from")
    wrong = {"newest": 2, "tier_recalculation": {"gone": "full"}}
    refused(api.post(f"{FIRST}/publish", wrong, once="d"), 422, "invalid_input", "tier_recalculation")
    refused(api.post(f"{FIRST}/publish", {"newest": 2}, once=None), 400, "idempotency_key_missing")
    assert ProgramVersion.objects.count() == 2


def test_counters_of_an_older_version_start_with_what_is_stored_where_it_is_asked_for(api: Any, brand: Any) -> None:
    counters = [{"code": each, "name": each, "trigger": "order.paid"} for each in ("orders", "more")]
    shop.program({**shop.DOCUMENT, "counters": counters})
    published()
    asked = {"newest": 2, "count_back": ["orders"]}
    refused(
        api.post(f"{FIRST}/publish", {**asked, "count_back": ["none"]}, once="a"), 422, "invalid_input", "count_back"
    )
    assert api.post(f"{FIRST}/publish", asked, once="b").status_code == 201
    assert CounterBackfill.objects.get().counters == ["orders"]
