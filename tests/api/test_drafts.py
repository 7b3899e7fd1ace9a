"""A program's draft over REST: out and in again without loss, refused with the place, published once for each key."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loyalty.definition.read import document_plain
from loyalty.models import Program, ProgramVersion
from loyalty.publishing import program_create
from loyalty.templates import template_document, template_documents
from tests.api.cast import refused
from tests.loyalty import shop

DRAFT = "programs/club/draft"


@pytest.fixture
def club(brand: Any) -> Program:
    return shop.program()


def _changed() -> dict[str, Any]:
    document = deepcopy(shop.DOCUMENT)
    document["rules"][1]["effects"][0]["points"] = 30
    return document


@pytest.mark.parametrize("key", sorted(template_documents()))
def test_every_template_goes_in_and_comes_out_the_same(key: str, api: Any, club: Program) -> None:
    wanted = document_plain(template_document(key))
    put = api.send("PUT", DRAFT, {"revision": 1, "document": wanted})
    assert put.status_code == 200, put.content
    assert put.json()["document"] == wanted
    program_create(slug="other", document=put.json()["document"], actor=shop.STAFF)
    assert api.get("programs/other/versions/1").json()["document"] == wanted
    assert api.get("programs/other/draft").json()["document"] == wanted


def test_a_draft_says_what_would_change_and_is_published_once_for_each_key(api: Any, club: Program) -> None:
    assert api.get(DRAFT).json()["changes"] == []
    put = api.send("PUT", DRAFT, {"revision": 1, "document": _changed()}).json()
    assert [each["path"] for each in put["changes"]] == ["rules.review.effects"]
    assert (put["revision"], put["problems"]) == (2, [])
    made = api.post(f"{DRAFT}/publish", {"revision": 2, "note": "More"}, once="p-1")
    assert (made.status_code, made.json()["number"]) == (201, 2), made.content
    assert made["Location"] == "/api/v1/programs/club/versions/2"
    assert api.post(f"{DRAFT}/publish", {"revision": 2, "note": "More"}, once="p-1").json() == made.json()
    assert ProgramVersion.objects.filter(program=club).count() == 2
    refused(api.post(f"{DRAFT}/publish", {"revision": 2}, once="p-2"), 422, "invalid_input", "draft")


def test_whoever_comes_second_hears_who_was_first(api: Any, club: Program) -> None:
    api.send("PUT", DRAFT, {"revision": 1, "document": _changed()})
    late = refused(api.send("PUT", DRAFT, {"revision": 1, "document": shop.DOCUMENT}), 409, "draft_changed")
    assert "changed this draft on" in late["detail"]
    assert late["changed_by"].startswith("api:")
    assert refused(api.post(f"{DRAFT}/publish", {"revision": 1}, once="a"), 409, "draft_changed")["found"] == 2
    assert api.get(DRAFT).json()["document"]["rules"][1]["effects"][0]["points"] == 30


def test_conditions_that_exclude_each_other_come_with_both_their_places(api: Any, club: Program) -> None:
    wrong = _changed()
    tests = [{"kind": "attribute", "path": "order.channel", "operator": "eq", "value": each} for each in ("app", "web")]
    wrong["rules"][0]["when"] = {"kind": "all", "of": tests}
    [told] = api.send("PUT", DRAFT, {"revision": 1, "document": wrong}).json()["problems"]
    assert (told["path"], told["other"]) == ("rules[0].when.of[1]", "rules[0].when.of[0]")
    assert "“channel is web”" in told["problem"]
    refusal = refused(api.post(f"{DRAFT}/publish", {"revision": 2}, once="a"), 422, "program_invalid")
    assert refusal["problems"] == [told]


def test_mistakes_come_with_their_places_and_change_nothing(api: Any, club: Program) -> None:
    wrong = _changed()
    wrong["rules"][0]["effectz"] = []
    told = refused(api.send("PUT", DRAFT, {"revision": 1, "document": wrong}), 422, "program_invalid")
    assert told["problems"][0]["path"].startswith("rules[0]")
    assert api.get(DRAFT).json()["revision"] == 1
    lacks = _changed()
    lacks["rules"][0]["effects"][0]["currency"] = "stars"
    taken = api.send("PUT", DRAFT, {"revision": 1, "document": lacks}).json()
    assert "rules[0].effects[0].currency" in [each["path"] for each in taken["problems"]]
    told = refused(api.post(f"{DRAFT}/publish", {"revision": 2}, once="a"), 422, "program_invalid")
    assert told["problems"] == taken["problems"]
    assert ProgramVersion.objects.count() == 1
    refused(api.get("programs/none/draft"), 404, "program_not_found", "program")
