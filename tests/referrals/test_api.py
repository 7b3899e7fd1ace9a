"""Codes and referrals over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.api import limits
from core.outbox import outbox_drain
from loyalty.nightly import nightly_run
from referrals.models import ReferralTrace
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.referrals import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(brand: Brand, client_for: ClientFor) -> Api:
    limits.forget_all()
    return Api(client_for(brand), key_made()[1])


@pytest.fixture
def anna(brand: Brand) -> Any:
    return shop.place(shop.member("Anna", external_id="C-1", email="anna@example.com"), cast.program())


@pytest.fixture
def bo(anna: Any) -> Any:
    return shop.place(shop.member("Bo", external_id="C-2", email="anna+bo@example.com"), anna.program)


def test_a_code_is_made_chosen_and_looked_up(api: Api, anna: Any) -> None:
    made = api.get("members/ext:C-1/referral-code").json()
    assert (len(made["code"]), made["chosen"]) == (9, False)
    chosen = api.send("PUT", "members/ext:C-1/referral-code", {"code": "anna-2030", "display_name": "Anna"})
    assert chosen.json()["code"] == "ANNA2030"
    assert chosen.json()["link"].endswith("/r/ANNA2030/")
    seen = api.get("referral-codes/anna2030").json()
    assert seen == {"code": "ANNA2030", "program": "club", "display_name": "Anna", "open": True}
    assert api.get(f"referral-codes/{made['code']}").json()["code"] == made["code"]
    refused(api.get("referral-codes/NOBODY"), 404, "referral_code_unknown", "code")
    refused(api.send("PUT", "members/ext:C-1/referral-code", {"code": "?"}), 422, "invalid_input", "code")


def test_a_friend_is_noted_flagged_approved_and_given(api: Api, anna: Any, bo: Any, brand: Brand) -> None:
    code = api.get("members/ext:C-1/referral-code").json()["code"]
    noted = api.post("members/ext:C-2/referral", {"code": code, "ip": "203.0.113.7", "card": "fp_1"}, once="b-1")
    assert noted.status_code == 201
    assert api.post("members/ext:C-2/referral", {"code": code, "ip": "203.0.113.7", "card": "fp_1"}, once="b-1").json()
    assert ReferralTrace.objects.count() == 2
    assert api.get("members/ext:C-2/referral").json() == api.get(noted["Location"]).json()
    refused(api.post(f"{noted['Location']}/approve", {"reason": "Fine"}), 409, "referral_not_converted")
    shop.send(shop.order(bo.member, 50))
    outbox_drain()
    [flagged] = api.get("referrals?state=flagged").json()["results"]
    assert flagged["signals"] == [{"kind": "similar_email", "does": "flag", "weight": 100}]
    refused(api.post(f"{noted['Location']}/approve", {"reason": " "}), 422, "invalid_input", "reason")
    approved = api.post(f"{noted['Location']}/approve", {"reason": "Sisters"}, once="a-1").json()
    assert (approved["state"], approved["reason"]) == ("pending", "Sisters")
    brand.clock_shift += timedelta(days=15)
    nightly_run(program=anna.program)
    assert api.get(noted["Location"]).json()["state"] == "approved"
    assert shop.balance(anna) == 100
    blocked = api.post(f"{noted['Location']}/block", {"reason": "After all"}).json()
    assert (blocked["state"], blocked["taken_back"], shop.balance(anna)) == ("blocked", True, 0)
    refused(api.post(f"{noted['Location']}/approve", {"reason": "No, yes"}), 409, "referral_decided")
    assert api.get("referrals?referrer=ext:C-1&friend=ext:C-2").json()["results"] == [api.get(noted["Location"]).json()]


def test_what_can_not_be_noted_changes_nothing(api: Api, anna: Any, bo: Any) -> None:
    code = api.get("members/ext:C-1/referral-code").json()["code"]
    other = api.get("members/ext:C-2/referral-code").json()["code"]
    refused(api.post("members/ext:C-1/referral", {"code": code, "card": "x"}), 422, "own_referral_code", "code")
    refused(api.post("members/ext:C-2/referral", {"code": "NOBODY"}), 404, "referral_code_unknown", "code")
    refused(api.post("members/ext:C-2/referral", {}), 422, "invalid_input", "code")
    refused(api.post("members/ext:nobody/referral", {"code": code}), 404, "member_not_found")
    refused(api.get("members/ext:C-2/referral"), 404, "referral_not_found")
    assert not ReferralTrace.objects.exists()
    assert api.post("members/ext:C-2/referral", {"code": code}).status_code == 201
    third = shop.place(shop.member("Cas", external_id="C-3"), anna.program)
    refused(api.post("members/ext:C-3/referral", {"code": other, "program": "nothing"}), 404, "not_enrolled", "program")
    assert api.post("members/ext:C-3/referral", {"code": other}).status_code == 201
    refused(api.post("members/ext:C-3/referral", {"code": code}), 409, "already_referred")
    assert third.pk


def test_traces_are_noted_and_who_guesses_codes_is_locked_out(api: Api, anna: Any) -> None:
    assert api.post("members/ext:C-1/traces", {"card": "fp_1", "address": "Oudegracht 1"}).json() == {"kept": 2}
    assert api.post("members/ext:C-1/traces", {"card": "fp_1"}).json() == {"kept": 2}
    refused(api.post("members/ext:C-1/traces", {"card": ""}), 422, "invalid_input", "card")
    for number in range(30):
        refused(api.get(f"referral-codes/GUESS{number}"), 404, "referral_code_unknown")
    refused(api.get("referral-codes/GUESS31"), 429, "too_many_codes")
