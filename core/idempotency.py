"""One request, one effect: the first answer is kept beside its effect and given again to every repetition."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from django.db import OperationalError, connection, transaction
from psycopg import errors as pg

from core import clock
from core.errors import Busy, IdempotencyKeyMissing, IdempotencyKeyReused, InvalidInput
from core.failpoint import failpoint

Reply = tuple[int, Any]


def body_digest(*parts: bytes) -> bytes:
    """SHA-256 over the parts, each with its length, so that no two lists of parts share a digest."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def idempotent(
    *,
    principal: str,
    key: str | None,
    request_hash: bytes,
    required: bool,
    run: Callable[[], Reply],
) -> Reply:
    """Run `run` once for (principal, key) and return (status, JSON body); later calls get the first reply.

    The record is written in the effect's own transaction: either both are there or neither. A second request with the
    same key waits for the first (up to lock_timeout, then Busy). Another body under the same key is refused with 422.
    A DomainError raised by `run` leaves no record: nothing happened, so the same key may be tried again.
    """
    if not key:
        if required:
            raise IdempotencyKeyMissing()
        with transaction.atomic():
            return run()
    if len(key) > 200 or "\x00" in key:
        raise InvalidInput(
            "The Idempotency-Key is longer than 200 characters.",
            field="Idempotency-Key",
        )
    with transaction.atomic():
        earlier = _claim(principal, key, request_hash)
        if earlier is not None:
            return earlier
        status, body = run()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE core_idempotencyrecord SET status = %s, reply = %s::jsonb WHERE principal = %s AND key = %s",
                [status, msgspec.json.encode(body).decode(), principal, key],
            )
        failpoint("once.in_transaction")
    failpoint("once.after")
    return status, body


def _claim(principal: str, key: str, request_hash: bytes) -> Reply | None:
    """Insert the row (waiting for a twin in flight) or return the reply that the first request got."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
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
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise Busy() from error
        raise
    if row is None or row[1] is None:
        raise Busy()
    if bytes(row[0]) != request_hash:
        raise IdempotencyKeyReused()
    return row[1], msgspec.json.decode(row[2])
