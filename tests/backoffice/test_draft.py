"""The draft in ordinary forms: nothing is lost, mistakes stand beside their field, publishing shows what changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import clock
from core.backoffice.columns import actor_names
from core.tables import AuditEntry
from loyalty.admin.problemplaces import placed
from loyalty.definition.lists import piece_key
from loyalty.definition.read import document_decode, document_shape
from loyalty.draftrows import rows_of
from loyalty.drafts import draft_plain, draft_replace
from loyalty.models import (
    DraftPart,
    EarningRule,
    Event,
    Ladder,
    PointCurrency,
    PointsEntry,
    Program,
    ProgramVersion,
    VersionWithdrawal,
)
from loyalty.publishing import program_create, program_publish
from loyalty.templates import template_document, template_documents
from tests.backoffice.browsing import fields_of_page
from tests.backoffice.conftest import House
from tests.backoffice.sent import DEEP, form_sent, new_rule, refusals, told
from tests.backoffice.test_pages import path_of
from tests.loyalty import shop

Entered = Callable[[str], Client]
TRY = {
    "t.member": "Anna",
    "t.what": "made_up",
    "t.shape": "OrderPaid",
    "t.order.number": "TRY-1",
    "t.order.currency": "EUR",
    "t.order.total_minor": "25.00",
    "t.order.channel": "app",
    "_do": "try",
}


@pytest.mark.parametrize("key", sorted(template_documents()))
def test_a_piece_that_is_saved_unchanged_stays_as_it_is(key: str, brand: Any, entered: Entered) -> None:
    client = entered("owner")
    program = Program.objects.get(pk=program_create(slug="tpl", document=template_document(key), actor=shop.STAFF).pk)
    before = draft_plain(program)
    for model, kind, name in (
        (PointCurrency, "currencies", "pointcurrency"),
        (Ladder, "ladders", "ladder"),
        (EarningRule, "rules", "earningrule"),
    ):
        for row in model.objects.filter(program=program):
            plain = next(each for each in before[kind] if each["code"] == row.code)
            answer = client.post(path_of(f"loyalty_{name}_change", row.pk), form_sent(kind, plain, before))
            assert answer.status_code == 302, refusals(answer)
    for part in DraftPart.objects.filter(program=program):
        plain = next(each for each in before[part.kind] if piece_key(part.kind, each) == part.code)
        answer = client.post(path_of("loyalty_draftpart_change", part.pk), form_sent(part.kind, plain, before))
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
    fields = form_sent("rules", dict(DEEP), whole) | {"p.name.en": "Deeper", "p.effects.0.points": "2"}
    client = entered("marketer")
    answer = client.post(path_of("loyalty_earningrule_change", row.pk), fields)
    assert answer.status_code == 302, refusals(answer)
    after = next(each for each in draft_plain(house.program)["rules"] if each["code"] == "deep")
    wanted = {**DEEP, "name": {"en": "Deeper", "fr": "Profond"}}
    wanted["effects"] = [{**DEEP["effects"][0], "points": 2}]  # type: ignore[index]  # there is one here
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
        ("p.effects.0.points", "0", "Punten: dit moet meer dan 0 zijn."),
        ("p.effects.0.points", "0", "Zet een getal zoals 1 of 0,5, hoogstens een miljard."),
        ("p.priority", "9999999", "een geheel getal van -100000 tot en met 100000"),
        ("p.code", "Not a code", "kleine letters, cijfers en"),
    ],
)
def test_what_cannot_hold_is_told_in_dutch_to_whoever_reads_dutch(
    field: str, value: str, words: str, house: House, entered: Entered
) -> None:
    client = entered("marketer")
    client.cookies["django_language"] = "nl"
    page = client.post(path_of("loyalty_earningrule_add"), new_rule(**{field: value}))
    assert page.status_code == 422
    assert words in told(page)


def test_what_stands_in_the_way_of_publishing_is_told_in_dutch(house: House, entered: Entered) -> None:
    client = entered("marketer")
    client.cookies["django_language"] = "nl"
    plain = draft_plain(house.program)
    plain["rules"] = [{**plain["rules"][0], "trigger": "order.returned"}]
    seen = house.program.draft_revision
    draft_replace(program=house.program, document=document_shape(plain), expected_revision=seen, actor=shop.STAFF)
    page = told(client.get(path_of("loyalty_program_publish", house.program.pk)))
    assert "De regel kan nooit afgaan: een retour neemt terug wat de bestelling gaf en geeft niets." in page


def test_a_rule_that_can_never_fire_is_told_by_its_name_and_its_conditions_sentences(
    house: House, entered: Entered
) -> None:
    tests = [{"kind": "attribute", "path": "order.channel", "operator": "eq", "value": each} for each in ("app", "web")]
    plain = draft_plain(house.program)
    first = plain["rules"][0]
    plain["rules"] = [{**first, "name": "App and web", "when": {"kind": "all", "of": tests}}, *plain["rules"][1:]]
    seen = house.program.draft_revision
    draft_replace(program=house.program, document=document_shape(plain), expected_revision=seen, actor=shop.STAFF)
    client = entered("marketer")
    client.cookies["django_language"] = "nl"
    page = told(client.get(path_of("loyalty_program_publish", house.program.pk)))
    assert "Spaarregel “App and web” › Voorwaarden" in page
    assert "“kanaal is web” is nooit zo samen met “kanaal is app”" in page
    tried = told(client.post(path_of("loyalty_earningrule_add"), new_rule() | TRY))
    assert "Spaarregel “App and web” › Voorwaarden: De regel kan nooit afgaan" in tried
    for each in (page, tried):
        assert "rules[0]" not in each


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("p.effects.0.points", "0", "Points must be above 0."),
        ("p.effects.0.points", "many", "Say a number such as 5 or 2.5."),
        ("p.effects.0.points", "", "Fill this in."),
        ("p.when.of.0.operator", "gt", "gt compares numbers or days."),
        ("p.limits.0.at_most", "0", "A limit must be above 0."),
        ("p.priority", "9999999", "a whole number from -100000 up to 100000"),
        ("p.code", "per_euro", "rules"),
        ("p.code", "Not a code", "doesn&#x27;t fit here."),
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
    fields = form_sent("currencies", whole["currencies"][0], whole)
    assert client.post(path_of("loyalty_pointcurrency_change", row.pk), fields | {"p.symbol": "★"}).status_code == 302
    page = client.post(path_of("loyalty_pointcurrency_change", row.pk), fields | {"p.symbol": "♥"})
    assert page.status_code == 422
    # Once, above the form; what the form says stays where it stood.
    assert told(page).count("marketer@team.example changed this draft on") == 1
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
    client.post(path_of("loyalty_earningrule_add"), new_rule(p__code="another"))
    refused = client.post(address, {"revision": revision, "note": "Friday"})
    assert "marketer@team.example changed this draft on" in told(refused)
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


def _double(house: House) -> Program:
    """The draft with twice the points for a euro."""
    plain = draft_plain(house.program)
    plain["rules"][0]["effects"][0]["points"] = 2
    revision = Program.objects.get(pk=house.program.pk).draft_revision
    return draft_replace(
        program=house.program, document=document_decode(plain), expected_revision=revision, actor=shop.STAFF
    )


def test_a_scheduled_version_is_withdrawn_with_a_reason(house: House, entered: Entered) -> None:
    row = _double(house)
    later = clock.now() + timedelta(days=3)
    version = program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision, in_force_from=later)
    client = entered("owner")
    withdraw = path_of("loyalty_programversion_withdraw", version.pk)
    assert withdraw in told(client.get(path_of("loyalty_program_change", row.pk)))
    assert withdraw in told(client.get(path_of("loyalty_programversion_change", version.pk)))
    assert "never will" in told(client.get(withdraw))
    page = told(client.get(path_of("loyalty_programversion_change", version.pk)))
    assert "scheduled" in page
    assert "to_come" not in page
    assert "+00:00" not in page
    assert entered("support").post(withdraw).status_code == 403
    assert not VersionWithdrawal.objects.exists()
    assert client.post(withdraw, {"reason": "Wrong week"}).status_code == 302
    page = told(client.get(path_of("loyalty_programversion_change", version.pk)))
    assert "it never took effect" in page
    assert "Wrong week" in page
    assert withdraw not in page
    assert "withdrawn" in told(client.get(path_of("loyalty_programversion_changelist")))
    again = client.post(withdraw, {"reason": "Twice"}, follow=True)
    assert "was withdrawn before" in told(again)


def test_an_older_version_is_published_again_after_its_difference_is_shown(house: House, entered: Entered) -> None:
    row = _double(house)
    program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision)
    first, second = ProgramVersion.objects.filter(program=row).order_by("number")
    client = entered("owner")
    address = path_of("loyalty_programversion_publish", first.pk)
    assert address in told(client.get(path_of("loyalty_programversion_change", first.pk)))
    assert path_of("loyalty_programversion_publish", second.pk) not in told(
        client.get(path_of("loyalty_programversion_change", second.pk))
    )
    page = client.get(address)
    fields = dict(fields_of_page(told(page)))
    assert "Version 2" in told(page)
    assert (fields["newest"], fields["revision"]) == ("2", str(row.draft_revision))
    refused = client.post(address, {**fields, "newest": "1"})
    assert "published version 2 on" in told(refused)
    assert client.post(address, fields).status_code == 302
    made = ProgramVersion.objects.filter(program=row).latest("number")
    assert (made.number, made.note, made.document) == (3, "Version 1 again", first.document)
    assert draft_plain(row)["rules"][0]["effects"][0]["points"] == 2
    assert "the newest version says the same" in told(client.get(address))


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
    fields = new_rule(_do="add:p.when.of:attribute", p__code="")
    page = entered("marketer").post(path_of("loyalty_earningrule_add"), fields)
    assert page.status_code == 200
    assert 'name="p.when.of.2.path"' in told(page)
    assert "Fill this in." not in told(page)
    assert not EarningRule.objects.filter(code="app_bonus").exists()


def test_the_programs_settings_and_stacking_are_written_with_ordinary_fields(house: House, entered: Entered) -> None:
    client = entered("marketer")
    address = path_of("loyalty_program_change", house.program.pk)
    fields = dict(fields_of_page(told(client.get(address)).partition('id="piece"')[2]))
    stacked = {"p.stacking.rows": "1", "p.stacking.0.key": "base", "p.stacking.0.value": "best_for_member"}
    answer = client.post(address, fields | stacked | {"p.program.name.en": "Club of friends"})
    assert answer.status_code == 302, refusals(answer)
    plain = draft_plain(Program.objects.get(pk=house.program.pk))
    assert plain["stacking"] == {"base": "best_for_member"}
    assert plain["program"]["name"] == "Club of friends"
    empty = {"p.stacking.rows": "1", "p.stacking.0.key": "promo", "p.stacking.0.value": "first_match"}
    fields = dict(fields_of_page(told(client.get(address)).partition('id="piece"')[2]))
    assert client.post(address, fields | empty).status_code == 302, "its rule may come later"
    assert "No rule belongs to the stacking group &#x27;promo&#x27;" in told(client.get(address))
    again = client.post(address, fields | {"p.program.name.en": "Late"})
    assert again.status_code == 422
    assert "marketer@team.example changed this draft on" in told(again)


def test_a_piece_of_any_further_list_is_made_changed_and_deleted(house: House, entered: Entered) -> None:
    client = entered("marketer")
    fields = {
        "seen": "", "p.code": "visits", "p.name.en": "Visits", "p.trigger": "store.checked_in",
        "p.measure.kind": "distinct_days",
    }  # fmt: skip
    address = f"{path_of('loyalty_draftpart_add')}?list=counters"
    assert "Add counter" in told(client.get(address))
    answer = client.post(address, fields)
    assert answer.status_code == 302, refusals(answer)
    made = {"code": "visits", "name": "Visits", "trigger": "store.checked_in", "measure": {"kind": "distinct_days"}}
    assert draft_plain(house.program)["counters"] == [made]
    part = DraftPart.objects.get(code="visits")
    assert "Visits" in told(client.get(f"{path_of('loyalty_draftpart_changelist')}?list=counters"))
    changed = form_sent("counters", made, draft_plain(house.program)) | {"p.name.nl": "Bezoeken"}
    assert client.post(path_of("loyalty_draftpart_change", part.pk), changed).status_code == 302
    assert draft_plain(house.program)["counters"][0]["name"] == {"en": "Visits", "nl": "Bezoeken"}
    assert client.post(path_of("loyalty_draftpart_delete", part.pk), {"post": "yes"}).status_code == 302
    assert "counters" not in draft_plain(house.program)
    assert client.get(f"{path_of('loyalty_draftpart_add')}?list=nonsense").status_code == 404


def test_a_rule_is_tried_as_it_stands_in_the_form_and_nothing_is_written(house: House, entered: Entered) -> None:
    before = (Event.objects.count(), PointsEntry.objects.count(), draft_plain(house.program))
    fields = new_rule(p__priority="5") | TRY | {"p.when.of.rows": "1", "t.chosen": str(house.member.pk)}
    client = entered("marketer")
    page = told(client.post(path_of("loyalty_earningrule_add"), fields))
    money = page.partition('name="t.order.currency"')[2].partition("</select>")[0]
    assert "EUR" in money
    assert "points" not in money, "an order is paid in money"
    assert "It would give:" in page
    assert "5 points" in page
    nothing = told(client.post(path_of("loyalty_earningrule_add"), fields | {"t.order.channel": "phone"}))
    assert "This did not hold: channel is one of app or web." in nothing
    assert "The event: When an order is paid (order.paid)" in nothing
    amount = told(client.post(path_of("loyalty_earningrule_add"), fields | {"t.order.total_minor": "much"}))
    assert re.search("[Tt]otal of the order: Say an amount such as 25.00", amount)
    lacks = told(client.post(path_of("loyalty_earningrule_add"), fields | {"p.effects.0.points": ""}))
    assert "Fill in what is missing" in lacks
    past = Event.objects.filter(member=house.member, type="order.paid").latest("occurred_at")
    again = told(client.post(path_of("loyalty_earningrule_add"), fields | {"t.what": str(past.pk)}))
    assert "This did not hold" in again
    assert (Event.objects.count(), PointsEntry.objects.count(), draft_plain(house.program)) == before


def test_a_past_order_is_found_by_its_number_and_tried_again(house: House, entered: Entered) -> None:
    client, address = entered("marketer"), path_of("loyalty_earningrule_add")
    page = told(client.get(address))
    number = page.partition('name="t.order.number"')[0].rpartition("<")[2]
    assert number.startswith("input"), "one line, not a box of text"
    fields = new_rule(p__priority="5") | {
        "p.when.of.rows": "1",
        "t.member": "A-1",
        "t.shape": "OrderPaid",
        "_do": "try",
    }
    tried = told(client.post(address, fields))
    chosen = tried.partition('id="t-what"')[2].partition("</select>")[0].partition(" selected>")[2]
    assert "A-1 · €200.00" in chosen.partition("</option>")[0]
    assert "It would give:" in tried
    below = told(client.post(address, fields | {"t.found": "A-1", "t.what": "made_up"}))
    assert " selected>" not in below.partition('id="t-what"')[2].partition("</select>")[0], "the one below was chosen"


def test_a_program_is_called_by_its_name_in_the_readers_language(house: House, entered: Entered) -> None:
    named = {"en": "Friends' club", "nl": "Vriendenclub"}
    shop.publish(house.program, {**shop.DOCUMENT, "program": {**shop.DOCUMENT["program"], "name": named}})
    client = entered("marketer")
    pages = [path_of("loyalty_program_changelist"), path_of("loyalty_program_change", house.program.pk)]
    assert all("Friends&#x27; club" in told(client.get(each)) for each in pages)
    client.cookies["django_language"] = "nl"
    for each in pages:
        dutch = told(client.get(each))
        assert "Vriendenclub" in dutch
        assert "Friends&#x27; club" not in dutch.partition("<form")[0].rpartition("<main")[2]
    shop.publish(house.program, shop.DOCUMENT)
    assert ">Club<" in told(client.get(pages[0]))


def test_what_stands_in_the_way_of_publishing_leads_to_its_field(house: House, entered: Entered) -> None:
    rule = EarningRule.objects.get(program=house.program, code="review")
    rule.body = {**rule.body, "effects": [{"kind": "points_fixed", "currency": "gone", "points": 5}]}
    rule.save()
    page = told(entered("owner").get(path_of("loyalty_program_publish", house.program.pk)))
    assert f"{path_of('loyalty_earningrule_change', rule.pk)}#p-effects-0-currency" in page


def test_from_a_rule_a_link_leads_to_its_program_where_it_is_published(house: House, entered: Entered) -> None:
    rule = rows_of(house.program, "rules")[0]
    page = told(entered("marketer").get(path_of("loyalty_earningrule_change", rule.pk)))
    program = path_of("loyalty_program_change", house.program.pk)
    assert f'href="{program}">To the program</a>' in page.partition("<form")[0] + page.partition("Members notice")[2]


@pytest.mark.parametrize(
    ("days", "shown"), [(["sat"], "mon tue wed thu fri sat sun"), (["sun", "sat"], "sun sat mon tue wed thu fri")]
)
def test_ticks_stand_in_their_own_order_unless_the_draft_has_another(
    days: list[str], shown: str, house: House, entered: Entered
) -> None:
    row = rows_of(house.program, "rules")[0]
    row.body = {**row.body, "when": {"kind": "time", "weekdays": days}}
    row.save()
    page = told(entered("marketer").get(path_of("loyalty_earningrule_change", row.pk)))
    assert re.findall(r'name="p\.when\.weekdays" value="(\w+)"', page) == shown.split()


def test_the_way_to_a_rule_names_it_as_its_reader_would(house: House, entered: Entered) -> None:
    row = EarningRule.objects.get(program=house.program, code="per_euro")
    row.body = {**row.body, "name": {"en": "Happy hour", "nl": "Borreluur"}}
    row.save()
    address = path_of("loyalty_earningrule_change", row.pk)
    english, dutch = entered("owner"), entered("owner")
    dutch.cookies["django_language"] = "nl"
    for client, name in ((english, "Happy hour"), (dutch, "Borreluur")):
        heading = told(client.get(address)).partition("<h1")[2].partition("</h1>")[0]
        assert name in heading
        assert "er_euro" not in heading
    assert str(EarningRule(code="bare", body={"name": 7})) == "bare"


def test_what_stands_in_the_way_is_told_by_piece_and_field(house: House) -> None:
    rule = rows_of(house.program, "rules")[0]
    asked = [{"path": path, "problem": "", "mend": ""} for path in ("rules[0].priority", "rules[0]", "program.name")]
    field, whole, setting = placed(house.program, asked)
    assert field["place"] == f"Earning rule “{rule}” › Priority"
    assert field["url"] == f"{path_of('loyalty_earningrule_change', rule.pk)}#p-priority"
    assert whole["place"] == f"Earning rule “{rule}”"
    assert setting["place"] == "Name"


@pytest.mark.parametrize(
    ("actor", "told"), [("system:demo", "the product itself"), ("api:7bs7", "API key 7bs7"), ("member:1", "the member")]
)
def test_whoever_is_no_person_of_the_team_is_told_in_words(actor: str, told: str) -> None:
    assert actor_names([actor, "user:x"]) == {actor: told}
