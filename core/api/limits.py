"""Requests per key and minute, counted in PostgreSQL so that all processes agree, at far less than a query per request.

A process leases a twentieth of the minute's allowance at a time and counts it down in memory. Leases never add up to
more than the allowance. A process that leased and didn't use it keeps others from it until the minute is over: with n
processes up to (n - 1) twentieths of an allowance may go unused, never more be granted.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from msgspec import Struct

from core.api.auth import Principal
from core.problems import TooManyRequests
from core.tenancy import current_schema

WINDOW = 60  # seconds
SHARES = 20
KEPT_WINDOWS = 60
MAX_COUNTERS = 20_000

_LEASE = """
WITH swept AS (
    DELETE FROM core_ratewindow WHERE principal = %(principal)s AND window_start < %(oldest)s
)
INSERT INTO core_ratewindow (principal, window_start, leased) VALUES (%(principal)s, %(window)s, %(share)s)
ON CONFLICT (principal, window_start) DO UPDATE
   SET leased = core_ratewindow.leased + %(share)s WHERE core_ratewindow.leased < %(limit)s
RETURNING leased
"""


class Allowance(Struct, frozen=True):
    """What the headers say. remaining: as far as this process knows. reset: seconds until the next minute."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.limit};w={WINDOW}",
        }


class _Counter:
    """One process' share of one principal's minute."""

    __slots__ = ("held", "leased", "lock", "window")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window = self.held = self.leased = 0


_counters: dict[tuple[str, str], _Counter] = {}


def forget_all() -> None:
    """Give no lease back, but hold none either. For tests."""
    _counters.clear()


def seconds_now() -> float:
    """Wall time: every process must see the same minute, whatever a brand's clock says."""
    return datetime.now(UTC).timestamp()


def request_count(principal: Principal) -> Allowance:
    """Count one request. TooManyRequests with `allowance` when the minute's are used up."""
    limit = principal.rate_per_minute or settings.API_RATE_LIMIT_PER_MINUTE
    now = seconds_now()
    window, reset = int(now // WINDOW), WINDOW - int(now % WINDOW)
    counter = _counter(principal.name)
    with counter.lock:
        if counter.window != window:
            counter.window, counter.held, counter.leased = window, 0, 0
        if counter.held == 0 and counter.leased < limit:
            _lease(counter, principal.name, limit)
        if counter.held == 0:
            raise Exhausted(Allowance(limit, 0, reset))
        counter.held -= 1
        return Allowance(limit, counter.held + limit - counter.leased, reset)


class Exhausted(TooManyRequests):
    """allowance: for the headers of the answer."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(retry_after=allowance.reset)
        self.allowance = allowance


def _counter(name: str) -> _Counter:
    key = (current_schema(), name)
    found = _counters.get(key)
    if found is None:
        if len(_counters) >= MAX_COUNTERS:
            _counters.clear()
        found = _counters.setdefault(key, _Counter())
    return found


def _lease(counter: _Counter, name: str, limit: int) -> None:
    """Take the next share of the minute: one statement, which also sweeps old minutes away."""
    share = max(1, -(-limit // SHARES))
    given: dict[str, str | int] = {
        "principal": name,
        "window": counter.window,
        "oldest": counter.window - KEPT_WINDOWS,
        "share": share,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, given)
        row = cursor.fetchone()
    if row is None:
        counter.leased = limit
        return
    # The last share may reach beyond the allowance: that part isn't granted.
    counter.held = share - max(0, row[0] - limit)
    counter.leased = min(row[0], limit)
