"""What Stripe sends: judged by its signature, kept, answered at once. What it means is asked of Stripe afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import stripe
from django.db import connection as database
from django.utils import timezone

from billing.bodies import body_sealed
from billing.connections import secrets_of
from billing.errors import WebhookRefused
from billing.gateway import API_VERSION
from billing.models import StripeConnection
from billing.quarantine import event_compare
from billing.times import at_known
from billing.waking import event_wake
from core import clock

TOLERANCE = 300
# Their clock and ours: one that is signed later than this from now was made up.
AHEAD = timedelta(seconds=60)

_KEEP = """
INSERT INTO billing_stripeevent (connection_id, event_id, type, object_id, customer, created_at, received_at,
                                 sealed_body, by, state, attempts, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'waiting', 0, '')
ON CONFLICT (connection_id, event_id) DO NOTHING RETURNING id
"""


def webhook_take(*, connection: StripeConnection, body: bytes, signature: str) -> bool:
    """Keep an event that is really the connected account's; whether it was new. WebhookRefused for all else.

    One that is known and says something else now is kept in quarantine.
    """
    wall = timezone.now()  # noqa: TID251  (wall time: signatures)
    signature_check(secrets_of(connection, wall), body, signature)
    return event_take(connection, event_read(body))


def event_take(connection: StripeConnection, event: dict[str, Any]) -> bool:
    """The same of one whose signature was looked at."""
    if event.get("livemode") is not connection.livemode:
        raise WebhookRefused("The event is of the other mode.", code="webhook_mode")
    account = event.get("account")
    if connection.mode == StripeConnection.Mode.CONNECT or account is not None:
        if account != connection.account_id:
            raise WebhookRefused("The event is of another account.", code="webhook_account")
    kept = event_keep(connection, event, by="webhook")
    if kept is None:
        event_compare(connection, event)
        return False
    event_wake(kept, connection.pk, customer_named(event["data"]["object"]))
    return True


def signature_check(secrets: list[str], body: bytes, signature: str) -> None:
    """Signatures stand on the wall's clock, whatever the brand's says. WebhookRefused."""
    wall = timezone.now()  # noqa: TID251  (wall time: signatures)
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, secret, TOLERANCE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError):
            continue
        if _signed_at(signature) > wall + AHEAD:
            break
        return
    raise WebhookRefused("The signature isn't right, or too old.", code="webhook_signature")


def _signed_at(signature: str) -> datetime:
    told = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    return datetime.fromtimestamp(int(told["t"]), UTC)


def event_read(body: bytes) -> dict[str, Any]:
    """An event of the API's version that we speak. WebhookRefused."""
    try:
        event = msgspec.json.decode(body, type=dict[str, Any])
        str(event["id"]), str(event["type"]), at_known(event["created"])
        if not isinstance(event["data"]["object"], dict):
            raise TypeError("an event is about an object")
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise WebhookRefused("This isn't an event.", code="webhook_body") from error
    if event.get("api_version") != API_VERSION:
        raise WebhookRefused("The event speaks another version of the API.", code="webhook_version")
    return event


def event_keep(connection: StripeConnection, event: dict[str, Any], *, by: str) -> int | None:
    """The new row's id; None where the event is known."""
    thing = event["data"]["object"]
    values = [
        connection.pk, event["id"][:80], event["type"][:80], str(thing.get("id") or "")[:80],
        customer_named(thing)[:80], at_known(event["created"]), clock.now(),
        body_sealed(event), by,
    ]  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute(_KEEP, values)
        row = cursor.fetchone()
    return int(row[0]) if row is not None else None


def customer_named(thing: dict[str, Any]) -> str:
    """Whom an event's object is about, where it says so."""
    if thing.get("object") == "customer":
        return str(thing["id"])
    customer = thing.get("customer")
    return str(customer["id"]) if isinstance(customer, dict) else str(customer or "")
