"""The sample of docs/benefits.md does what the page says: it takes a good token, and no other."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.api.cast import Api, key_made
from tests.rewards.benefits.cast import club, somebody

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parents[3] / "docs" / "benefits.md"
SHOP = "https://shop.example"


@pytest.fixture
def read() -> Any:
    """The sample's function."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], str(PAGE), "exec"), names)
    return names["entitlements_from"]


@pytest.fixture
def told(brand: Any, client_for: Any) -> tuple[str, dict[str, Any], str]:
    """(token, published keys, issuer)."""
    api = Api(client_for(brand), key_made()[1])
    somebody(club(), 600, external_id="C-1")
    token = api.post("members/ext:C-1/entitlements/token", {"audience": SHOP}).json()["token"]
    issuer = api.client.get("/.well-known/jwks.json").wsgi_request.build_absolute_uri("/").rstrip("/")
    return token, api.client.get("/.well-known/jwks.json").json(), issuer


def test_a_good_token_is_read(read, told):
    token, keys, issuer = told
    assert read(token, keys, issuer=issuer, audience=SHOP)["benefits"] == ["coffee", "members_price"]


def test_one_whose_time_is_over_isnt(read, told):
    token, keys, issuer = told
    with pytest.raises(ValueError, match="time is over"):
        read(token, keys, issuer=issuer, audience=SHOP, now=time.time() + 301)


def test_nor_one_for_somebody_else_or_of_another_brand(read, told):
    token, keys, issuer = told
    for where in ({"issuer": issuer, "audience": "https://other.example"},
                  {"issuer": "https://other.example", "audience": SHOP}):  # fmt: skip
        with pytest.raises(ValueError, match="somebody else"):
            read(token, keys, **where)


def test_nor_one_that_another_key_signed(read, told):
    token, keys, issuer = told
    other = Ed25519PrivateKey.generate()
    text = token.rpartition(".")[0]
    forged = base64.urlsafe_b64encode(other.sign(text.encode())).decode().rstrip("=")
    with pytest.raises(InvalidSignature):
        read(f"{text}.{forged}", keys, issuer=issuer, audience=SHOP)
    public = base64.urlsafe_b64encode(other.public_key().public_bytes_raw()).decode().rstrip("=")
    with pytest.raises(InvalidSignature):
        read(token, {"keys": [{**keys["keys"][0], "x": public}]}, issuer=issuer, audience=SHOP)
    with pytest.raises(ValueError, match="unknown key"):
        read(token, {"keys": []}, issuer=issuer, audience=SHOP)


def test_nor_one_that_says_it_needs_no_signature(read, told):
    token, keys, issuer = told
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"x"}').decode().rstrip("=")
    with pytest.raises(ValueError, match="another algorithm"):
        read(f"{none}.{token.split('.')[1]}.", keys, issuer=issuer, audience=SHOP)
