"""Events over REST: a purchase becomes points, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core import clock
from core.ids import uuid7
from core.models import IdempotencyRecord
from loyalty.models import Event, PointsEntry
from tests.api.cast import refused
from tests.loyalty import shop


@pytest.fixture
def order(anna) -> dict[str, Any]:
    return shop.order(anna, "25.50", "INV-1")


def test_a_purchase_becomes_points_and_can_be_read_with_its_trace(api, anna, order):
    first = api.post("events", order)
    assert first.status_code == 201, first.content
    body = first.json()
    assert (body["status"], body["member"], body["source"]) == ("processed", str(anna.public_id), "api")
    assert body["awards"][0]["points"] == 25
    read = api.get(first["Location"]).json()
    assert read["result"] == body
    assert read["data"]["order"]["total_minor"] == 2550
    assert read["trace"]["rules"][0]["outcome"] == "fired"
    assert api.get("members/ext:C-1/balances").json()["balances"][0]["balance"] == 25
    assert api.get("members/ext:C-1/tiers").json()["tiers"][0]["progress"] == 25
    line = api.get("members/ext:C-1/ledger").json()["results"][0]
    assert (line["kind"], line["points"], line["event"], line["lot"]["remaining"]) == ("earn", 25, body["id"], 25)


def test_the_same_event_again_gets_the_first_answer(api, order):
    first = api.post("events", order)
    again = api.post("events", order)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert PointsEntry.objects.count() == 1


def test_the_same_id_with_another_body_is_a_conflict_and_changes_nothing(api, anna, order):
    api.post("events", order)
    refused(api.post("events", shop.order(anna, 30, "INV-1")), 409, "event_conflict", "id")
    assert PointsEntry.objects.count() == 1


def test_an_idempotency_key_gives_the_first_answer_again(api, order):
    first = api.post("events", order, once="k-1")
    again = api.post("events", order, once="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


def test_an_idempotency_key_with_another_body_is_refused_and_books_nothing(api, anna, order):
    api.post("events", order, once="k-1")
    refused(
        api.post("events", shop.order(anna, 5, "INV-2"), once="k-1"), 422, "idempotency_key_reused", "Idempotency-Key"
    )
    assert Event.objects.filter(type="order.paid").count() == 1


def test_a_refused_event_frees_its_key(api, anna, order):
    wrong = {**order, "member": {"external_id": "nobody"}}
    refused(api.post("events", wrong, once="k-1"), 422, "unknown_member", "member")
    assert not IdempotencyRecord.objects.exists()
    assert api.post("events", order, once="k-1").status_code == 201


def test_a_guests_order_is_kept_and_earns_nothing(api, club):
    answer = api.post("events", shop.order(None, 10, "INV-9")).json()
    assert (answer["status"], answer["member"], answer["awards"]) == ("guest", None, [])


def test_a_return_takes_points_back_from_the_award(api, anna, order):
    api.post("events", order)
    answer = api.post("events", shop.returned(anna, "INV-1", "25.50")).json()
    assert (answer["reversed"][0]["points"], answer["balances"][0]["balance"]) == (25, 0)


def bad(anna, **changes: Any) -> dict[str, Any]:
    return {**shop.order(anna, 10, "INV-1"), **changes}


BAD = [
    ({"member": "01a2028e-0000-7000-8000-000000000000"}, "unknown_member", "member"),
    ({"member": {"external_id": "nobody"}}, "unknown_member", "member"),
    ({"member": {"email": "nobody@example.com"}}, "unknown_member", "member"),
    ({"member": {"external_id": "C-1", "email": "x@example.com"}}, "invalid_input", "member"),
    ({"member": {}}, "invalid_input", "member"),
    ({"member": 7}, "invalid_input", "member"),
    ({"member": "１２"}, "invalid_input", "member"),
    ({"type": "spaceship.landed"}, "unknown_event_type", "type"),
    ({"type": "member.enrolled"}, "invalid_input", "type"),
    ({"type": 5}, "invalid_input", "type"),
    ({"id": ""}, "invalid_input", "id"),
    ({"id": 12}, "invalid_input", "id"),
    ({"occurred_at": "yesterday"}, "invalid_input", "occurred_at"),
    ({"occurred_at": "2026-01-01T00:00:00"}, "invalid_input", "occurred_at"),
    ({"occurred_at": 1}, "invalid_input", "occurred_at"),
    ({"occurred_at": "1979-01-01T00:00:00Z"}, "invalid_input", "occurred_at"),
    ({"program": "other"}, "unknown_program", "program"),
    ({"surprise": 1}, "invalid_input", None),
    ({"data": None}, "invalid_input", "data"),
    ({"data": {}}, "invalid_input", "data"),
]


@pytest.mark.parametrize(("changes", "code", "field"), BAD, ids=lambda value: str(value)[:40])
def test_a_wrong_event_is_refused_and_changes_nothing(api, anna, changes, code, field):
    problem = refused(api.post("events", bad(anna, **changes)), 422, code, field)
    assert "hint" in problem or problem["detail"]
    assert not Event.objects.filter(external_id="INV-1").exists()
    assert not PointsEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("total_minor", -1),
        ("total_minor", "10"),
        ("total_minor", 10.5),
        ("total_minor", True),
        ("total_minor", None),
        ("total_minor", 10**12),
        ("tax_minor", -5),
        ("tax_minor", 5000),
        ("currency", "eur"),
        ("currency", "€"),
        ("lines", [{"sku": "A", "quantity": 1, "net_minor": -3}]),
        ("lines", {}),
    ],
)
def test_a_wrong_amount_is_refused_where_it_stands(api, anna, name, value):
    event = shop.order(anna, 10, "INV-1", **{name: value})
    problem = refused(api.post("events", event), 422, "invalid_input")
    assert problem["field"].startswith("data.order"), problem
    assert not Event.objects.filter(external_id="INV-1").exists()


def test_an_order_without_a_number_is_refused(api, anna):
    event = shop.order(anna, 10, "INV-1")
    event["data"]["order"]["number"] = ""
    refused(api.post("events", event), 422, "invalid_input", "data.order.number")


def test_no_body_is_refused(api, club):
    refused(api.post("events"), 400, "malformed_body")
    refused(api.post("events/bulk"), 400, "malformed_body")
    refused(api.post("members"), 422, "invalid_input", "email")


def test_a_date_more_than_a_day_ahead_is_refused_and_one_just_within_is_taken(api, anna):
    late = clock.now() + timedelta(hours=24, minutes=1)
    refused(api.post("events", bad(anna, occurred_at=late.isoformat())), 422, "occurred_in_future", "occurred_at")
    soon = clock.now() + timedelta(hours=23)
    assert api.post("events", bad(anna, occurred_at=soon.isoformat())).status_code == 201


RAW = [
    (b" ", "malformed_body"),
    (b"not json", "malformed_body"),
    (b'{"id": NaN}', "number_out_of_range"),
    (b'{"id": 1e400}', "number_out_of_range"),
    (b'{"id": 9223372036854775808}', "number_out_of_range"),
    (b'{"id": "a", "id": "b"}', "duplicate_key"),
    (b'{"id": "a\\u0000"}', "text_not_storable"),
    (b'{"id": "\\ud800"}', "text_not_storable"),
    (b'{"id": "\xff"}', "malformed_body"),
    ('{"id": １２}'.encode(), "malformed_body"),
    (b'{"data":' * 1000, "nested_too_deeply"),
    (b"[" * 1000 + b"]" * 1000, "nested_too_deeply"),
]


@pytest.mark.parametrize("path", ["events", "events/bulk", "members"])
@pytest.mark.parametrize(("raw", "code"), RAW, ids=lambda value: str(value)[:30])
def test_a_body_that_cant_be_kept_is_refused_everywhere(api, club, path, raw, code):
    refused(api.post(path, raw), 400, code)


@pytest.mark.parametrize("path", ["events", "events/bulk", "members"])
def test_a_body_over_the_limit_is_413(api, club, path):
    refused_as = api.post(path, b" " * (5 * 1024 * 1024 + 1))
    assert refused_as.status_code == 413
    assert refused_as.json()["code"] == "body_too_large"


@pytest.mark.parametrize("path", ["events", "events/bulk", "members"])
def test_another_media_type_is_415(api, club, path):
    refused(api.post(path, b"<event/>", media="application/xml"), 415, "unsupported_media_type")


def test_a_zero_with_a_minus_is_a_zero(api, anna):
    raw = msgspec.json.encode(shop.order(anna, 0, "INV-1")).replace(b'"total_minor":0', b'"total_minor":-0')
    assert api.post("events", raw).status_code == 201
    assert api.post("events", shop.order(anna, 0, "INV-1", days_ago=0)).status_code in (200, 409)


def test_events_are_listed_by_member_type_and_time(api, anna):
    other = shop.member("Ben", external_id="C-2")
    for number, who in enumerate([anna, other, anna]):
        api.post("events", shop.order(who, 10, f"INV-{number}"))

    def ids(query: str) -> list[str]:
        page = api.get(f"events?{query}").json()
        return [each["external_id"] for each in page["results"] if each["type"] == "order.paid"]

    assert ids("") == ["INV-2", "INV-1", "INV-0"]
    assert ids("member=ext:C-1") == ["INV-2", "INV-0"]
    assert ids(f"member={other.public_id}&type=order.paid") == ["INV-1"]
    assert ids("since=2999-01-01T00:00:00Z") == []
    assert ids("external_id=INV-1&source=api&status=processed") == ["INV-1"]
    refused(api.get("events?status=lost"), 400, "invalid_query", "status")
    refused(api.get("events?member=7"), 404, "member_not_found", "member")


def test_an_event_that_isnt_there_is_404(api, club):
    refused(api.get(f"events/{uuid7()}"), 404, "not_found", "event")
    refused(api.get("events/INV-1"), 404, "no_such_path")
