"""Giving tiers, taking them back and inviting into them, over REST."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.models import TierFloor, TierInvitation
from tests.api.cast import refused
from tests.loyalty import shop
from tests.loyalty.test_inviting import DOCUMENT

FLOOR, INVITATION = "members/ext:C-1/tiers/main/floor", "members/ext:C-1/tiers/main/invitation"


@pytest.fixture
def place(brand: Any) -> Any:
    return shop.place(shop.member("Anna", external_id="C-1"), shop.program(DOCUMENT))


def tier(api: Any) -> str:
    code: str = api.get("members/ext:C-1/tiers").json()["tiers"][0]["code"]
    return code


def test_a_tier_is_given_once_per_key_and_taken_back_by_its_source(api: Any, place: Any) -> None:
    body = {"tier": "vip", "source": "plan", "until": "2090-01-01T00:00:00+01:00"}
    made = api.post(FLOOR, body, once="f-1")
    assert made.status_code == 201, made.content
    assert (made.json()["tier"], made.json()["ended_at"], tier(api)) == ("vip", None, "vip")
    assert api.post(FLOOR, body, once="f-1").json() == made.json()
    assert TierFloor.objects.count() == 1
    ended = api.send("DELETE", f"{FLOOR}?source=plan").json()
    assert ended["ended_at"] is not None
    assert tier(api) == "enthusiast"
    refused(api.send("DELETE", f"{FLOOR}?source=plan"), 404, "given_tier_not_found", "source")


def test_an_invitation_waits_unless_it_is_at_once(api: Any, place: Any) -> None:
    made = api.post(INVITATION, {"tier": "black", "reason": "A friend"}, once="i-1")
    assert (made.status_code, made.json()["state"], tier(api)) == (201, "waiting", "enthusiast")
    assert api.post(INVITATION, {"tier": "black", "reason": "A friend"}, once="i-1").json() == made.json()
    assert TierInvitation.objects.count() == 1
    made = api.post(INVITATION, {"tier": "black", "at_once": True}, once="i-2")
    assert (made.json()["state"], tier(api)) == ("accepted", "black")
    assert sorted(TierInvitation.objects.values_list("state", flat=True)) == ["accepted", "withdrawn"]


@pytest.mark.parametrize("address", [FLOOR, INVITATION])
def test_what_cannot_be_given_is_refused_with_the_place_and_changes_nothing(api: Any, place: Any, address: str) -> None:
    body = {"tier": "vip"} | ({"source": "plan"} if address == FLOOR else {})
    refused(api.post(address, {**body, "tier": "gold"}, once="a"), 422, "invalid_input", "tier")
    refused(api.post(address, {**body, "until": "2020-01-01T00:00:00Z"}, once="b"), 422, "invalid_input", "until")
    refused(api.post(address.replace("main", "other"), body, once="c"), 422, "invalid_input", "ladder")
    refused(api.post(address, body, once=None), 400, "idempotency_key_missing")
    assert api.post(address, {**body, "until": "2090-01-01"}, once="d").status_code in (400, 422)
    assert (TierFloor.objects.count(), TierInvitation.objects.count(), tier(api)) == (0, 0, "enthusiast")
