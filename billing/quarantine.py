"""An event whose id is known with another content: kept apart, told to the owners, and never worked.

Compared are two that came as webhooks: what a list tells of an event is written in the account's own version of the
API, so it may say the same in other words. `pending_webhooks` counts down with each delivery and says nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from billing.bodies import body_sealed
from billing.models import StripeConnection, StripeEvent
from core import clock
from core.outbox import outbox_add

COUNTS_DOWN = "pending_webhooks"

_KEEP_APART = """
INSERT INTO billing_quarantinedevent (connection_id, event_id, type, digest, sealed_body, by, received_at)
VALUES (%s, %s, %s, %s, %s, 'webhook', %s)
ON CONFLICT (connection_id, event_id, digest) DO NOTHING RETURNING id
"""


def event_compare(connection: StripeConnection, event: dict[str, Any]) -> bool:
    """Whether an event whose id is known says what the known one said; one that doesn't is kept apart and told once."""
    name, digest = event["id"][:80], _digest(event)
    known = StripeEvent.objects.filter(connection=connection, event_id=name, by="webhook").first()
    if known is None or _digest(known.body) == digest:
        return True
    _keep_apart(connection, event, name, digest)
    return False


def _digest(event: dict[str, Any]) -> str:
    """Of all that it says."""
    said = {key: value for key, value in event.items() if key != COUNTS_DOWN}
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def _keep_apart(connection: StripeConnection, event: dict[str, Any], name: str, digest: str) -> None:
    values = [connection.pk, name, event["type"][:80], digest, body_sealed(event), clock.now()]
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(_KEEP_APART, values)
            new = cursor.fetchone() is not None
        if new:
            told = {"connection_id": connection.pk, "what": "event_differs", "event_id": name, "type": values[2]}
            outbox_add("billing.attention", told)
