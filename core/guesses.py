"""Counters that several processes must agree on, kept in the brand's own table: guesses, one-time codes that were used.

A cache in each process would let an attacker have the limit once per process. Values are JSON. Wall time on purpose:
moving a brand's clock in the demo must not open a lock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

FOREVER = timedelta(days=3650)


class GuessCache(BaseCache):
    """Django's cache interface over core_sharedcounter; `add` is atomic between processes."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store unless there is a live value. True if this call stored it."""
        row = self._run(
            "INSERT INTO core_sharedcounter (key, value, expires_at) VALUES (%s, %s::jsonb, %s)"
            " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at"
            " WHERE core_sharedcounter.expires_at <= %s RETURNING 1",
            [self._key(key, version), _json(value), self._until(timeout), datetime.now(UTC)],
        )
        return row is not None

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = self._run(
            "SELECT value::text FROM core_sharedcounter WHERE key = %s AND expires_at > %s",
            [self._key(key, version), datetime.now(UTC)],
        )
        return default if row is None else msgspec.json.decode(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._run(
            "INSERT INTO core_sharedcounter (key, value, expires_at) VALUES (%s, %s::jsonb, %s)"
            " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at RETURNING 1",
            [self._key(key, version), _json(value), self._until(timeout)],
        )

    def incr(self, key: str, delta: int = 1, version: int | None = None, timeout: Any = DEFAULT_TIMEOUT) -> int:
        """Add to a counter, which starts at 0 when there is none, and return it. One statement: no count is lost."""
        now = datetime.now(UTC)
        row = self._run(
            "INSERT INTO core_sharedcounter (key, value, expires_at) VALUES (%s, %s::jsonb, %s)"
            " ON CONFLICT (key) DO UPDATE SET"
            " value = CASE WHEN core_sharedcounter.expires_at <= %s THEN EXCLUDED.value"
            "   ELSE to_jsonb((core_sharedcounter.value::text)::bigint + %s) END,"
            " expires_at = CASE WHEN core_sharedcounter.expires_at <= %s THEN EXCLUDED.expires_at"
            "   ELSE core_sharedcounter.expires_at END"
            " RETURNING value::text::bigint",
            [self._key(key, version), _json(delta), self._until(timeout), now, delta, now],
        )
        assert row is not None
        return int(row[0])

    def delete(self, key: str, version: int | None = None) -> bool:
        row = self._run("DELETE FROM core_sharedcounter WHERE key = %s RETURNING 1", [self._key(key, version)])
        return row is not None

    def clear(self) -> None:
        self._run("WITH gone AS (DELETE FROM core_sharedcounter RETURNING 1) SELECT count(*) FROM gone", [])

    def forget_expired(self) -> int:
        """Remove what has ended. Returns how many."""
        row = self._run(
            "WITH gone AS (DELETE FROM core_sharedcounter WHERE expires_at <= %s RETURNING 1)"
            " SELECT count(*) FROM gone",
            [datetime.now(UTC)],
        )
        return int(row[0]) if row else 0

    def _key(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)[:300]

    def _until(self, timeout: Any) -> datetime:
        seconds = self.get_backend_timeout(timeout)
        return datetime.now(UTC) + FOREVER if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def _run(self, statement: str, values: list[Any]) -> tuple[Any, ...] | None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
