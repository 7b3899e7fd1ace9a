"""A changed ladder is counted before it is published and carried out once the version is in force."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from core.tables import JobRun
from loyalty import tierpreview
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import ProgramInvalid
from loyalty.models import Enrollment, Program, TierChange
from loyalty.nightly import nightly_run
from loyalty.publishing import draft_problems, program_publish
from loyalty.tiernights import chunk_book
from loyalty.tierpreview import Mode, Move, draft_previews
from loyalty.tierviews import tiers_of
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture
def places() -> list[Enrollment]:
    """Three who earned 300, 600 and 1,200: enthusiast, advocate, VIP."""
    program = shop.program()
    found = [shop.place(shop.member(f"M{n}"), program) for n in range(3)]
    for place, euros in zip(found, (300, 600, 1200), strict=True):
        shop.send(shop.order(place.member, euros))
    return found


def drafted(program: Program, **ladder: Any) -> Program:
    document = deepcopy(shop.DOCUMENT)
    document["ladders"][0].update(ladder)
    program.refresh_from_db()
    revision = program.draft_revision
    return draft_replace(
        program=program, document=document_decode(document), expected_revision=revision, actor=shop.STAFF
    )


def published(program: Program, mode: Mode) -> None:
    program_publish(
        program=program, actor=shop.STAFF, expected_revision=program.draft_revision, tier_recalculation={"main": mode}
    )
    nightly_run(program=program)


def thresholds(advocate: int, vip: int) -> list[dict[str, Any]]:
    tiers = deepcopy(shop.DOCUMENT["ladders"][0]["tiers"])
    tiers[1]["threshold"], tiers[2]["threshold"] = advocate, vip
    return list(tiers)


def tiers(places: list[Enrollment]) -> list[str]:
    return [tiers_of(place)[0].code for place in places]


def test_the_counts_before_are_what_comes_of_it(places: list[Enrollment]) -> None:
    program = drafted(places[0].program, tiers=thresholds(200, 1500))
    [preview] = draft_previews(program)
    assert preview.now == {"advocate": 1, "enthusiast": 1, "vip": 1}
    assert preview.moves["none"] == []
    assert preview.moves["upgrades_only"] == [Move("enthusiast", "advocate", 1)]
    assert preview.moves["full"] == [Move("enthusiast", "advocate", 1), Move("vip", "advocate", 1)]
    published(program, "full")
    assert tiers(places) == ["advocate", "advocate", "advocate"]
    assert TierChange.objects.filter(cause="program").count() == 2
    assert JobRun.objects.get(job="tiers_recalculate").outcome["moved"] == 2
    nightly_run(program=program)
    assert TierChange.objects.filter(cause="program").count() == 2


def test_upgrades_only_takes_nothing_from_anybody(places: list[Enrollment]) -> None:
    published(drafted(places[0].program, tiers=thresholds(200, 1500)), "upgrades_only")
    assert tiers(places) == ["advocate", "advocate", "vip"]


def test_a_tier_that_is_gone_says_where_its_members_go(places: list[Enrollment]) -> None:
    kept = [each for each in thresholds(500, 1000) if each["code"] != "advocate"]
    program = drafted(places[0].program, tiers=kept)
    assert [each["path"] for each in draft_problems(program)] == ["ladders[0].moved_tiers"]
    with pytest.raises(ProgramInvalid):
        program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    program = drafted(program, tiers=kept, moved_tiers={"advocate": "vip"})
    published(program, "none")
    assert tiers(places) == ["enthusiast", "vip", "vip"]


def test_who_rises_while_it_is_carried_out_is_let_be(places: list[Enrollment], monkeypatch: pytest.MonkeyPatch) -> None:
    def an_order_first(ids: Any, judge: Any) -> int:
        monkeypatch.setattr(tierpreview, "chunk_book", chunk_book)
        shop.send(shop.order(places[0].member, 2000))
        return chunk_book(ids, judge)

    program = drafted(places[0].program, tiers=thresholds(200, 1500))
    monkeypatch.setattr(tierpreview, "chunk_book", an_order_first)
    published(program, "upgrades_only")
    assert tiers(places) == ["vip", "advocate", "vip"]
