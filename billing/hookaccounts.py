"""Whose webhooks arrive where: an account's row, kept for a moment by each process.

Webhooks come in crowds, and to read the same row before each would be half of what PostgreSQL is asked. A row that was
kept refuses nothing: what it would refuse is looked at anew first, so a new secret is taken as soon as it is there. The
secret before is taken for a day in any case.
"""

from __future__ import annotations

from time import monotonic
from uuid import UUID

from billing.models import StripeConnection
from core.tenancy import current_schema

KEPT_SECONDS = 5.0
MOST_KEPT = 2_000
# (until, row) by schema and the address' id. Two threads that both read one do no harm.
_kept: dict[tuple[str, UUID], tuple[float, StripeConnection]] = {}


def account_kept(public_id: UUID) -> StripeConnection | None:
    """The row as it was a moment ago; None where it isn't kept."""
    until, row = _kept.get((current_schema(), public_id), (0.0, None))
    return row if monotonic() < until else None


def account_read(public_id: UUID) -> StripeConnection | None:
    """The row as it is; kept from now on. None where there is none."""
    row = StripeConnection.objects.filter(public_id=public_id).first()
    if row is not None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[current_schema(), public_id] = (monotonic() + KEPT_SECONDS, row)
    return row
