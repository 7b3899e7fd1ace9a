"""The document's section: what is wrong with one, what it becomes, and how it comes back out."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.compile import compile_program
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode, document_encode
from tests.loyalty import shop
from tests.referrals import cast


def document(**more: Any) -> dict[str, Any]:
    return {**shop.DOCUMENT, "sections": {"referrals": {**cast.SECTION, **more}}}


def test_it_becomes_rules_of_its_own_and_comes_back_as_it_was() -> None:
    read = document_decode(document())
    triggers = compile_program(read).triggers
    assert [each.code for each in triggers["referral.converted"].rules] == ["referrals__referrer", "referrals__friend"]
    assert [each.code for each in triggers["referral.milestone"].rules] == ["referrals__milestone_2"]
    assert "referrals__conversion" in [each.code for each in triggers["order.paid"].rules]
    assert document_decode(document_encode(read)) == read


def test_switched_off_nothing_new_is_waited_for_but_what_is_under_way_is_given() -> None:
    triggers = compile_program(document_decode(document(enabled=False))).triggers
    assert "referrals__conversion" not in [each.code for each in triggers["order.paid"].rules]
    assert triggers["referral.converted"].rules


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"hold_days": 400}, "hold_days"),
        ({"nothing": 1}, "nothing"),
        (
            {"referrer": {"effects": [{"kind": "points_fixed", "currency": "gold", "points": 1}]}},
            "referrer.effects[0].currency",
        ),
        ({"referrer": {"effects": [{"kind": "multiply", "currency": "points", "factor": 2}]}}, "referrer.effects[0]"),
        ({"referrer": {"effects": [cast.fixed(1)], "caps": ["none"]}}, "referrer.caps[0]"),
        ({"referrer": {}, "friend": {}, "milestones": []}, ""),
        ({"conversion": {"trigger": "member.enrolled"}}, "conversion.trigger"),
        ({"conversion": {"trigger": "review.posted", "least_minor": 5}}, "conversion.least_minor"),
        (
            {"conversion": {"when": {"kind": "attribute", "path": "order.chanel", "operator": "eq", "value": "x"}}},
            "conversion.when.path",
        ),
        ({"milestones": [{"at": 2, "effects": []}]}, "milestones[0].effects"),
        ({"milestones": [{"at": 2, "effects": [cast.fixed(1)]}] * 2}, "milestones[1].at"),
        ({"signals": {"same_card": {"does": "shout"}}}, "signals.same_card.does"),
    ],
)
def test_a_mistake_is_named_with_its_place(wrong: dict[str, Any], where: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        document_decode(document(**wrong))
    assert f"sections.referrals.{where}".rstrip(".") in [each.path for each in refused.value.problems]
