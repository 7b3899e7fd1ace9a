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


def test_given_tiers_are_listed_those_that_ended_when_they_are_asked_for(api: Any, place: Any) -> None:
    for source in ("plan", "staff"):
        api.post(FLOOR, {"tier": "vip", "source": source}, once=source)
    api.send("DELETE", f"{FLOOR}?source=plan")

    def sources(query: str = "") -> list[str]:
        return [each["source"] for each in api.get(f"members/ext:C-1/floors{query}").json()["results"]]

    assert sources() == ["staff"]
    assert sources("?ended=true") == ["plan"]
    assert sources("?ladder=other") == []
    refused(api.get("members/ext:C-1/floors?ended=perhaps"), 400, "invalid_query", "ended")


def test_an_invitation_is_listed_and_withdrawn_once(api: Any, place: Any) -> None:
    made = api.post(INVITATION, {"tier": "black"}, once="i-1").json()
    at = f"members/ext:C-1/invitations/{made['id']}"
    [listed] = api.get("members/ext:C-1/invitations?state=waiting").json()["results"]
    assert listed == made
    gone = api.send("DELETE", at).json()
    assert (gone["state"], gone["closed_at"] is None) == ("withdrawn", False)
    refused(api.send("DELETE", at), 409, "invitation_closed", "invitation")
    assert api.get("members/ext:C-1/invitations?state=waiting").json()["results"] == []
    assert api.get("members/ext:C-1/invitations").json()["results"] == [gone]


def test_an_invitation_of_another_member_is_not_there(api: Any, place: Any) -> None:
    made = api.post(INVITATION, {"tier": "black"}, once="i-1").json()
    shop.place(shop.member("Bert", external_id="C-2"), place.program)
    assert api.send("DELETE", f"members/ext:C-2/invitations/{made['id']}").status_code == 404
    assert TierInvitation.objects.get().state == "waiting"


@pytest.mark.parametrize("address", [FLOOR, INVITATION])
def test_what_cannot_be_given_is_refused_with_the_place_and_changes_nothing(api: Any, place: Any, address: str) -> None:
    body = {"tier": "vip"} | ({"source": "plan"} if address == FLOOR else {})
    refused(api.post(address, {**body, "tier": "gold"}, once="a"), 422, "invalid_input", "tier")
    refused(api.post(address, {**body, "until": "2020-01-01T00:00:00Z"}, once="b"), 422, "invalid_input", "until")
    refused(api.post(address.replace("main", "other"), body, once="c"), 422, "invalid_input", "ladder")
    refused(api.post(address, body, once=None), 400, "idempotency_key_missing")
    assert api.post(address, {**body, "until": "2090-01-01"}, once="d").status_code in (400, 422)
    assert (TierFloor.objects.count(), TierInvitation.objects.count(), tier(api)) == (0, 0, "enthusiast")
