"""Holds, transfers and adjustments that wait, over REST."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from core.actor import Actor
from loyalty.adjusting import adjustment_approve
from loyalty.models import PointsAdjustment, PointsEntry
from tests.api.cast import refused
from tests.loyalty import shop


@pytest.fixture
def club(brand: Any) -> Any:
    document = copy.deepcopy(shop.DOCUMENT)
    document["currencies"][0].update(transfer={"allowed": True, "per_day": 50}, adjustment_limit=100)
    return shop.program(document)


@pytest.fixture
def anna(club: Any) -> Any:
    member = shop.member("Anna", external_id="C-1")
    shop.place(member, club)
    shop.send(shop.order(member, 80, "A"))
    return member


@pytest.fixture
def bram(club: Any) -> Any:
    member = shop.member("Bram", external_id="C-2")
    shop.place(member, club)
    return member


def hold(api, points: int = 60, once: str | None = "h-1", **more):
    return api.post("members/ext:C-1/holds", {"currency": "points", "points": points, **more}, once=once)


def give(api, points: int = 20, once: str | None = "t-1", **more):
    body = {"to": {"external_id": "C-2"}, "currency": "points", "points": points, **more}
    return api.post("members/ext:C-1/transfers", body, once=once)


def test_a_hold_is_captured_in_part_and_tells_its_lots_and_its_line(api, anna):
    made = hold(api, order="INV-1")
    assert made.status_code == 201, made.content
    body = made.json()
    assert made["Location"] == f"/api/v1/holds/{body['id']}"
    assert (body["state"], body["points"], body["lots"][0]["points"]) == ("held", 60, 60)
    [balance] = api.get("members/ext:C-1/balances").json()["balances"]
    assert (balance["balance"], balance["reserved"]) == (20, 60)
    done = api.post(f"holds/{body['id']}/capture", {"points": 45}, once="c-1").json()
    assert (done["state"], done["captured"]) == ("captured", 45)
    line = api.get("members/ext:C-1/ledger").json()["results"][0]
    assert (line["id"], line["kind"], line["points"], line["order"]) == (done["entry"], "spend", -45, "INV-1")
    assert [each["points"] for each in line["draws"]] == [-45]
    assert api.get(f"holds/{body['id']}").json() == done


def test_every_request_about_a_hold_is_done_once(api, anna):
    first = hold(api)
    assert hold(api).json() == first.json()
    refused(hold(api, 61), 422, "idempotency_key_reused")
    refused(hold(api, once=None), 400, "idempotency_key_missing")
    address = f"holds/{first.json()['id']}"
    refused(api.post(f"{address}/release", {}), 400, "idempotency_key_missing")
    gone = api.post(f"{address}/release", {}, once="r-1")
    assert api.post(f"{address}/release", {}, once="r-1").json() == gone.json()
    refused(api.post(f"{address}/capture", {}, once="c-1"), 409, "hold_closed")
    assert [each["state"] for each in api.get("members/ext:C-1/holds").json()["results"]] == ["released"]
    assert api.get("members/ext:C-1/holds?state=held").json()["results"] == []


def test_what_a_hold_cant_be_is_refused_with_its_place(api, anna):
    refused(hold(api, 81), 409, "insufficient_points")
    refused(hold(api, 0), 422, "invalid_input", "points")
    refused(hold(api, minutes=0), 422, "invalid_input", "minutes")
    refused(hold(api, currency="gold"), 422, "invalid_input", "currency")
    refused(api.get(f"holds/{anna.public_id}"), 404, "hold_not_found", "hold")
    made = hold(api).json()
    refused(api.post(f"holds/{made['id']}/capture", {"points": 61}, once="c"), 422, "invalid_input", "points")


def test_points_are_given_to_another_member_within_the_limit(api, anna, bram):
    made = give(api, note="Enjoy")
    assert made.status_code == 201, made.content
    assert (made.json()["member"], made.json()["to"]) == (str(anna.public_id), str(bram.public_id))
    assert give(api, note="Enjoy").json() == made.json()
    [line] = api.get("members/ext:C-2/ledger").json()["results"]
    assert (line["kind"], line["points"], line["lot"]["granted"]) == ("transfer", 20, 20)
    problem = refused(give(api, 31, "t-2"), 409, "transfer_limit_reached", "points")
    assert (problem["left"], problem["period"]) == (30, "day")
    assert problem["detail"] == "Only 30 more can be given away today."


def test_whom_points_go_to_must_be_named_and_known(api, anna, bram):
    refused(give(api, to={"external_id": "nobody"}), 422, "unknown_member", "to")
    refused(give(api, to={}), 422, "invalid_input", "to")
    refused(give(api, to={"external_id": "C-1"}), 422, "invalid_input", "to")
    refused(give(api, once=None), 400, "idempotency_key_missing")


def test_an_adjustment_above_the_limit_is_answered_202_and_booked_when_staff_agree(api, anna):
    body = {"currency": "points", "points": 500, "reason": "Sorry", "reason_code": "complaint"}
    asked = api.post("members/ext:C-1/adjustments", body, once="a-1")
    assert (asked.status_code, asked.json()["state"], asked.json()["entry"]) == (202, "requested", None)
    assert api.post("members/ext:C-1/adjustments", body, once="a-1").json() == asked.json()
    assert not PointsEntry.objects.filter(kind="adjust").exists()
    adjustment_approve(adjustment=PointsAdjustment.objects.get(), actor=Actor("staff", "user:7", "admin"))
    [row] = api.get("members/ext:C-1/adjustments?state=approved").json()["results"]
    assert row["entry"] == PointsEntry.objects.get(kind="adjust").pk


def test_a_household_shares_one_account_until_somebody_leaves(api, anna, bram):
    joined = api.post("members/ext:C-2/pool", {"with": {"external_id": "C-1"}})
    assert joined.status_code == 200, joined.content
    assert joined.json()["head"] == str(anna.public_id)
    assert api.post("members/ext:C-2/pool", {"with": {"external_id": "C-1"}}).json() == joined.json()
    assert api.get("members/ext:C-2/balances").json()["balances"][0]["balance"] == 80
    assert api.get("members/ext:C-1/pool").json()["members"] == [str(anna.public_id), str(bram.public_id)]
    refused(give(api), 422, "invalid_input", "to")
    refused(api.post("members/ext:C-1/pool", {"with": {"external_id": "C-2"}}), 409, "pool_refused", "with")
    left = api.send("DELETE", "members/ext:C-2/pool")
    assert (left.status_code, left.json()["head"]) == (200, None)
    assert api.get("members/ext:C-2/balances").json()["balances"][0]["balance"] == 0
