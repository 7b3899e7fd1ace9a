"""Balances, tiers, the ledger and adjustments over REST."""

from __future__ import annotations

from loyalty.models import PointsEntry
from tests.api.cast import refused, statements
from tests.loyalty import shop


def adjust(api, points: int, once: str | None = "a-1", **more):
    return api.post(
        "members/ext:C-1/adjustments", {"currency": "points", "points": points, "reason": "Sorry", **more}, once=once
    )


def test_an_adjustment_is_booked_once_with_its_reason(api, anna):
    first = adjust(api, 50)
    assert first.status_code == 201, first.content
    assert (first.json()["kind"], first.json()["points"], first.json()["initiated_by"]) == ("adjust", 50, "partner")
    assert adjust(api, 50).json() == first.json()
    assert PointsEntry.objects.count() == 1
    refused(adjust(api, 51), 422, "idempotency_key_reused")


def test_an_adjustment_needs_a_key_a_reason_and_points(api, anna):
    refused(adjust(api, 50, once=None), 400, "idempotency_key_missing")
    refused(adjust(api, 50, reason=""), 422, "invalid_input", "reason")
    refused(adjust(api, 50, reason="  "), 422, "adjustment_empty", "reason")
    refused(adjust(api, 0), 422, "adjustment_empty", "points")
    refused(adjust(api, 2**62), 422, "invalid_input", "points")
    refused(adjust(api, 5, currency="gold"), 422, "invalid_input", "currency")
    refused(adjust(api, 5, once="x" * 201), 422, "invalid_input", "Idempotency-Key")
    assert not PointsEntry.objects.exists()


def test_no_more_can_be_taken_than_there_is_and_the_key_stays_free(api, anna):
    refused(adjust(api, -1), 409, "insufficient_points")
    assert adjust(api, 10).status_code == 201
    taken = adjust(api, -4, once="a-2").json()
    assert (taken["points"], taken["draws"][0]["points"], taken["lot"]) == (-4, -4, None)


def test_the_ledger_is_read_in_pages_with_the_lots_behind_each_line(api, anna):
    for number in range(5):
        adjust(api, 10 + number, once=f"a-{number}")
    first = api.get("members/ext:C-1/ledger?page_size=2").json()
    assert [each["points"] for each in first["results"]] == [14, 13]
    second = api.get(first["next"]).json()
    assert [each["points"] for each in second["results"]] == [12, 11]
    assert first["results"][0]["lot"]["granted"] == 14
    assert api.get("members/ext:C-1/ledger?since=2999-01-01T00:00:00Z").json()["results"] == []
    assert api.get("members/ext:C-1/ledger?currency=gold").json()["results"] == []


def test_a_page_of_the_ledger_costs_the_same_whatever_its_length(api, anna):
    adjust(api, 10, once="a-0")
    one = len(statements(lambda: api.get("members/ext:C-1/ledger")))
    for number in range(1, 9):
        adjust(api, -1, once=f"a-{number}")
    assert len(statements(lambda: api.get("members/ext:C-1/ledger"))) <= one + 1


def test_a_member_without_a_place_and_an_unknown_program_are_404(api, club):
    shop.member("Ben", external_id="C-2")
    refused(api.get("members/ext:C-2/balances"), 404, "not_enrolled")
    refused(api.get("members/ext:C-2/balances?program=none"), 404, "not_enrolled", "program")


def test_of_two_programs_one_must_be_named(api, anna):
    second = shop.program(slug="second")
    shop.place(anna, second)
    refused(api.get("members/ext:C-1/balances"), 422, "program_required", "program")
    assert api.get("members/ext:C-1/balances?program=second").json()["program"] == "second"


def test_programs_and_their_versions_can_be_read(api, club):
    listed = api.get("programs").json()["results"]
    assert [(each["slug"], each["version"]) for each in listed] == [("club", 1)]
    assert api.get("programs/club").json()["versions"][0]["number"] == 1
    document = api.get("programs/club/versions/1").json()["document"]
    assert document["rules"][0]["code"] == "per_euro"
    schema = api.get("programs/schema.json").json()
    assert schema["$schema"].endswith("2020-12/schema")
    refused(api.get("programs/none"), 404, "program_not_found", "program")
    refused(api.get("programs/club/versions/9"), 404, "not_found", "number")
    refused(api.get(f"programs/club/versions/{10**30}"), 404, "not_found", "number")
