"""One piece of a section on a page of its own: a product panel with its questionnaire, beside others that stay."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.drafts import draft_plain
from loyalty.models import Program
from loyalty.sectionrows import piece_list
from tests.backoffice.sent import refusals, told
from tests.backoffice.test_pages import path_of
from tests.backoffice.test_typing import Entered, posted, sending
from tests.backoffice.typist import Typist
from tests.panels import cast

pytestmark = pytest.mark.django_db


def boots() -> dict[str, Any]:
    return cast.piece(code="boots", name={"en": "Boots", "nl": "Laarzen"}, units=7)


def items(program: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = draft_plain(Program.objects.get(pk=program.pk))["sections"]["panels"]["items"]
    return found


def piece_page(program: Program, code: str = "") -> str:
    if code:
        return path_of("loyalty_program_section_piece", program.pk, "panels", code)
    return path_of("loyalty_program_section_new", program.pk, "panels")


def typed(client: Any, address: str, wanted: dict[str, Any]) -> Any:
    typist = Typist(told(client.get(address)), sending(client, address))
    for each, value in wanted.items():
        typist.write(f"p.{each}", value)
    return posted(client, address, typist.sent())


def test_another_panel_is_made_with_its_own_questionnaire_and_changed_alone(brand: Any, entered: Entered) -> None:
    program, client = cast.program(), entered("owner")
    jacket = items(program)[0]
    made = boots()
    answer = typed(client, piece_page(program), made)
    assert answer.status_code == 302, refusals(answer)
    assert items(program) == [jacket, made]
    questions = [
        {"kind": "scale", "code": "grip", "name": {"en": "Grip?", "nl": "Grip?"}, "low": "none", "high": "much"}
    ]
    answer = typed(client, piece_page(program, "boots"), {"questions": questions, "units": 9})
    assert answer.status_code == 302, refusals(answer)
    assert items(program) == [jacket, {**made, "units": 9, "questions": questions}]
    section = told(client.get(path_of("loyalty_program_section", program.pk, "panels")))
    assert piece_page(program, "boots") in section
    assert piece_page(program) in section


def test_what_cannot_hold_stands_beside_its_field_and_leaves_the_draft(brand: Any, entered: Entered) -> None:
    program, client = cast.program(), entered("owner")
    before = items(program)
    answer = typed(client, piece_page(program), {**boots(), "closes_at": cast.local(-3)})
    assert answer.status_code == 422
    assert "It closes before it opens." in told(answer)
    twice = typed(client, piece_page(program), {**boots(), "code": "jacket"})
    assert twice.status_code == 422
    assert items(program) == before


def test_whoever_was_slower_is_told_and_another_piece_is_nobodys_business(brand: Any, entered: Entered) -> None:
    program, client = cast.program(), entered("owner")
    typed(client, piece_page(program), boots())
    address = piece_page(program, "jacket")
    typist = Typist(told(client.get(address)), sending(client, address))
    typed(client, piece_page(program, "boots"), {"units": 8})
    assert posted(client, address, typist.sent()).status_code == 302, "boots are another piece"
    late = Typist(told(client.get(address)), sending(client, address))
    typed(client, address, {"units": 5})
    late.write("p.units", 3)
    assert posted(client, address, late.sent()).status_code == 422
    assert [each["units"] for each in items(program)] == [5, 8]


def test_a_piece_is_taken_out_and_what_is_not_there_has_no_page(brand: Any, entered: Entered) -> None:
    program, client = cast.program(), entered("owner")
    address = piece_page(program, "jacket")
    seen = told(client.get(address)).partition('name="seen" value="')[2].partition('"')[0]
    assert entered("analyst").post(address, {"_remove": "1", "seen": seen}).status_code == 403
    client.post(address, {"_remove": "1", "seen": seen})
    assert items(program) == []
    assert client.get(address).status_code == 404
    assert client.get(path_of("loyalty_program_section_new", program.pk, "referrals")).status_code == 404


def test_sections_that_are_no_list_have_no_pieces() -> None:
    assert piece_list("panels") is not None
    assert piece_list("sweepstakes") is not None
    assert piece_list("benefits") is not None
    assert piece_list("referrals") is None
    assert piece_list("nothing") is None


def test_a_panels_page_leads_to_its_terms(brand: Any, entered: Entered) -> None:
    program, client = cast.program(), entered("owner")
    page = client.get(path_of("panels_panel_change", cast.panel().pk)).content.decode()
    assert piece_page(program, "jacket") in page
