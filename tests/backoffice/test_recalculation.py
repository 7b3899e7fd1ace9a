"""What a changed ladder does to its members is chosen ladder by ladder, with counts and the names they know."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from core.errors import InvalidInput
from core.tables import JobRun
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.models import Program
from loyalty.publishing import program_publish
from tests.backoffice.sent import told
from tests.backoffice.test_pages import path_of
from tests.loyalty import shop

Entered = Callable[[str], Client]
SECOND = {
    "code": "spenders",
    "name": {"en": "Spenders", "nl": "Kopers"},
    "qualify": {"kind": "money_spent"},
    "tiers": [
        {"code": "new", "name": {"en": "New here", "nl": "Nieuw hier"}, "threshold": 0},
        {"code": "known", "name": {"en": "Well known", "nl": "Bekend"}, "threshold": 900},
    ],
}


@pytest.fixture
def program(brand: Any) -> Program:
    """Somebody with 600 points, and a draft in which both ladders ask less."""
    document = {**shop.DOCUMENT, "ladders": [*shop.DOCUMENT["ladders"], SECOND]}
    made = shop.program(document)
    anna = shop.member("Anna")
    shop.place(anna, made)
    shop.send(shop.order(anna, 600))
    lower = deepcopy(document)
    lower["ladders"][0]["tiers"][2]["threshold"] = 550
    lower["ladders"][1]["tiers"][1]["threshold"] = 500
    made.refresh_from_db()
    seen = made.draft_revision
    return draft_replace(program=made, document=document_decode(lower), expected_revision=seen, actor=shop.STAFF)


def test_each_ladder_is_asked_for_by_its_name_with_how_many_move(program: Program, entered: Entered) -> None:
    client = entered("marketer")
    client.cookies["django_language"] = "nl"
    page = told(client.get(path_of("loyalty_program_publish", program.pk)))
    assert "Leden op Kopers" in page
    assert "Leden op Status" in page
    assert "stijgen waar de nieuwe drempels gehaald zijn: 1 lid verhuist" in page
    assert "Nieuw hier → Bekend: 1" in page
    assert 'name="ladder_main"' in page
    assert 'name="ladder_spenders"' in page


def test_what_is_chosen_for_one_ladder_leaves_the_other_alone(program: Program, entered: Entered) -> None:
    sent = {"revision": program.draft_revision, "ladder_main": "none", "ladder_spenders": "upgrades_only"}
    assert entered("marketer").post(path_of("loyalty_program_publish", program.pk), sent).status_code == 302
    assert JobRun.objects.get(job="tiers_recalculate").outcome["modes"] == {"spenders": "upgrades_only"}


def test_a_choice_that_there_is_not_is_refused_and_nothing_is_published(program: Program, entered: Entered) -> None:
    sent = {"revision": program.draft_revision, "ladder_main": "sideways"}
    page = entered("marketer").post(path_of("loyalty_program_publish", program.pk), sent)
    assert "sideways" in told(page)
    assert program.versions.count() == 1


def test_a_ladder_that_the_program_does_not_have_is_refused(program: Program) -> None:
    with pytest.raises(InvalidInput) as refused:
        program_publish(
            program=program,
            actor=shop.STAFF,
            expected_revision=program.draft_revision,
            tier_recalculation={"gone": "full"},
        )
    assert refused.value.field == "tier_recalculation"
    assert program.versions.count() == 1
