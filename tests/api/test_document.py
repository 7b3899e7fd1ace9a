"""The OpenAPI document: true to the code, committed, served with a viewer that asks nobody else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from core.api.docs import openapi_document


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(openapi_document())


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, each) for path, row in document["paths"].items() for method, each in row.items()]


def test_the_committed_document_is_current():
    committed = (settings.BASE_DIR / "docs" / "openapi.json").read_bytes()
    assert committed == openapi_document(), "run: python manage.py openapi_write"


def test_the_document_is_openapi_3_1_and_every_reference_leads_somewhere(document):
    assert document["openapi"].startswith("3.1")
    for reference in set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document))):
        here: Any = document
        for part in reference.removeprefix("#/").split("/"):
            here = here[part]


def test_every_operation_has_a_summary_security_problems_and_rate_headers(document):
    ids = []
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        ids.append(operation["operationId"])
        assert operation["summary"], where
        assert operation["security"] == [{"ApiKey": []}], where
        for status in ("400", "401", "403", "429", "503"):
            assert status in operation["responses"], where
        good = [each for status, each in operation["responses"].items() if status < "300"]
        assert good, where
        assert all("RateLimit-Remaining" in each["headers"] for each in good), where
    assert len(set(ids)) == len(ids)


def test_every_post_that_spends_needs_an_idempotency_key(document):
    required = {
        path
        for path, method, operation in operations(document)
        for parameter in operation["parameters"]
        if parameter.get("name") == "Idempotency-Key" and parameter["required"]
    }
    assert required == {
        "/api/v1/sweepstakes/{sweepstake}/draw/pass",
        "/api/v1/members/{member}/sweepstakes/{sweepstake}/prize",
        "/api/v1/members/{member}/sweepstakes/{sweepstake}/entries",
        "/api/v1/benefit-uses/{use}/revoke",
        "/api/v1/carts/payments",
        "/api/v1/carts/payments/{payment}/capture",
        "/api/v1/carts/payments/{payment}/refunds",
        "/api/v1/carts/payments/{payment}/release",
        "/api/v1/holds/{hold}/capture",
        "/api/v1/holds/{hold}/release",
        "/api/v1/members/{member}/adjustments",
        "/api/v1/members/{member}/holds",
        "/api/v1/members/{member}/transfers",
        "/api/v1/members/{member}/tiers/{ladder}/floor",
        "/api/v1/members/{member}/tiers/{ladder}/invitation",
        "/api/v1/members/{member}/claims",
        "/api/v1/members/{member}/panels/{panel}/application",
        "/api/v1/panels/{panel}/select",
        "/api/v1/members/{member}/checkins",
        "/api/v1/programs/{program}/draft/publish",
        "/api/v1/programs/{program}/versions/{number}/publish",
        "/api/v1/redemptions",
        "/api/v1/redemptions/{redemption}/cancel",
        "/api/v1/redemptions/{redemption}/capture",
        "/api/v1/redemptions/{redemption}/payment",
        "/api/v1/vouchers/redeem",
        "/api/v1/vouchers/return",
        "/api/v1/members/{member}/store-credit",
        "/api/v1/members/{member}/subscriptions",
        "/api/v1/shipments/{shipment}/extras",
        "/api/v1/shipments/{shipment}/now",
        "/api/v1/subscriptions/{subscription}/quantity",
        "/api/v1/subscriptions/{subscription}/add-ons/{add_on}",
        "/api/v1/subscriptions/{subscription}/cancel",
        "/api/v1/subscriptions/{subscription}/change",
        "/api/v1/subscriptions/{subscription}/change/withdraw",
        "/api/v1/subscriptions/{subscription}/keep",
        "/api/v1/subscriptions/{subscription}/pause",
        "/api/v1/subscriptions/{subscription}/refunds",
        "/api/v1/subscriptions/{subscription}/resume",
        "/api/v1/subscriptions/{subscription}/skip",
        "/api/v1/subscriptions/{subscription}/usage/{meter}/cap",
    }


def test_every_example_fits_its_schema_and_every_body_and_answer_has_one(document):
    missing = []
    for path, method, operation in operations(document):
        bodies = [
            operation.get("requestBody"),
            *(each for each in operation["responses"].values() if "$ref" not in each),
        ]
        for body in filter(None, bodies):
            content = body["content"].get("application/json")
            if content is None:
                # A file: any text of its kind.
                assert all(each["schema"] for each in body["content"].values()), path
                continue
            if "example" not in content:
                missing.append(f"{method} {path}")
                continue
            schema = {**content["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(content["example"])
    assert missing == ["get /api/v1/programs/schema.json"]


def test_the_document_is_served_to_everyone(brand, client_for):
    answer = client_for(brand).get("/api/v1/schema.json")
    assert (answer.status_code, answer.content) == (200, openapi_document())


def test_the_viewer_asks_nobody_else_for_anything(brand, client_for):
    page = client_for(brand).get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    for address in re.findall(r"""(?:src|href)=["']([^"']+)""", text):
        assert address.startswith("/"), address
    assert "<script>" not in text
    script = client_for(brand).get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema.json" in script.content.decode()
    assert "//" not in script.content.decode().replace("// ", "")
