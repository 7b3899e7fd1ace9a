"""Rewards and redemptions over REST."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.ids import uuid7
from core.models import IdempotencyRecord
from loyalty.models import PointsAccount
from rewards.models import CodePool, Redemption, Reward
from rewards.pools import pool_import
from rewards.stock import stock_set
from tests.api.cast import STAFF, Api, key_made, refused
from tests.loyalty import shop


@pytest.fixture
def beans(club) -> Reward:
    return Reward.objects.create(
        program=club, code="beans", name="Beans", name_nl="Bonen", currency="points", price=100
    )


@pytest.fixture
def rich(anna):
    shop.send(shop.order(anna, 250))
    return anna


def redeem(api, once: str | None = "r-1", **changes):
    return api.post("redemptions", {"member": "ext:C-1", "reward": "beans", **changes}, once=once)


def balance() -> int:
    return PointsAccount.objects.get().balance


def test_a_reward_is_redeemed_once_per_key(api, rich, beans):
    first = redeem(api)
    assert first.status_code == 201, first.content
    body = first.json()
    assert (body["state"], body["price"], body["reward"]) == ("redeemed", 100, "beans")
    assert redeem(api).json() == body
    assert {**api.get(first["Location"]).json(), "code": None} == {**body, "code": None}, "as it stands in the table"
    assert balance() == 150
    refused(redeem(api, reward="other"), 422, "idempotency_key_reused")
    assert api.get(first["Location"]).json()["id"] == body["id"]


def test_a_redemption_asks_once_what_the_program_says(api, rich, beans):
    redeem(api, "warm")
    stamps = "SELECT id, stamp FROM loyalty_program"
    with CaptureQueriesContext(connection) as sent:
        assert redeem(api, "counted").status_code == 201
    assert sum(each["sql"].startswith(stamps) for each in sent) == 1
    made = str(Redemption.objects.latest("redeemed_at").pk)
    with CaptureQueriesContext(connection) as sent:
        assert api.post(f"redemptions/{made}/cancel", {"reason": "Changed my mind"}, once="c-1").status_code == 200
    assert sum(each["sql"].startswith(stamps) for each in sent) == 1


def test_a_redemption_needs_a_key_a_member_and_a_reward(api, rich, beans):
    refused(redeem(api, once=None), 400, "idempotency_key_missing")
    refused(redeem(api, once=""), 400, "idempotency_key_missing")
    refused(redeem(api, member="ext:nobody"), 422, "unknown_member", "member")
    refused(redeem(api, member="7"), 422, "unknown_member", "member")
    refused(redeem(api, reward="none"), 422, "reward_not_found", "reward")
    refused(redeem(api, member=7), 422, "invalid_input", "member")
    assert balance() == 250


def test_what_cant_be_taken_is_a_conflict_and_costs_nothing(api, rich, beans):
    Reward.objects.filter(pk=beans.pk).update(price=251)
    refused(redeem(api), 409, "insufficient_points")
    Reward.objects.filter(pk=beans.pk).update(price=10)
    beans.refresh_from_db()
    stock_set(reward=beans, total=0, actor=STAFF)
    refused(redeem(api), 409, "sold_out")
    Reward.objects.filter(pk=beans.pk).update(active=False)
    refused(redeem(api), 409, "reward_not_offered")
    assert balance() == 250


def test_the_code_is_in_the_detail_alone_and_kept_in_no_reply(api, rich, beans, brand, client_for):
    pool = CodePool.objects.create(name="Codes")
    pool_import(pool=pool, codes=["BEAN-7QK2-M9XW-44PT"], actor=STAFF)
    Reward.objects.filter(pk=beans.pk).update(pool=pool)
    made = redeem(api)
    assert b"BEAN-7QK2" not in made.content
    detail = api.get(made["Location"]).json()
    assert detail["code"] == "BEAN-7QK2-M9XW-44PT"
    assert b"BEAN-7QK2" not in api.get("redemptions").content
    assert "BEAN-7QK2" not in str(list(IdempotencyRecord.objects.values()))
    _row, key = key_made(["redemptions:write"])
    refused(Api(client_for(brand), key).get(made["Location"]), 403, "scope_missing")
    api.post(made["Location"] + "/cancel", {"reason": "Mistake"}, once="c-1")
    assert api.get(made["Location"]).json()["code"] is None


def test_an_unused_redemption_can_be_canceled_once(api, rich, beans):
    address = redeem(api)["Location"]
    refused(api.post(f"{address}/cancel", {"reason": "Mistake"}), 400, "idempotency_key_missing")
    refused(api.post(f"{address}/cancel", {}, once="c-0"), 422, "invalid_input", "reason")
    first = api.post(f"{address}/cancel", {"reason": "Mistake"}, once="c-1")
    assert (first.status_code, first.json()["state"]) == (200, "canceled")
    assert api.post(f"{address}/cancel", {"reason": "Mistake"}, once="c-1").json() == first.json()
    assert balance() == 250
    refused(api.post(f"{address}/cancel", {"reason": "Mistake"}, once="c-2"), 409, "redemption_canceled")
    refused(api.post(f"{address}/use", {}), 409, "redemption_canceled")


def test_a_used_redemption_stays_used(api, rich, beans):
    address = redeem(api)["Location"]
    assert api.post(f"{address}/use", {}).json()["state"] == "used"
    refused(api.post(f"{address}/use", {}), 409, "redemption_used")
    refused(api.post(f"{address}/cancel", {"reason": "Mistake"}, once="c-1"), 409, "redemption_used")


def test_a_redemption_that_isnt_there_is_404(api, club):
    for path, body in (("", None), ("/cancel", {"reason": "x"}), ("/use", {})):
        address = f"redemptions/{uuid7()}{path}"
        answer = api.get(address) if body is None else api.post(address, body, once="k")
        refused(answer, 404, "redemption_not_found", "redemption")


def test_redemptions_are_listed_by_member_reward_and_state(api, rich, beans):
    redeem(api, once="r-1")
    redeem(api, once="r-2")
    assert len(api.get("redemptions?member=ext:C-1&reward=beans&state=redeemed").json()["results"]) == 2
    assert api.get("redemptions?state=used").json()["results"] == []
    refused(api.get("redemptions?state=lost"), 400, "invalid_query", "state")
    assert Redemption.objects.count() == 2


def test_rewards_say_for_a_member_what_can_be_taken_and_what_is_missing(api, rich, beans):
    Reward.objects.create(program=beans.program, code="mug", name="Mug", currency="points", price=400)
    assert [each["member"] for each in api.get("rewards").json()["results"]] == [None, None]
    seen = {each["code"]: each["member"] for each in api.get("rewards?member=ext:C-1").json()["results"]}
    assert seen["beans"] == {"affordable": True, "missing": 0, "reason": None}
    assert seen["mug"] == {"affordable": False, "missing": 150, "reason": "insufficient_points"}
    assert api.get("rewards/mug?member=ext:C-1").json()["member"]["missing"] == 150
    assert api.get("rewards/beans").json()["price"] == 100
    refused(api.get("rewards/none"), 404, "reward_not_found", "reward")
    refused(api.get("rewards?member=ext:nobody"), 404, "member_not_found", "member")
