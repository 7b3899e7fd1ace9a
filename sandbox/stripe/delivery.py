"""Sending events to endpoints, signed as Stripe signs them, again where nobody said yes, and badly where a test wants
it so."""

import hashlib
import hmac
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.account import Account
from sandbox.stripe.shapes import complete

Json = dict[str, Any]
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # wall seconds between tries: an impatient Stripe


def due(account: Account, now: float) -> list[Json]:
    """Take what is to be sent now, as the account's switch has it: deliver, hold, drop, duplicate, shuffle."""
    mode = account.webhooks.get("mode", "deliver")
    if mode == "hold":
        return []
    ready = [one for one in account.deliveries if one["not_before"] <= now]
    account.deliveries = [one for one in account.deliveries if one["not_before"] > now]
    if mode == "drop":
        return []
    if mode == "duplicate":
        ready = [again for one in ready for again in (one, dict(one))]
    if mode == "shuffle":
        account.chance.shuffle(ready)
    return ready


def body_of(account: Account, event_id: str, endpoint: Json | None = None) -> bytes:
    """The event as it goes over the wire. A platform is told whose it is."""
    whose = {"account": account.id} if endpoint is not None and endpoint.get("_connect") else {}
    return json.dumps({**complete(account.get("event", event_id)), **whose}, indent=2).encode()


def endpoint_of(account: Account, name: object) -> Json | None:
    """The account's own endpoint, or its platform's."""
    places = [account, *account.siblings.values()]
    return next((found for each in places if (found := each.find("webhook_endpoint", name))), None)


def signature(secret: str, body: bytes, at: int) -> str:
    """The `Stripe-Signature` of a body: always by the wall's time, since clients compare it with theirs."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def reach(host: str) -> str:
    """Names below `localhost` are this machine, also where nothing resolves them: the demo's brands stand there."""
    return "127.0.0.1" if host.endswith(".localhost") else host


def send(account: Account, delivery: Json) -> int:
    """Post it; the status that came back, 0 where none did. Nothing of the account is changed."""
    endpoint = endpoint_of(account, delivery["endpoint"])
    if endpoint is None or endpoint["status"] != "enabled":
        return 200
    body = body_of(account, delivery["event"], endpoint)
    url = urlsplit(endpoint["url"])
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(reach(url.hostname or ""), url.port, timeout=10)
    headers = {
        "Host": url.netloc,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (local)",
        "Stripe-Signature": signature(endpoint["_secret"], body, int(time.time())),
    }
    try:
        connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), body, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def settle(account: Account, delivery: Json, status: int) -> None:
    """Note how a sending went: done, or once more later."""
    if 200 <= status < 300:
        event = account.get("event", delivery["event"])
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
    elif delivery["attempt"] < len(PAUSES):
        pause = PAUSES[delivery["attempt"]]
        account.deliveries.append({**delivery, "attempt": delivery["attempt"] + 1, "not_before": time.time() + pause})
