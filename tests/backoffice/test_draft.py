"""The draft in ordinary forms: nothing is lost, mistakes stand beside their field, publishing shows what changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.tables import AuditEntry
from loyalty.admin.editors import CurrencyEditor, LadderEditor, RuleEditor
from loyalty.drafts import draft_plain
from loyalty.models import EarningRule, Ladder, PointCurrency, Program, ProgramVersion
from loyalty.publishing import program_create
from loyalty.templates import template_document, template_documents
from tests.backoffice.conftest import House
from tests.backoffice.sent import DEEP, new_rule, refusals, sent_by, told
from tests.backoffice.test_pages import path_of
from tests.loyalty import shop

Entered = Callable[[str], Client]


@pytest.mark.parametrize("key", sorted(template_documents()))
def test_a_piece_that_is_saved_unchanged_stays_as_it_is(key: str, brand: Any, entered: Entered) -> None:
    client = entered("owner")
    program = Program.objects.get(pk=program_create(slug="tpl", document=template_document(key), actor=shop.STAFF).pk)
    before = draft_plain(program)
    for model, editor, name in (
        (PointCurrency, CurrencyEditor, "pointcurrency"),
        (Ladder, LadderEditor, "ladder"),
        (EarningRule, RuleEditor, "earningrule"),
    ):
        for row in model.objects.filter(program=program):
            plain = next(each for each in before[editor.kind] if each["code"] == row.code)
            form = editor(plain=plain, whole=before)
            answer = client.post(path_of(f"loyalty_{name}_change", row.pk), sent_by(form))
            assert answer.status_code == 302, refusals(answer)
    assert draft_plain(program) == before


def test_what_a_form_does_not_show_survives_its_being_changed(house: House, entered: Entered) -> None:
    row = EarningRule.objects.create(
        program=house.program,
        code="deep",
        trigger="order.paid",
        position=9,
        body={key: value for key, value in DEEP.items() if key not in ("code", "trigger")},
    )
    whole = draft_plain(house.program)
    fields = sent_by(RuleEditor(plain=dict(DEEP), whole=whole)) | {"name_en": "Deeper", "effects-0-points": "2"}
    client = entered("marketer")
    assert "nested in a way" in told(client.get(path_of("loyalty_earningrule_change", row.pk)))
    answer = client.post(path_of("loyalty_earningrule_change", row.pk), fields)
    assert answer.status_code == 302, refusals(answer)
    after = next(each for each in draft_plain(house.program)["rules"] if each["code"] == "deep")
    wanted = {**DEEP, "name": {"en": "Deeper", "fr": "Profond"}}
    wanted["effects"] = [{**DEEP["effects"][0], "points": 2}]  # type: ignore[index]
    assert after == wanted
    assert AuditEntry.objects.filter(action="draft.change", object_type="earningrule").exists()


def test_a_rule_is_made_with_ordinary_fields(house: House, entered: Entered) -> None:
    answer = entered("marketer").post(path_of("loyalty_earningrule_add"), new_rule())
    assert answer.status_code == 302, refusals(answer)
    made = next(each for each in draft_plain(house.program)["rules"] if each["code"] == "app_bonus")
    assert made == {
        "code": "app_bonus",
        "name": "App bonus",
        "trigger": "order.paid",
        "priority": 1,
        "when": {
            "kind": "all",
            "of": [
                {"kind": "attribute", "path": "order.channel", "operator": "in", "value": ["app", "web"]},
                {"kind": "time", "weekdays": ["fri"]},
            ],
        },
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 5}],
        "limits": [{"per": "member", "period": "month", "at_most": 20}],
    }


def test_the_sentence_follows_what_is_typed(house: House, entered: Entered) -> None:
    page = entered("marketer").post(path_of("loyalty_earningrule_sentence", house.program.pk), new_rule())
    assert "When an order is paid" in told(page)
    assert "5 points" in told(page)
    assert not EarningRule.objects.filter(code="app_bonus").exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("effects-0-points", "0", "Points must be above 0."),
        ("conditions-0-operator", "gt", "gt compares numbers or days."),
        ("limits-0-at_most", "0", "A limit must be above 0."),
        ("code", "per_euro", "rules"),
        ("code", "Not a code", "Enter a valid value."),
    ],
)
def test_what_cannot_hold_is_told_beside_its_field(
    field: str, value: str, words: str, house: House, entered: Entered
) -> None:
    page = entered("marketer").post(path_of("loyalty_earningrule_add"), new_rule(**{field: value}))
    assert page.status_code == 422
    assert words in told(page)
    assert not EarningRule.objects.filter(code="app_bonus").exists()


def test_one_who_saves_over_anothers_change_is_told(house: House, entered: Entered) -> None:
    client = entered("marketer")
    row = PointCurrency.objects.get(program=house.program)
    whole = draft_plain(house.program)
    fields = sent_by(CurrencyEditor(plain=whole["currencies"][0], whole=whole))
    assert client.post(path_of("loyalty_pointcurrency_change", row.pk), fields | {"symbol": "★"}).status_code == 302
    page = client.post(path_of("loyalty_pointcurrency_change", row.pk), fields | {"symbol": "♥"})
    assert page.status_code == 422
    assert "Someone changed this draft meanwhile" in told(page)
    assert draft_plain(house.program)["currencies"][0]["symbol"] == "★"


def test_publishing_shows_what_changes_and_takes_what_was_looked_at(house: House, entered: Entered) -> None:
    client = entered("marketer")
    client.post(path_of("loyalty_earningrule_add"), new_rule())
    address = path_of("loyalty_program_publish", house.program.pk)
    page = client.get(address)
    assert "Rule App bonus is added" in told(page)
    assert told(page).count("sg-del") == 0
    assert "code: app_bonus" in told(page)
    revision = Program.objects.get(pk=house.program.pk).draft_revision
    client.post(path_of("loyalty_earningrule_add"), new_rule(code="another"))
    refused = client.post(address, {"revision": revision, "note": "Friday"})
    assert "Someone changed this draft meanwhile" in told(refused)
    assert ProgramVersion.objects.filter(program=house.program).count() == 1
    assert client.post(address, {"revision": revision + 1, "note": "Friday"}).status_code == 302
    newest = ProgramVersion.objects.filter(program=house.program).latest("number")
    assert (newest.number, newest.note) == (2, "Friday")


def test_an_older_version_becomes_the_draft_again(house: House, entered: Entered) -> None:
    client = entered("owner")
    first = ProgramVersion.objects.get(program=house.program)
    client.post(path_of("loyalty_earningrule_add"), new_rule())
    revision = Program.objects.get(pk=house.program.pk).draft_revision
    answer = client.post(path_of("loyalty_programversion_again", first.pk), {"revision": revision})
    assert answer.status_code == 302
    assert not EarningRule.objects.filter(code="app_bonus").exists()


def test_a_file_goes_out_and_comes_in(house: House, entered: Entered) -> None:
    client = entered("marketer")
    text = client.get(path_of("loyalty_program_yaml", house.program.pk)).content.decode()
    address = path_of("loyalty_program_import", house.program.pk)
    revision = Program.objects.get(pk=house.program.pk).draft_revision
    broken = client.post(address, {"text": text.replace("points: 25", "points: many"), "revision": revision})
    assert "rules[1].effects[0].points" in told(broken)
    file = SimpleUploadedFile("program.yaml", text.replace("Review", "Opinion").encode())
    assert client.post(address, {"file": file, "revision": revision}).status_code == 302
    assert EarningRule.objects.get(program=house.program, code="review").body["name"] == "Opinion"


def test_a_row_that_was_asked_for_is_blank_and_reproaches_nothing(house: House, entered: Entered) -> None:
    page = entered("marketer").post(path_of("loyalty_earningrule_add"), new_rule(_more="conditions"))
    assert page.status_code == 200
    assert 'name="conditions-1-name"' in told(page)
    assert "This field is required." not in told(page)
    assert not EarningRule.objects.filter(code="app_bonus").exists()
