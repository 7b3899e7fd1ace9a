"""Claims, places and check-ins over the API."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from claims.models import CheckIn, Claim
from claims.rotating import token_of
from core import clock
from core.api import limits
from core.ids import uuid7
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.claims import cast
from tests.claims.test_checkins import place
from tests.conftest import ClientFor
from tests.loyalty import shop

pytestmark = pytest.mark.django_db
HERE = {"position": {"latitude": 52.0003, "longitude": 5.0, "accuracy_m": 12}}
FOLLOW = {"type": "instagram", "link": "https://instagram.com/anna"}


@pytest.fixture
def api(brand: Brand, client_for: ClientFor) -> Api:
    limits.forget_all()
    return Api(client_for(brand), key_made()[1])


@pytest.fixture
def anna(brand: Brand) -> Any:
    return shop.place(shop.member("Anna", external_id="C-1"), cast.program())


def send(api: Api, body: Any = None, once: str = "s-1", **more: Any) -> Any:
    return api.post("members/ext:C-1/claims", FOLLOW if body is None else body, once=once, **more)


def form(claim: str, **files: bytes) -> bytes:
    parts = {name: SimpleUploadedFile(f"{name}.bin", raw) for name, raw in files.items()}
    return encode_multipart(BOUNDARY, {"claim": claim, **parts})


def test_a_claim_is_sent_once_and_read_and_approved_into_points(api: Api, anna: Any) -> None:
    first = send(api)
    assert first.status_code == 201
    assert send(api).json() == first.json()
    refused(send(api, once=None), 400, "idempotency_key_missing")  # type: ignore[arg-type]  # none, on purpose
    detail = api.get(first["Location"]).json()
    assert (detail["state"], detail["doubles"], detail["files"]) == ("submitted", [], [])
    approved = api.post(f"{first['Location']}/approve", {}, once="a-1")
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert approved.json()["event"]
    assert api.post(f"{first['Location']}/approve", {}, once="a-1").json() == approved.json()
    refused(api.post(f"{first['Location']}/approve", {}, once="a-2"), 409, "claim_decided")
    refused(api.post(f"{first['Location']}/refuse", {"reason": "No"}), 409, "claim_decided")
    assert shop.balance(anna) == 50
    event = api.get(f"events/{approved.json()['event']}").json()
    assert (event["type"], event["source"]) == ("social.followed", "claims")


def test_files_come_as_a_form_and_go_in_base64(api: Api, anna: Any) -> None:
    body = form('{"type": "gear", "fields": {"items": 2}}', photo=cast.picture(1))
    made = send(api, body, media=MULTIPART_CONTENT)
    assert made.status_code == 201, made.content
    detail = api.get(made["Location"]).json()
    (file,) = detail["files"]
    content = api.get(f"{made['Location']}/files/{file['id']}").json()
    assert b64decode(content["content"]).startswith(b"\xff\xd8\xff")
    refused(api.get(f"{made['Location']}/files/{uuid7()}"), 404, "claim_file_not_found", "file")
    again = send(api, body, media=MULTIPART_CONTENT, once="s-2")
    twins = api.get(again["Location"]).json()["doubles"]
    assert [(each["claim"], each["kind"]) for each in twins] == [(detail["id"], "file")]


@pytest.mark.parametrize(
    ("body", "media", "status", "code", "field"),
    [
        ({"type": "none"}, "application/json", 422, "unknown_claim_type", "type"),
        ({"type": "instagram"}, "application/json", 422, "proof_missing", "link"),
        ({"type": "gear", "fields": {"items": 2}}, "application/json", 422, "proof_missing", "photo"),
        ({"type": "gear", "fields": {"items": "2"}}, "application/json", 422, "invalid_input", "fields.items"),
        ({"type": "gear", "colour": 1}, "application/json", 422, "invalid_input", "colour"),
        ([], "application/json", 422, "invalid_input", None),
        (form("{}"), MULTIPART_CONTENT, 422, "invalid_input", "type"),
        (form(""), MULTIPART_CONTENT, 422, "invalid_input", "claim"),
        (form('{"type": "gear"', photo=b"x"), MULTIPART_CONTENT, 400, "malformed_body", None),
        (form('{"type": "gear"}', photo=b"x"), MULTIPART_CONTENT, 422, "file_refused", "photo"),
        (form('{"type": "gear"}', selfie=b"x"), MULTIPART_CONTENT, 422, "invalid_input", "selfie"),
        (b"nonsense", MULTIPART_CONTENT, 422, "invalid_input", "claim"),
        (b"nonsense", "multipart/form-data", 400, "malformed_body", None),
        (b"x", "text/plain", 415, "unsupported_media_type", None),
    ],
)
def test_what_is_wrong_is_named(
    api: Api, anna: Any, body: Any, media: str, status: int, code: str, field: str | None
) -> None:
    refused(send(api, body, media=media), status, code, field)
    assert Claim.objects.count() == 0


def test_a_refusal_and_taking_back(api: Api, anna: Any) -> None:
    first = send(api)["Location"]
    refused(api.post(f"{first}/refuse", {}), 422, "invalid_input", "reason")
    refused(api.post(f"{first}/refuse", {"reason": {"en": " "}}), 422, "invalid_input", "reason")
    answer = api.post(f"{first}/refuse", {"reason": {"en": "No", "nl": "Nee"}}).json()
    assert (answer["state"], answer["reason"]) == ("refused", {"en": "No", "nl": "Nee"})
    second = send(api, once="s-2")["Location"]
    assert api.post(f"{second}/withdraw", {}).json()["state"] == "withdrawn"
    refused(api.post(f"{second}/approve", {}), 409, "claim_decided")
    listed = api.get("claims?member=ext:C-1&state=refused&type=instagram").json()["results"]
    assert [f"/api/v1/claims/{each['id']}" for each in listed] == [first]
    assert len(api.get("members/ext:C-1/claims").json()["results"]) == 2
    refused(api.get("members/ext:none/claims"), 404, "member_not_found", "member")
    refused(api.get("claims?state=lost"), 400, "invalid_query", "state")
    for path in ("", "/approve", "/refuse", "/withdraw"):
        address = f"claims/{uuid7()}{path}"
        answer = api.post(address, {"reason": "x"} if path == "/refuse" else {}) if path else api.get(address)
        refused(answer, 404, "claim_not_found", "claim")


def test_sending_isnt_deciding(brand: Brand, client_for: ClientFor, api: Api, anna: Any) -> None:
    made = send(api)["Location"]
    writer = Api(client_for(brand), key_made(["claims:write"])[1])
    refused(writer.post(f"{made}/approve", {}), 403, "scope_missing")
    refused(writer.get(made), 403, "scope_missing")


def test_a_visit_by_position_and_by_code(api: Api, anna: Any) -> None:
    spot = place()
    path = "members/ext:C-1/checkins"
    first = api.post(path, HERE, once="v-1")
    assert first.status_code == 201
    assert first.json() | {"id": "", "at": "", "event": "", "member": ""} == {
        "id": "", "member": "", "program": "club", "place": "vondel", "method": "position", "state": "accepted",
        "reason": None, "distance_m": 40, "at": "", "event": "",
    }  # fmt: skip
    assert api.post(path, HERE, once="v-1").json() == first.json()
    token = {"token": token_of(spot, clock.now())}
    soon = api.post(path, token, once="v-2").json()
    assert (soon["state"], soon["reason"], soon["method"]) == ("refused", "too_soon", "code")
    assert shop.balance(anna) == 10
    assert len(api.get(path).json()["results"]) == 2
    assert len(api.get(f"{path}?state=accepted").json()["results"]) == 1
    refused(api.post(path, HERE), 400, "idempotency_key_missing")
    refused(api.post(path, {}, once="v-3"), 422, "invalid_input", "position")
    refused(api.post(path, {**HERE, **token}, once="v-4"), 422, "invalid_input", "position")
    refused(api.post(path, {"token": "x"}, once="v-5"), 422, "check_in_code_invalid", "token")
    refused(api.post(path, {**HERE, "place": "none"}, once="v-6"), 422, "unknown_place", "place")
    far = {"position": {"latitude": 5, "longitude": 5, "accuracy_m": 1}}
    refused(api.post(path, far, once="v-7"), 409, "no_place_near")
    wrong = {"position": {"latitude": 95, "longitude": 5, "accuracy_m": 1}}
    refused(api.post(path, wrong, once="v-8"), 422, "invalid_input", "position.latitude")
    assert CheckIn.objects.count() == 2


def test_places_are_listed_without_their_secret(api: Api, brand: Brand) -> None:
    place(tags=["green"])
    place("shut", active=False, kind="store")
    answer = api.get("places?active=true")
    (one,) = answer.json()["results"]
    assert (one["code"], one["latitude"], one["tags"]) == ("vondel", 52.0, ["green"])
    assert b"secret" not in answer.content
    assert [each["code"] for each in api.get("places?kind=store").json()["results"]] == ["shut"]
