"""Members over REST."""

from __future__ import annotations

import pytest

from members.models import Consent, Member
from tests.api.cast import refused


def test_a_member_is_made_enrolled_and_can_be_read_back(api, club):
    made = api.post("members", {"email": "Mina@Example.com", "external_id": "C-7", "name": "Mina", "language": "nl"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["email"], body["acquisition_channel"], body["status"]) == ("mina@example.com", "api", "active")
    assert made["Location"] == f"/api/v1/members/{body['id']}"
    assert api.get(made["Location"]).json() == body
    assert api.get("members/ext:C-7").json() == body
    balances = api.get("members/ext:C-7/balances")
    assert [each["currency"] for each in balances.json()["balances"]] == ["points"]


def test_the_same_key_makes_one_member(api, club):
    first = api.post("members", {"external_id": "C-7"}, once="k1")
    again = api.post("members", {"external_id": "C-7"}, once="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["Location"] == again["Location"]
    assert Member.objects.count() == 1
    refused(api.post("members", {"external_id": "C-8"}, once="k1"), 422, "idempotency_key_reused")


def test_a_taken_email_or_number_is_a_conflict(api, anna):
    refused(api.post("members", {"external_id": "C-1"}), 409, "external_id_taken", "external_id")
    refused(api.post("members", {"email": anna.email.upper()}), 409, "email_taken", "email")
    assert Member.objects.count() == 1


def test_every_wrong_field_is_named_at_once(api):
    problem = refused(
        api.post("members", {"email": 5, "language": "de", "colour": "red"}), 422, "invalid_input", "email"
    )
    assert [each["field"] for each in problem["errors"]] == ["email", "language", "colour"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"external_id": "a\u0007b"}, "external_id"),
        ({"external_id": "C", "birth_date": "1999-02-30"}, "birth_date"),
        ({"external_id": "C", "birth_date": "2999-01-01"}, "birth_date"),
        ({"external_id": "C", "name": "x" * 121}, "name"),
        ({"external_id": "C", "is_test": "yes"}, "is_test"),
        ([], None),
        ("x", None),
        (None, None),
    ],
)
def test_a_wrong_member_is_refused(api, body, field):
    answer = api.post("members", body if body is not None else b"null")
    refused(answer, 422, "invalid_input", field)
    assert not Member.objects.exists()


def test_a_change_changes_what_is_sent_and_nothing_else(api, anna):
    changed = api.patch("members/ext:C-1", {"name": "Anna B.", "birth_date": "1990-05-01"}).json()
    assert (changed["name"], changed["birth_date"], changed["external_id"]) == ("Anna B.", "1990-05-01", "C-1")
    emptied = api.patch("members/ext:C-1", {"birth_date": None}).json()
    assert (emptied["name"], emptied["birth_date"]) == ("Anna B.", None)
    refused(api.patch("members/ext:C-1", {"status": "suspended"}), 422, "invalid_input", "status")


def test_members_are_listed_in_pages_both_ways(api):
    for number in range(5):
        api.post("members", {"external_id": f"C-{number}"})
    pages, address = [], "members?page_size=2"
    while address:
        page = api.get(address).json()
        pages.append(page)
        address = page["next"]
    names = [[each["external_id"] for each in page["results"]] for page in pages]
    assert names == [["C-4", "C-3"], ["C-2", "C-1"], ["C-0"]]
    back = api.get(pages[2]["previous"]).json()
    assert [each["external_id"] for each in back["results"]] == names[1]
    first = api.get(back["previous"]).json()
    assert ([each["external_id"] for each in first["results"]], first["previous"]) == (names[0], None)


def test_members_are_found_by_email_number_and_change(api, anna):
    assert len(api.get(f"members?email={anna.email.upper()}").json()["results"]) == 1
    assert len(api.get("members?external_id=C-1").json()["results"]) == 1
    assert api.get("members?external_id=C-2").json()["results"] == []
    assert len(api.get("members?updated_since=2020-01-01T00:00:00Z").json()["results"]) == 1
    assert api.get("members?updated_since=2999-01-01T00:00:00Z").json()["results"] == []


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("cursor=rubbish", "cursor_invalid", "cursor"),
        ("cursor=bi0x", "cursor_invalid", "cursor"),
        ("cursor=bjk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor_invalid", "cursor"),
        ("page_size=0", "invalid_query", "page_size"),
        ("page_size=201", "invalid_query", "page_size"),
        ("page_size=%EF%BC%91%EF%BC%92", "invalid_query", "page_size"),
        ("page_size=" + "9" * 5000, "invalid_query", "page_size"),
        ("updated_since=yesterday", "invalid_query", "updated_since"),
        ("updated_since=2026-01-01T00:00:00", "invalid_query", "updated_since"),
    ],
)
def test_a_wrong_parameter_is_refused(api, query, code, field):
    refused(api.get(f"members?{query}"), 400, code, field)


@pytest.mark.parametrize(
    "reference", ["01a2028e-0000-7000-8000-000000000000", "ext:nobody", "7", "me", "ext:", "%F0%9F%98%80", "a" * 4000]
)
def test_who_isnt_there_is_404(api, reference):
    for rest in ("", "/balances", "/tiers", "/ledger", "/consents"):
        refused(api.get(f"members/{reference}{rest}"), 404, "member_not_found", "member")


def test_consents_are_added_never_edited_and_the_same_answer_adds_nothing(api, anna):
    told = {"purpose": "marketing_email", "granted": True, "text_version": "2026-03"}
    first = api.post("members/ext:C-1/consents", told)
    assert first.status_code == 201, first.content
    assert first.json()["source"] == "api"
    again = api.post("members/ext:C-1/consents", told)
    assert (again.status_code, again.json()) == (200, first.json())
    assert api.post("members/ext:C-1/consents", {**told, "granted": False}).status_code == 201
    listed = api.get("members/ext:C-1/consents").json()["results"]
    assert [each["granted"] for each in listed] == [False, True]
    refused(api.post("members/ext:C-1/consents", {**told, "purpose": "sell_my_data"}), 422, "invalid_input", "purpose")
    assert Consent.objects.count() == 2
