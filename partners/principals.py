"""From a key to who it is. One statement per request: a revoked key is out with its very next request."""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from django.db import connection

from core.actor import Actor
from core.api.auth import Principal

_FIND = (
    "SELECT id, digest, scopes::text, rate_per_minute, expires_at, revoked_at, last_used_on"
    " FROM partners_apikey WHERE prefix = %s"
)
_NOBODY: tuple[Any, ...] = (0, bytes(32), "[]", None, None, None, None)


def principal_find(prefix: str, digest: bytes) -> Principal | None:
    """The principal of a live key. An unknown prefix is compared with a digest that nothing has, to take as long.

    Expiry goes by wall time: a brand's moved clock must not let an old key in.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [prefix])
        row = cursor.fetchone()
    key_id, known, scopes, rate, expires_at, revoked_at, last_used_on = row or _NOBODY
    same = hmac.compare_digest(bytes(known), digest)
    wall = datetime.now(UTC)
    if not same or row is None or revoked_at is not None or (expires_at is not None and expires_at <= wall):
        return None
    if last_used_on != wall.date():
        _seen(key_id, wall.date())
    return Principal(
        name=prefix,
        scopes=frozenset(msgspec.json.decode(scopes)),
        rate_per_minute=rate,
        actor=Actor("partner", f"api:{prefix}", "api"),
    )


def _seen(key_id: int, today: date) -> None:
    """Written once a day: often enough to find keys that nobody uses."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partners_apikey SET last_used_on = %s WHERE id = %s AND last_used_on IS DISTINCT FROM %s",
            [today, key_id, today],
        )
