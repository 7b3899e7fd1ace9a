"""Pages of sections that other rooms own: friends and sweepstakes are written, read back and taken out again."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from django.utils import translation

from loyalty.admin.forms.kinds import has_choice
from loyalty.admin.forms.labels import has_label, label
from loyalty.admin.forms.shapes import Choice, Group, Kinds, Rows, fields_of
from loyalty.drafts import draft_plain
from loyalty.models import Program
from referrals.definition import Referrals
from tests.backoffice.sent import refusals, told
from tests.backoffice.test_pages import path_of
from tests.backoffice.test_typing import Entered, section_typed
from tests.draws import cast as draw_cast
from tests.loyalty import shop
from tests.referrals import cast

RICH: dict[str, Any] = {
    "conversion": {
        "trigger": "order.paid",
        "when": {
            "kind": "all",
            "of": [
                {"kind": "attribute", "path": "order.channel", "operator": "in", "value": ["web", "app"]},
                {"kind": "attribute", "path": "order.net_minor", "operator": "ge", "value": 1_250},
            ],
        },
        "least_minor": 25_00,
        "within_days": 60,
    },
    "referrer": {
        "description": {"en": "You brought a friend", "nl": "Je bracht een vriend"},
        "effects": [cast.fixed(100)],
        "limits": [{"per": "member", "period": "year", "measure": "times", "at_most": 10}],
        "caps": ["friends"],
    },
    "friend": {"effects": [cast.fixed(50)]},
    "milestones": [
        {"at": 3, "effects": [cast.fixed(500)]},
        {"at": 10, "description": "Ten", "effects": [cast.fixed(9)]},
    ],
    "hold_days": 0,
    "signals": {"same_card": {"does": "block"}, "many_from_ip": {"weight": 40, "at_least": 5}},
    "flag_at": 140,
    "own_codes": True,
    "share_text": {"en": "Join me", "nl": "Kom ook"},
}
CAP = {
    "code": "friends",
    "name": "Friends",
    "limits": [{"per": "member", "period": "year", "measure": "points", "currency": "points", "at_most": 300}],
}


def written(program: Program, name: str) -> Any:
    program.refresh_from_db()
    return draft_plain(program).get("sections", {}).get(name)


def club() -> Program:
    return shop.program({**shop.DOCUMENT, "cap_groups": [CAP]})


def without_kinds(section: dict[str, Any]) -> dict[str, Any]:
    """Conversion's trigger is at its default, which the document leaves out."""
    found = deepcopy(section)
    del found["conversion"]["trigger"]
    return found


def test_everything_that_friends_can_be_told_is_typed_into_its_page(brand: Any, entered: Entered) -> None:
    program, client = club(), entered("owner")
    answer = section_typed(client, program, "referrals", RICH)
    assert answer.status_code == 302, refusals(answer)
    assert written(program, "referrals") == without_kinds(RICH)
    again = section_typed(client, program, "referrals", {})
    assert again.status_code == 302, refusals(again)
    assert written(program, "referrals") == without_kinds(RICH)


def test_conditions_ask_for_what_the_friends_step_has(brand: Any, entered: Entered) -> None:
    program, client = club(), entered("owner")
    section_typed(client, program, "referrals", RICH)
    page = told(client.get(path_of("loyalty_program_section", program.pk, "referrals")))
    assert 'value="12.50"' in page, "an amount of the order stands in its money"
    assert "channel of the order" in page


def test_a_sweepstake_is_typed_into_its_page(brand: Any, entered: Entered) -> None:
    program, client = club(), entered("owner")
    piece = draw_cast.piece(
        terms={"en": "From 18.", "nl": "Vanaf 18."}, free_entries=2, entries_at_most=50, countries=["BE", "NL"],
        min_age=18, once_per_person=False,
    )  # fmt: skip
    answer = section_typed(client, program, "sweepstakes", {"items": [piece]})
    assert answer.status_code == 302, refusals(answer)
    assert written(program, "sweepstakes") == {"items": [piece]}


def test_what_cannot_hold_is_refused_beside_its_field(brand: Any, entered: Entered) -> None:
    program, client = club(), entered("owner")
    early = {"items": [draw_cast.piece(closes_at=draw_cast.local(-2))]}
    answer = section_typed(client, program, "sweepstakes", early)
    assert answer.status_code == 422
    assert "It closes before it opens." in told(answer)
    nobody = section_typed(client, program, "referrals", {"hold_days": 7})
    assert nobody.status_code == 422
    assert "Nobody gets anything." in told(nobody)
    assert written(program, "sweepstakes") is None
    assert written(program, "referrals") is None


def test_a_section_is_taken_out_of_the_draft_again(brand: Any, entered: Entered) -> None:
    program, client = club(), entered("owner")
    section_typed(client, program, "referrals", RICH)
    address = path_of("loyalty_program_section", program.pk, "referrals")
    page = told(client.get(address))
    assert 'name="_remove"' in page
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    late = client.post(address, {"_remove": "1", "seen": "something else"})
    assert late.status_code == 302
    assert written(program, "referrals") is not None, "somebody changed it meanwhile"
    client.post(address, {"_remove": "1", "seen": seen})
    assert written(program, "referrals") is None


def test_whoever_only_reads_takes_nothing_out(brand: Any, entered: Entered) -> None:
    program = club()
    section_typed(entered("owner"), program, "referrals", RICH)
    address = path_of("loyalty_program_section", program.pk, "referrals")
    assert entered("analyst").post(address, {"_remove": "1"}).status_code == 403
    assert written(program, "referrals") is not None


def classes_of(cls: type[msgspec.Struct], found: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    if cls in found:
        return found
    found.add(cls)
    for field in fields_of(cls).values():
        shape: Any = field.shape.item if isinstance(field.shape, Rows) else field.shape
        for inner in (shape.cls,) if isinstance(shape, Group) else shape.classes if isinstance(shape, Kinds) else ():
            classes_of(inner, found)
    return found


@pytest.mark.parametrize("name", ["referrals", "sweepstakes", "benefits", "checkout", "billing"])
def test_every_field_and_choice_of_a_section_has_a_name_in_both_languages(name: str) -> None:
    from loyalty.definition.sections import sections_known

    classes = classes_of(sections_known()[name], set())
    assert [f"{cls.__name__}.{name}" for cls in classes for name in fields_of(cls) if not has_label(cls, name)] == []
    unnamed = [
        f"{field.owner.__name__}.{field.name}: {value}"
        for cls in classes
        for field in fields_of(cls).values()
        if isinstance(field.shape, Choice)
        for value in field.shape.values
        if not has_choice(field, value)
    ]
    assert unnamed == []


def test_fields_of_friends_are_said_in_dutch(brand: Any) -> None:
    with translation.override("nl"):
        told_in_dutch = [label(each) for each in fields_of(Referrals).values()]
    with translation.override("en"):
        assert not {*told_in_dutch} & {label(each) for each in fields_of(Referrals).values()}
