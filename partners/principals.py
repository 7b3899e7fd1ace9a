"""From a key to who it is, asked in every request: a revoked key is out with its very next one.

A process remembers whom it let in, so that a hot path can send that question along with its own first one.
"""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from django.db import connection

from core.actor import Actor
from core.api.auth import Known, Principal
from core.tenancy import current_schema

MAX_KNOWN = 20_000
_FIND = (
    "SELECT id, digest, scopes::text, rate_per_minute, expires_at, revoked_at, last_used_on"
    " FROM partners_apikey WHERE prefix = %s"
)
_NOBODY: tuple[Any, ...] = (0, bytes(32), "[]", None, None, None, None)
# (schema, prefix) → the digest of the key that was let in, and as whom.
_known: dict[tuple[str, str], tuple[bytes, Known]] = {}


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
    principal = Principal(
        name=prefix,
        scopes=frozenset(msgspec.json.decode(scopes)),
        rate_per_minute=rate,
        actor=Actor("partner", f"api:{prefix}", "api"),
    )
    _remember(prefix, digest, principal, (*row[:-1], wall.date()))
    return principal


def principal_recall(prefix: str, digest: bytes) -> Known | None:
    """Whom principal_find found in this brand for this very key, as far as this process remembers. No statement."""
    digest_then, known = _known.get((current_schema(), prefix), (bytes(32), None))
    return known if hmac.compare_digest(digest_then, digest) else None


def _remember(prefix: str, digest: bytes, principal: Principal, row: tuple[Any, ...]) -> None:
    """row: as _FIND will give it from now on, until the key changes or the day does."""
    expires_at = row[4]

    def holds(now_there: tuple[Any, ...] | None) -> bool:
        return now_there == row and (expires_at is None or expires_at > datetime.now(UTC))

    if len(_known) >= MAX_KNOWN:
        _known.clear()
    # The prefix has the form of a key's, letters and digits: it needs no quoting.
    _known[current_schema(), prefix] = digest, Known(principal, _FIND % f"'{prefix}'", holds)


def _seen(key_id: int, today: date) -> None:
    """Written once a day: often enough to find keys that nobody uses."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partners_apikey SET last_used_on = %s WHERE id = %s AND last_used_on IS DISTINCT FROM %s",
            [today, key_id, today],
        )
