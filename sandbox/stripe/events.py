"""Events, and the deliveries that they owe to the endpoints that asked for them."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.routing import listing, route
from sandbox.stripe.shapes import complete

Json = dict[str, Any]
VERSION = "2026-08-26.dahlia"


def emit(account: Account, kind: str, thing: Json, *, before: Json | None = None, at: int | None = None) -> Json:
    """Write down that this happened to the thing, as it is now; `before` holds what the changed properties were."""
    moment = account.now(account.customer_of(thing)) if at is None else at
    body: Json = {"object": copy.deepcopy(complete(thing))}
    if before is not None:
        body["previous_attributes"] = before
    event = account.add(
        "event",
        {"type": kind, "data": body, "api_version": VERSION, "pending_webhooks": 0, "request": dict(account.request)},
        at=moment,
    )
    for endpoint in _endpoints(account):
        if endpoint["status"] == "enabled" and ({"*", kind} & set(endpoint["enabled_events"])):
            event["pending_webhooks"] += 1
            account.deliveries.append(
                {"event": event["id"], "endpoint": endpoint["id"], "attempt": 0, "not_before": 0.0}
            )
    return event


def _endpoints(account: Account) -> list[Json]:
    """The account's own, and those at which its platform hears of all accounts that it opened."""
    own = [each for each in account.objects["webhook_endpoint"].values() if not each.get("_connect")]
    platform = account.platform.objects["webhook_endpoint"].values() if account.platform else ()
    return [*own, *(each for each in platform if each.get("_connect"))]


def changed(account: Account, kind: str, thing: Json, before: Json) -> Json | None:
    """Emit an `.updated` event with what differs from the copy `before`; nothing where nothing differs."""
    old, new = complete(before), complete(thing)
    difference = {key: old.get(key) for key in new if old.get(key) != new.get(key)}
    return emit(account, kind, thing, before=difference) if difference else None


@route("GET", "/v1/events")
def events_list(account: Account, params: Json) -> Json:
    """Newest first; `type` or `types` to choose."""
    wanted = set(params.get("types") or ([params["type"]] if "type" in params else []))
    return listing(account, "event", params, "/v1/events", where=lambda one: not wanted or one["type"] in wanted)


@route("GET", "/v1/events/{named}")
def event_read(account: Account, params: Json, named: str) -> Json:
    return account.get("event", named)
