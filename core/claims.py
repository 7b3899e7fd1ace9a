"""Idempotency-Keys for effects that are unique by themselves, such as events: source and id never count twice.

Their work commits in pieces of its own, so the key can't share its transaction as in core/idempotency.py. The key is
claimed first, in a transaction of its own; another body under it is refused before anything happens. A claim that a
dead process left open does no harm: the same body may take it up, since doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from django.db import connection
from django.utils.translation import gettext as _

from core import clock
from core.errors import IdempotencyKeyReused, InvalidInput
from core.idempotency import Reply

MAX_KEY = 200


def once_by_nature(*, principal: str, key: str | None, request_hash: bytes, run: Callable[[], Reply]) -> Reply:
    """Run for (principal, key), or give the first reply again. run must be safe to repeat.

    A DomainError raised by `run` frees the key, and so does a reply that holds a row answered with 500 or more: what
    failed for the moment is to be tried again, under the same key. Must not be called inside a transaction.
    IdempotencyKeyReused for another body, InvalidInput for a key that is too long.
    """
    if not key:
        return run()
    if len(key) > MAX_KEY or "\x00" in key:
        raise InvalidInput(
            _("The Idempotency-Key is longer than %(n)d characters.") % {"n": MAX_KEY}, field="Idempotency-Key"
        )
    earlier = _claim(principal, key, request_hash)
    if earlier is not None:
        return earlier
    try:
        status, body = run()
    except BaseException:
        _release(principal, key)
        raise
    if not _final(status, body):
        _release(principal, key)
        return status, body
    _run(
        "UPDATE core_idempotencyrecord SET status = %s, reply = %s::jsonb WHERE principal = %s AND key = %s",
        status,
        msgspec.json.encode(body).decode(),
        principal,
        key,
    )
    return status, body


def _final(status: int, body: Any) -> bool:
    """Whether a repetition would be answered the same: neither the reply nor a row of it failed on our side."""
    rows = body.get("results", ()) if isinstance(body, dict) else ()
    statuses = [status, *(row.get("status") for row in rows if isinstance(row, dict))]
    return not any(isinstance(each, int) and each >= 500 for each in statuses)


def _release(principal: str, key: str) -> None:
    _run("DELETE FROM core_idempotencyrecord WHERE principal = %s AND key = %s AND status IS NULL", principal, key)


def _claim(principal: str, key: str, request_hash: bytes) -> Reply | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_idempotencyrecord (principal, key, body_hash, created_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (principal, key) DO NOTHING RETURNING id",
            [principal, key, request_hash, clock.now()],
        )
        if cursor.fetchone() is not None:
            return None
        cursor.execute(
            "SELECT body_hash, status, reply::text FROM core_idempotencyrecord WHERE principal = %s AND key = %s",
            [principal, key],
        )
        row = cursor.fetchone()
    if row is None:
        return None  # freed a moment ago; running without a claim is as safe
    if bytes(row[0]) != request_hash:
        raise IdempotencyKeyReused(field="Idempotency-Key")
    return None if row[1] is None else (row[1], msgspec.json.decode(row[2]))


def _run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
