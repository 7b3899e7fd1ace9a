"""A partner system: a key and a client that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.actor import Actor
from partners.models import ApiKey
from partners.scopes import SCOPES
from partners.services import api_key_create

STAFF = Actor("staff", "user:1", "admin")
ROOT = "/api/v1/"


def key_made(scopes: Iterable[str] = tuple(SCOPES), **fields: Any) -> tuple[ApiKey, str]:
    made = {"name": "Web shop", "expires_at": None, "rate_per_minute": None, **fields}
    return api_key_create(scopes=scopes, actor=STAFF, **made)


class Api:
    """Requests with a key, relative to /api/v1/. Bodies are JSON values, or bytes as they are."""

    def __init__(self, client: Client, key: str | None) -> None:
        self.client = client
        self.key = key

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = "application/json",
        once: str | None = None,
        **headers: str,
    ) -> Any:
        more: dict[str, Any] = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.key is not None:
            more.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.key}")
        if once is not None:
            more["HTTP_IDEMPOTENCY_KEY"] = once
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        address = path if path.startswith("/") else ROOT + path
        return self.client.generic(method, address, raw, content_type=media, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.send("POST", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.send("PATCH", path, body, **more)


PATH = re.compile(r"SET search_path = [^;]*(; )?")


def refused(response: HttpResponse, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The problem document of an answer that must be this refusal."""
    problem: dict[str, Any] = msgspec.json.decode(response.content)
    assert (response.status_code, problem.get("code")) == (status, code), problem
    assert response["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"].endswith(f"#{code}")
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response["X-Request-Id"]
    if field is not None:
        assert problem.get("field") == field, problem
    return problem


def statements(call: Callable[[], Any]) -> list[str]:
    """The messages that a call sends to a brand's tables; finding the brand and setting its path alone aside."""
    with CaptureQueriesContext(connection) as sent:
        call()
    known = [PATH.sub("", each["sql"]) for each in sent.captured_queries]
    return [sql for sql in known if sql and "tenants_brand" not in sql]
