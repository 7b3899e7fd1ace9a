"""The terms of leaving and coming back are written in the section's page, and said in words before they hold."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loyalty.drafts import draft_plain
from loyalty.models import Program
from tenants.models import Brand
from tests.backoffice.sent import refusals, told
from tests.backoffice.test_pages import path_of
from tests.backoffice.test_typing import section_typed
from tests.billing.cast import MONTHLY, document
from tests.billing.desk import Entered, entered
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]
TERMS: dict[str, Any] = {
    "plans": [
        {
            "code": "plus", "name": {"en": "Plus", "nl": "Plus"}, "level": 1,
            "charge": {"kind": "recurring", "prices": [MONTHLY], "trial": {"days": 14, "at_end": "pause"}},
        },
    ],
    "stay_offer": {"percent": 25, "duration": "repeating", "months": 3},
    "leave_steps": ["reason", "offer"],
    "leave_reasons": [
        {"code": "moved", "name": {"en": "I moved", "nl": "Ik ben verhuisd"}},
        {"code": "dear", "name": "Too dear", "means": "too_expensive"},
    ],
    "win_back": {
        "offer": {"amount_minor": 500, "money_currency": "EUR"}, "after_days": 20, "plans": ["plus"],
        "subject": {"en": "We miss you", "nl": "We missen je"},
    },
    "unused_notice_days": 45,
}  # fmt: skip


def draft(program: Program) -> Any:
    program.refresh_from_db()
    return draft_plain(program).get("sections", {}).get("billing")


def without_defaults(terms: dict[str, Any]) -> dict[str, Any]:
    """A price a month is the usual one, which the document leaves out."""
    price = {name: value for name, value in MONTHLY.items() if name != "every"}
    plan = terms["plans"][0]
    return {**terms, "plans": [{**plan, "charge": {**plan["charge"], "prices": [price]}}]}


def test_everything_about_leaving_is_typed_into_the_page_and_said_before_publishing(
    brand: Brand, entered: Entered
) -> None:
    program, owner = shop.program(), entered("owner")
    answer = section_typed(owner, program, "billing", TERMS)
    assert answer.status_code == 302, refusals(answer)
    assert draft(program) == without_defaults(TERMS)
    again = section_typed(owner, program, "billing", {})
    assert again.status_code == 302, refusals(again)
    assert draft(program) == without_defaults(TERMS)
    said = text_of(owner.get(path_of("loyalty_program_publish", program.pk)))
    assert "Reason to leave I moved is added." in said
    assert "the offer to who left changes from none to €5 off the next payment, written 20 days after leaving" in said
    assert "the offer to who is about to leave changes from none to 25 % off for 3 months." in said


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"leave_steps": ["offer"], "stay_offer": None}, "There is no offer to make."),
        ({"win_back": {"offer": {"percent": 120}}}, "A percentage lies above 0 and up to 100."),
        ({"leave_reasons": [{"code": "a", "name": "A"}, {"code": "a", "name": "B"}]}, "code too."),
    ],
)
def test_terms_that_cannot_hold_are_refused_beside_their_field(
    brand: Brand, entered: Entered, terms: dict[str, Any], said: str
) -> None:
    program = shop.program()
    sent = {name: value for name, value in {**TERMS, **terms}.items() if value is not None}
    answer = section_typed(entered("owner"), program, "billing", sent)
    assert answer.status_code == 422
    assert said in told(answer)
    assert draft(program) is None


def test_the_page_of_leaving_counts_what_was_seen_why_and_who_came_back(brand: Brand, entered: Entered) -> None:
    shop.program()
    text = text_of(entered("marketer").get(path_of("billing_membershipplan_leaving")))
    assert "Nobody asked to leave." in text
    assert "Asked to come back 0" in text


def test_the_ladder_of_the_draft_is_read_step_by_step_in_both_languages_before_it_holds(
    brand: Brand, entered: Entered
) -> None:
    program, owner = shop.program(), entered("owner")
    where = path_of("billing_membershipplan_ladder", program.pk)
    assert "It costs too much" in text_of(owner.get(where))
    terms = {**TERMS, "leave_steps": ["reason", "pause", "offer"], "most_pause_months": 2}
    assert section_typed(owner, program, "billing", terms).status_code == 302
    english, dutch = owner.get(where).content.decode().split('<section lang="nl"')
    places = [english.index(each) for each in ("What makes you leave?", "I moved", "Or a break?", "25 % off", "Leave?")]
    assert places == sorted(places)
    assert "4 / 4" in english
    assert "Ik ben verhuisd" in dutch
    assert "Wat" in dutch
    assert entered("support").get(where).status_code == 403


def test_a_plans_group_is_chosen_among_those_of_plans_not_among_those_of_rules(brand: Brand, entered: Entered) -> None:
    program = shop.program(document())
    answer = entered("owner").get(path_of("loyalty_program_section", program.pk, "billing"))
    [offered] = re.findall(r'<select[^>]* name="p\.plans\.0\.group"[^>]*>(.*?)</select>', answer.content.decode(), re.S)
    assert re.findall(r'value="([^"]*)"( selected)?', offered) == [
        ("membership", " selected"), ("season", ""), ("trying", ""), ("_other", ""),
    ]  # fmt: skip
    assert "membership (the usual one)" in offered
