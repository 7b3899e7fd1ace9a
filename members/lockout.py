"""Guessing at passwords: who tried whom, from where, and the alarm when many accounts are tried at once.

axes counts failures in the brand's own table, per person and address together: an attacker elsewhere can't lock the
owner out, and a spoofed X-Forwarded-For changes nothing (core.http.client_ip).
"""

from __future__ import annotations

import logging
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.core.cache import caches
from django.http import HttpRequest

from core.audit import audit_record

log = logging.getLogger("django.security.guessing")

# An ordinary day of forgotten passwords stays well below; a list of stolen ones doesn't.
SPREAD_FAILURES = 100
SPREAD_ACCOUNTS = 20
HOUR = 3600


def username_of(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address that a try was for, spelled one way, so that Ann@x and ann@x are one person. Named in AXES_*."""
    given: Any = ""
    for source in (credentials or {}, request.POST):
        given = source.get("email") or source.get("login") or source.get("username") or ""
        if given:
            break
    return unicodedata.normalize("NFKC", str(given)).strip().casefold().replace("\x00", "")[:255]


def failure_noted(request: HttpRequest) -> None:
    """Count a failed log-in of this brand; at every hundredth within an hour look whether they are spread over many."""
    hour = int(datetime.now(UTC).timestamp()) // HOUR
    counters: Any = caches["guesses"]
    failures = counters.incr(f"login-failures:{hour}", timeout=2 * HOUR)
    if failures % SPREAD_FAILURES == 0:
        spread_alert(failures=failures)


def spread_alert(*, failures: int) -> bool:
    """Tell the log and the audit trail when the last hour's failures hit many accounts. True if they did."""
    since = datetime.now(UTC) - timedelta(seconds=HOUR)
    recent = AccessAttempt.objects.filter(attempt_time__gte=since)
    accounts = recent.values("username").distinct().count()
    if accounts < SPREAD_ACCOUNTS:
        return False
    addresses = recent.values("ip_address").distinct().count()
    log.warning("log-in failures are spread: %d failures, %d accounts, %d addresses", failures, accounts, addresses)
    audit_record(
        actor="system:lockout",
        action="login.failures_spread",
        object_type="brand",
        object_id="",
        changes={"failures": failures, "accounts": accounts, "addresses": addresses},
    )
    return True
