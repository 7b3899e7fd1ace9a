"""What is over before it begins isn't published; what was there and has ended may stay, and be published again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import ProgramInvalid
from loyalty.models import Program, ProgramVersion
from loyalty.publishing import again_problems, draft_problems, version_republish
from loyalty.withdrawing import version_withdraw
from tests.loyalty import shop
from tests.loyalty.rules.achieving import advancing, challenge

pytestmark = pytest.mark.usefixtures("brand")
WHERE = "rules[2].schedule.ends_at"


def _in(days: float) -> str:
    return f"{clock.now() + timedelta(days=days):%Y-%m-%dT%H:%M}"


def _document(ends_at: str | None, code: str = "summer", **settings: Any) -> dict[str, Any]:
    effects = [{"kind": "points_fixed", "currency": "points", "points": 5}]
    campaign = {"code": code, "name": "Summer", "trigger": "order.paid", "effects": effects}
    schedule = {} if ends_at is None else {"schedule": {"starts_at": "2020-01-01T00:00", "ends_at": ends_at}}
    return {
        **shop.DOCUMENT,
        "program": {**shop.DOCUMENT["program"], **settings},
        "rules": [*shop.DOCUMENT["rules"], {**campaign, **schedule}],
    }


def _refused(program: Program, document: dict[str, Any], **more: Any) -> dict[str, str]:
    before = ProgramVersion.objects.count()
    with pytest.raises(ProgramInvalid) as caught:
        shop.publish(program, document, **more)
    assert ProgramVersion.objects.count() == before
    [problem] = caught.value.context["problems"]
    return dict(problem)


def test_a_new_rule_that_is_over_is_refused_with_its_place_and_the_mend() -> None:
    found = _refused(shop.program(), _document(_in(-1)))
    assert found["path"] == WHERE
    assert "can never fire" in found["problem"]
    assert "Let it end later" in found["mend"]


def test_the_draft_says_so_before_anybody_publishes() -> None:
    program = shop.program()
    document = document_decode(_document(_in(-1)))
    row = draft_replace(program=program, document=document, expected_revision=1, actor=shop.STAFF)
    assert [each["path"] for each in draft_problems(row)] == [WHERE]


def test_what_ends_before_a_scheduled_version_takes_effect_is_refused() -> None:
    program = shop.program()
    since = clock.now() + timedelta(days=5)
    assert _refused(program, _document(_in(4)), in_force_from=since)["path"] == WHERE
    assert shop.publish(program, _document(_in(6)), in_force_from=since).number == 2


def test_a_campaign_that_has_ended_may_stay_and_its_version_be_published_again(brand: Any) -> None:
    program = shop.program()
    campaign = shop.publish(program, _document(_in(5)))
    ended = campaign.document["rules"][2]["schedule"]["ends_at"]
    brand.clock_shift += timedelta(days=10)
    stays = _document(ended)
    stays["rules"][0] = {**stays["rules"][0], "name": "Renamed"}
    assert shop.publish(program, stays).number == 3
    assert shop.publish(program, shop.DOCUMENT).number == 4
    assert again_problems(campaign) == []
    assert version_republish(version=campaign, actor=shop.STAFF, expected_newest=4).number == 5


def test_a_campaign_that_runs_may_be_ended_at_once_but_not_given_another_end_in_the_past(brand: Any) -> None:
    program = shop.program()
    shop.publish(program, _document(None))
    assert shop.publish(program, _document(_in(-1))).number == 3, "it is stopped"
    assert _refused(program, _document(_in(-2)))["path"] == WHERE, "last year's day by mistake"


def test_a_version_that_never_took_effect_is_no_excuse(brand: Any) -> None:
    program = shop.program()
    waiting = shop.publish(program, _document(_in(5)), in_force_from=clock.now() + timedelta(days=2))
    version_withdraw(version=waiting, actor=shop.STAFF)
    brand.clock_shift += timedelta(days=10)
    assert [each["path"] for each in again_problems(waiting)] == [WHERE]


def test_late_events_may_still_meet_a_rule_that_is_over() -> None:
    assert shop.program(_document(_in(-1)), slug="first").pk, "a first version holds from the beginning of time"
    program = shop.program()
    assert shop.publish(program, _document(_in(-1), judged_by="received_at")).number == 2


def test_what_is_switched_off_may_be_over() -> None:
    document = _document(_in(-1))
    document["rules"][2]["enabled"] = False
    assert shop.publish(shop.program(), document).number == 2


def test_an_achievement_that_is_over_is_refused_too() -> None:
    document = {
        **shop.DOCUMENT,
        "challenges": [challenge(schedule={"ends_at": _in(-1)})],
        "rules": [*shop.DOCUMENT["rules"], advancing("five", "five")],
    }
    found = _refused(shop.program(), document)
    assert found["path"] == "challenges[0].schedule.ends_at"
    assert "It can never count" in found["problem"]
