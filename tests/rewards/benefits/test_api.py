"""Benefits over REST: what is held, each use, what a member is entitled to, and the token that says so."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core import clock
from core.secrets import unseal
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from members.facts import member_fact_set
from rewards.benefits import tokens
from rewards.benefits.models import BenefitUse, TokenKey
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.rewards.benefits.cast import BENEFITS, club, document, somebody

pytestmark = pytest.mark.django_db

USES = "members/ext:C-1/benefits/coffee/uses"


@pytest.fixture
def api(brand, client_for) -> Api:
    _row, key = key_made()
    return Api(client_for(brand), key)


def local(days: float) -> str:
    return (clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def part(text: str) -> Any:
    return json.loads(raw(text))


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    """As any verifier does it, by nothing but the published keys."""
    header, claims, signature = token.split(".")
    known = {each["kid"]: each for each in keys["keys"]}[part(header)["kid"]]
    public = Ed25519PublicKey.from_public_bytes(raw(known["x"]))
    public.verify(raw(signature), f"{header}.{claims}".encode())
    found: dict[str, Any] = part(claims)
    return found


def test_a_member_s_benefits_say_why_and_what_is_left(api):
    place = somebody(club(), 600, external_id="C-1")
    made = api.post(USES, {"id": "T-1", "order": "K-1"})
    assert made.status_code == 201, made.content
    assert made["Location"] == f"/api/v1/benefit-uses/{made.json()['id']}"
    assert (made.json()["causes"], made.json()["order"]) == (["tier:main:advocate"], "K-1")
    body = api.get("members/ext:C-1/benefits").json()
    assert (body["member"], body["program"]) == (str(place.member.public_id), "club")
    coffee, price = body["results"]
    assert (coffee["code"], coffee["kind"], coffee["causes"]) == ("coffee", "bonus", ["tier:main:advocate"])
    assert (coffee["allowance"]["uses"], coffee["allowance"]["left"]) == (2, 1)
    assert (price["code"], price["name_nl"], price["allowance"]) == ("members_price", "Ledenprijs", None)


def test_a_use_is_made_once_and_refused_with_its_reason(api):
    somebody(club(), 600, external_id="C-1")
    first = api.post(USES, {"id": "T-1"})
    assert api.post(USES, {"id": "T-1"}).json() == first.json()
    refused(api.post(USES, {"id": "T-1", "units": 2}), 409, "benefit_use_conflict", "id")
    problem = refused(api.post(USES, {"id": "T-2", "units": 2}), 409, "allowance_used", "benefit")
    assert (problem["allowed"], problem["left"]) == (2, 1)
    refused(api.post("members/ext:C-1/benefits/lounge/uses", {"id": "T-3"}), 409, "benefit_not_held", "benefit")
    refused(api.post("members/ext:C-1/benefits/nothing/uses", {"id": "T-3"}), 404, "benefit_not_found", "benefit")
    refused(api.get("members/ext:C-1/benefits/nothing/uses"), 404, "benefit_not_found", "benefit")
    refused(api.post("members/ext:nobody/benefits/coffee/uses", {"id": "T-3"}), 404, "member_not_found")
    refused(api.post(USES, {"id": ""}), 422, "invalid_input", "id")
    refused(api.post(USES, {"id": "T-3", "units": 0}), 422, "invalid_input", "units")
    later = (clock.now() + timedelta(hours=2)).isoformat()
    refused(api.post(USES, {"id": "T-3", "used_at": later}), 422, "invalid_input", "used_at")
    refused(api.post(USES, {"id": "T-3", "used_at": "2026-01-01T00:00:00"}), 422, "invalid_input", "used_at")
    assert BenefitUse.objects.count() == 1


def test_a_use_is_taken_back_once(api):
    somebody(club(), 600, external_id="C-1")
    use = api.post(USES, {"id": "T-1"}).json()
    address = f"benefit-uses/{use['id']}"
    refused(api.post(f"{address}/revoke", {"reason": "Oops"}), 400, "idempotency_key_missing")
    done = api.post(f"{address}/revoke", {"reason": "Oops"}, once="r-1")
    assert (done.status_code, done.json()["taken_back_reason"]) == (200, "Oops")
    assert api.post(f"{address}/revoke", {"reason": "Oops"}, once="r-1").json() == done.json()
    refused(api.post(f"{address}/revoke", {"reason": "Oops"}, once="r-2"), 409, "benefit_use_taken_back")
    assert api.get(address).json() == done.json()
    assert [each["id"] for each in api.get(USES).json()["results"]] == [use["id"]]
    refused(api.get("benefit-uses/01932c22-51ab-7d90-8c3e-0f6a2b7c9d11"), 404, "benefit_use_not_found", "use")


def early(*moments: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": "first_in",
        "name": {"en": "First in", "nl": "Als eerste"},
        "gives": {"kind": "early_access", "link": "https://example.com/drop"},
        "moments": list(moments),
    }


def test_early_access_holds_within_its_dates_and_says_until_when(api):
    now = {"name": "Autumn", "starts_at": local(-1), "ends_at": local(1)}
    later = {"name": "Winter", "starts_at": local(30), "ends_at": local(31)}
    somebody(club(early(now, later), *BENEFITS), external_id="C-1")
    body = api.get("members/ext:C-1/entitlements").json()
    [access] = body["early_access"]
    assert (access["benefit"], access["name"], access["link"]) == ("first_in", "Autumn", "https://example.com/drop")
    assert body["changes_at"] == access["until"]
    assert body["features"] == []


def test_a_feature_holds_for_the_segment_as_soon_as_the_member_is_in_it(api):
    place = somebody(club(), external_id="C-1")
    assert api.get("members/ext:C-1/entitlements").json()["features"] == []
    until = clock.now() + timedelta(days=2)
    member_fact_set(member_id=place.member_id, key="segment:testers", value=True, until=until)
    [feature] = api.get("members/ext:C-1/entitlements").json()["features"]
    assert (feature["benefit"], feature["flag"]) == ("new_search", "search_v2")
    assert datetime.fromisoformat(feature["until"]) == until


def test_a_token_says_the_same_and_is_checked_by_the_published_keys(api):
    place = somebody(club(), 600, external_id="C-1")
    made = api.post("members/ext:C-1/entitlements/token", {"audience": "https://shop.example"})
    assert made.status_code == 200, made.content
    keys = api.client.get("/.well-known/jwks.json")
    assert "max-age=600" in keys["Cache-Control"]
    claims = verified(made.json()["token"], keys.json())
    assert (claims["sub"], claims["aud"]) == (str(place.member.public_id), "https://shop.example")
    assert (claims["benefits"], claims["program"]) == (["coffee", "members_price"], "club")
    assert claims["iss"].startswith("http")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60
    header, body, signature = made.json()["token"].split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "benefits": ["lounge"]}).encode()).decode().rstrip("=")
    with pytest.raises(InvalidSignature):
        verified(f"{header}.{forged}.{signature}", keys.json())
    again = api.post("members/ext:C-1/entitlements/token", {"audience": "https://shop.example"}).json()
    assert verified(again["token"], keys.json())["jti"] != claims["jti"]
    assert body


def test_a_token_never_outlives_what_it_says(api):
    place = somebody(club(), external_id="C-1")
    ends = clock.now() + timedelta(seconds=90)
    member_fact_set(member_id=place.member_id, key="plan", value="gold", until=ends)
    made = api.post("members/ext:C-1/entitlements/token", {"audience": "shop"}).json()
    claims = part(made["token"].split(".")[1])
    assert "lounge" in claims["benefits"]
    assert claims["exp"] - claims["iat"] <= 90


def test_a_new_key_is_published_before_it_signs_and_the_old_one_as_long_as_its_tokens_live(api, monkeypatch):
    somebody(club(), external_id="C-1")

    def token() -> str:
        found: str = api.post("members/ext:C-1/entitlements/token", {"audience": "shop"}).json()["token"]
        return found

    old = token()
    tokens.token_key_rotate(actor=shop.STAFF)
    assert part(token().split(".")[0])["kid"] == part(old.split(".")[0])["kid"]
    keys = api.client.get("/.well-known/jwks.json").json()
    assert len(keys["keys"]) == 2
    # Ten minutes later the new one signs; the old one's tokens are still good.
    TokenKey.objects.update(
        signs_from=datetime.now(UTC) - timedelta(seconds=1)
    )  # both begun: the younger goes before the older
    fresh = token()
    assert part(fresh.split(".")[0])["kid"] != part(old.split(".")[0])["kid"]
    assert verified(fresh, keys)
    assert verified(old, api.client.get("/.well-known/jwks.json").json())


def test_a_key_that_leaked_is_off_the_list_at_once_and_another_signs(api):
    somebody(club(), external_id="C-1")
    api.post("members/ext:C-1/entitlements/token", {"audience": "shop"})
    key = TokenKey.objects.get()
    tokens.token_key_withdraw(key=key, actor=shop.STAFF)
    assert api.client.get("/.well-known/jwks.json").json() == {"keys": []}
    made = api.post("members/ext:C-1/entitlements/token", {"audience": "shop"}).json()
    assert made["kid"] != key.kid


def test_the_secret_half_of_a_key_lies_sealed_and_is_in_no_answer(api):
    somebody(club(), external_id="C-1")
    made = api.post("members/ext:C-1/entitlements/token", {"audience": "shop"})
    key = TokenKey.objects.get()
    secret = unseal(key.sealed, purpose="token_key")
    assert secret not in key.sealed
    for answer in (made, api.client.get("/.well-known/jwks.json")):
        assert secret.encode() not in answer.content


def test_a_token_needs_somebody_whom_it_is_for(api):
    somebody(club(), external_id="C-1")
    refused(api.post("members/ext:C-1/entitlements/token", {}), 422, "invalid_input", "audience")
    refused(api.post("members/ext:C-1/entitlements/token", {"audience": "a b"}), 422, "invalid_input", "audience")
    assert not TokenKey.objects.exists()


def test_what_a_section_cant_say_is_told_with_its_place(brand):
    wrong = deepcopy(BENEFITS)
    wrong[0]["given_to"][0]["any_of"] = ["emperor"]
    wrong[1]["gives"]["link"] = "javascript:alert(1)"
    wrong[2]["gives"]["percent"] = 110
    wrong[3]["code"] = "coffee"
    wrong.append(early({"name": "Back", "starts_at": "2027-02-30T10:00", "ends_at": "2027-01-01T10:00"}))
    wrong.append({"code": "both", "name": "Both", "gives": {"kind": "discount"}})
    with pytest.raises(DefinitionError) as refused_:
        document_decode(document(*wrong))
    root = "sections.benefits.benefits"
    assert {each.path for each in refused_.value.problems} == {
        f"{root}[0].given_to[0].any_of[0]", f"{root}[1].gives.link", f"{root}[2].gives.percent", f"{root}[3].code",
        f"{root}[4].moments[0].starts_at", f"{root}[5].gives",
    }  # fmt: skip
