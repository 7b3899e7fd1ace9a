"""What only a test and the demo do: move time, switch faults, look at and send webhooks, dispute a payment, change
keys.

All are `POST /_admin/<name>` with a JSON body and the account's key, as for any request.
"""

import time
from collections.abc import Callable
from typing import Any

from sandbox.stripe import connect, delivery
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.faults import KINDS
from sandbox.stripe.payment_confirm import settle_intent
from sandbox.stripe.refunds import close_dispute, open_dispute
from sandbox.stripe.work import run_until

Json = dict[str, Any]
Control = Callable[[Account, Json], Json]
CONTROLS: dict[str, Control] = {}


def control(function: Control) -> Control:
    CONTROLS[function.__name__] = function
    return function


@control
def advance(account: Account, body: Json) -> Json:
    """{"seconds": 86400} or {"to": 1790000000}: the account's own clock. How much was done on the way."""
    now = account.clock.now()
    to = int(body["to"]) if "to" in body else now + int(body["seconds"])
    if to < now:
        raise invalid("Time only goes forward.", param="to")
    return {"done": run_until(account, account.clock, to), "now": account.clock.now()}


@control
def now(account: Account, body: Json) -> Json:
    return {"now": account.clock.now(), "id": account.id}


@control
def faults(account: Account, body: Json) -> Json:
    """{"faults": [{"method", "path", "kind", "status", "seconds", "times"}]}: in place of those that are there."""
    for one in body["faults"]:
        if one.get("kind") not in KINDS:
            raise invalid(f"Unknown kind of fault; there are {', '.join(sorted(KINDS))}.", param="faults")
    account.faults = [dict(one) for one in body["faults"]]
    return {"faults": account.faults}


@control
def webhooks(account: Account, body: Json) -> Json:
    """{"mode": deliver | hold | drop | duplicate | shuffle}. Answers with what waits."""
    if "mode" in body:
        if body["mode"] not in ("deliver", "hold", "drop", "duplicate", "shuffle"):
            raise invalid("Unknown mode.", param="mode")
        account.webhooks["mode"] = body["mode"]
    return {
        "mode": account.webhooks["mode"],
        "waiting": [{**one, "type": account.get("event", one["event"])["type"]} for one in account.deliveries],
    }


@control
def signed(account: Account, body: Json) -> Json:
    """{"event", "endpoint", "at"?}: the body and the header as they would be sent, for a test that delivers by
    itself."""
    endpoint = delivery.endpoint_of(account, body["endpoint"])
    if endpoint is None:
        raise invalid(f"There is no endpoint {body['endpoint']}.", param="endpoint")
    raw, secret = delivery.body_of(account, body["event"], endpoint), endpoint["_secret"]
    return {"body": raw.decode(), "signature": delivery.signature(secret, raw, int(body.get("at", time.time())))}


@control
def forget_waiting(account: Account, body: Json) -> Json:
    """The deliveries that wait are lost."""
    lost, account.deliveries = len(account.deliveries), []
    return {"lost": lost}


@control
def keys(account: Account, body: Json) -> Json:
    """{"add": "rk_test_…"} or {"revoke": "rk_test_…"}; `settings` are merged: after_retries, retry_days, name,
    country, tax_percent."""
    if added := body.get("add"):
        account.keys.append(str(added))
    if gone := body.get("revoke"):
        account.keys = [key for key in account.keys if key != gone]
        account.settings["revoked"] = [*account.settings.get("revoked", []), gone]
    account.settings |= body.get("settings", {})
    return {"id": account.id, "settings": account.settings}


@control
def dispute(account: Account, body: Json) -> Json:
    """{"charge"} opens one, {"dispute", "won"} decides it."""
    if "charge" in body:
        return open_dispute(account, account.get("charge", body["charge"]), body.get("reason", "fraudulent"))
    return close_dispute(account, account.get("dispute", body["dispute"]), won=bool(body["won"]))


@control
def requirements(account: Account, body: Json) -> Json:
    """{"due": ["company.tax_id"], "charges_enabled": false}: what is asked of a connected account now."""
    connect.asked(account, list(body["due"]), charges_enabled=bool(body.get("charges_enabled", False)))
    return {"due": account.settings["due"]}


@control
def deauthorize(account: Account, body: Json) -> Json:
    """{"account"}, with the platform's key: its owner takes the platform's access away."""
    connect.deauthorize(account, str(body["account"]))
    return {"connected": account.connected}


@control
def authenticate(account: Account, body: Json) -> Json:
    """{"payment_intent", "payment_method"?}: the card's owner has answered the bank; the invoice behind it is
    settled."""
    intent = account.get("payment_intent", body["payment_intent"])
    return settle_intent(account, intent, {"payment_method": body.get("payment_method")}, shown=True)


@control
def count(account: Account, body: Json) -> Json:
    """How many objects of each kind there are."""
    return {kind: len(things) for kind, things in account.objects.items()}
