"""Bulk: each row is answered on its own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.errors import Busy
from core.models import IdempotencyRecord
from core.problems import problem_document
from loyalty.ingest import Answer
from loyalty.models import Event, PointsEntry
from tests.api.cast import refused
from tests.loyalty import shop

NDJSON = "application/x-ndjson"


def paid() -> int:
    return Event.objects.filter(type="order.paid").count()


def rows(anna) -> list[dict[str, Any]]:
    return [
        shop.order(anna, 10, "INV-1"),
        {**shop.order(anna, 10, "INV-2"), "member": {"external_id": "nobody"}},
        shop.order(anna, 20, "INV-3"),
        shop.order(anna, 10, "INV-4", total_minor=-1),
        shop.order(anna, 99, "INV-1"),
        {"id": "INV-5"},
    ]


def test_bad_rows_are_answered_and_left_out_good_ones_are_booked(api, anna):
    given = rows(anna)
    answer = api.post("events/bulk", {"events": given})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert [each["status"] for each in body["results"]] == [201, 422, 201, 422, 409, 422]
    assert [each["index"] for each in body["results"]] == [0, 1, 2, 3, 4, 5]
    assert (body["accepted"], body["repeated"], body["refused"]) == (2, 0, 4)
    assert body["results"][1]["problem"]["code"] == "unknown_member"
    assert body["results"][3]["problem"]["field"] == "data.order.total_minor"
    assert body["results"][5]["id"] == "INV-5"
    assert paid() == 2
    again = api.post("events/bulk", {"events": given}).json()
    assert [each["status"] for each in again["results"]] == [200, 422, 200, 422, 409, 422]
    assert PointsEntry.objects.count() == 2


def test_rows_that_no_reader_agrees_on_are_answered_on_their_own(api, anna):
    good = msgspec.json.encode(shop.order(anna, 10, "INV-1"))
    bad = [
        b'{"id": "a", "id": "b"}',
        b'{"id": NaN}',
        b'{"id": 1e400}',
        b'{"id": "\\u0000"}',
        b'{"id": "\\udc00"}',
        b'{"id": 9223372036854775808}',
        b"[" * 40 + b"]" * 40,
        b"7",
        b"null",
    ]
    raw = b'{"events": [' + b",".join([*bad, good]) + b"]}"
    results = api.post("events/bulk", raw).json()["results"]
    assert [each["status"] for each in results] == [400] * 7 + [422] * 2 + [201]
    codes = [each["problem"]["code"] for each in results[:-1]]
    assert codes[:3] == ["duplicate_key", "number_out_of_range", "number_out_of_range"]
    assert codes[6] == "nested_too_deeply"


def test_lines_of_json_are_a_bulk_too_and_a_broken_line_is_a_bad_row(api, anna):
    good = msgspec.json.encode(shop.order(anna, 10, "INV-1"))
    raw = good + b"\n\nnot json\r\n" + msgspec.json.encode(shop.order(anna, 20, "INV-2"))
    results = api.post("events/bulk", raw, media=NDJSON).json()["results"]
    assert [each["status"] for each in results] == [201, 400, 201]
    assert results[1]["problem"]["code"] == "malformed_body"


def test_the_same_bulk_with_the_same_key_gets_the_first_answer(api, anna):
    given = {"events": rows(anna)}
    first = api.post("events/bulk", given, once="b-1")
    again = api.post("events/bulk", given, once="b-1")
    assert first.json() == again.json()
    refused(api.post("events/bulk", {"events": given["events"][:1]}, once="b-1"), 422, "idempotency_key_reused")
    assert paid() == 2


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 422, "invalid_input", "events"),
        ([], 422, "invalid_input", None),
        ({"events": {}}, 422, "invalid_input", "events"),
        ({"events": []}, 422, "invalid_input", "events"),
        ({"events": [{}], "more": 1}, 422, "invalid_input", "more"),
        ({"events": [{}] * 1001}, 422, "too_many_rows", "events"),
        (b'{"events": [], "events": []}', 400, "duplicate_key", "events"),
        (b'{"events": [{}], "x": NaN}', 400, "number_out_of_range", "x"),
    ],
)
def test_a_body_that_is_no_bulk_is_refused_whole(api, club, body, status, code, field):
    refused(api.post("events/bulk", body), status, code, field)


def test_more_than_a_thousand_lines_are_refused_whole(api, anna):
    refused(api.post("events/bulk", b"{}\n" * 1001, media=NDJSON), 422, "too_many_rows")


def test_a_thousand_events_are_one_bulk(api, anna):
    given = [shop.order(anna, 1, f"INV-{number}") for number in range(1000)]
    body = api.post("events/bulk", {"events": given}).json()
    assert body["accepted"] == 1000
    assert shop.balance(anna.enrollments.get()) == 1000


def test_a_bulk_with_a_row_that_failed_on_our_side_may_be_sent_again_under_its_key(api, anna, monkeypatch):
    from loyalty.api import events as door

    real = door.event_ingest_raw  # type: ignore[attr-defined]  # a name of the module

    def half(given, *, actor):
        busy = Busy()
        return [*real(given[:1], actor=actor), Answer(503, problem_document(busy), busy)]

    given = {"events": [shop.order(anna, 10, "INV-1"), shop.order(anna, 20, "INV-2")]}
    with monkeypatch.context() as moment:
        moment.setattr(door, "event_ingest_raw", half)
        first = api.post("events/bulk", given, once="b-1").json()
    assert [each["status"] for each in first["results"]] == [201, 503]
    assert not IdempotencyRecord.objects.exists()
    again = api.post("events/bulk", given, once="b-1").json()
    assert [each["status"] for each in again["results"]] == [200, 201]
    assert api.post("events/bulk", given, once="b-1").json() == again, "this one is final and kept"
    assert paid() == 2
