"""The account itself, its webhook endpoints and its test clocks."""

import copy
import secrets
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.clock import DAY, Clock
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.routing import listing, route
from sandbox.stripe.work import run_until

Json = dict[str, Any]
FURTHEST = 2 * 366 * DAY


@route("GET", "/v1/account")
def account_read(account: Account, params: Json) -> Json:
    return described(account)


@route("GET", "/v1/accounts/{account_id}")
def account_named(account: Account, params: Json, account_id: str) -> Json:
    if account_id in account.connected:
        return described(account.siblings[account_id])
    if account_id != account.id:
        raise invalid("The provided key does not have access to that account.", code="account_invalid", status=403)
    return described(account)


def described(account: Account) -> Json:
    """The account as it is told. due: what Stripe asks for before it goes on."""
    enabled = bool(account.settings.get("charges_enabled", True))
    return {
        "id": account.id,
        "object": "account",
        "country": account.settings["country"],
        "default_currency": account.settings["currency"],
        "charges_enabled": enabled,
        "payouts_enabled": enabled,
        "details_submitted": bool(account.settings.get("details_submitted", True)),
        "type": account.settings.get("type", "standard"),
        "email": account.settings.get("email"),
        "metadata": account.settings.get("metadata", {}),
        "business_type": None,
        "requirements": _asked(account, enabled=enabled),
        "capabilities": dict.fromkeys(("card_payments", "transfers"), "active" if enabled else "inactive"),
        "created": 1735689600,
        "business_profile": {
            "name": account.settings.get("name"),
            "mcc": None,
            "support_email": None,
            "support_phone": None,
            "url": None,
            "product_description": None,
            "support_address": None,
            "support_url": None,
        },
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {},
            "payments": {},
            "dashboard": {"display_name": account.settings.get("name"), "timezone": "Etc/UTC"},
        },
    }


def _asked(account: Account, *, enabled: bool) -> Json:
    """What Stripe asks for before it goes on."""
    due = list(account.settings.get("due", []))
    return {
        "alternatives": [], "current_deadline": account.settings.get("deadline"), "currently_due": due,
        "disabled_reason": None if enabled else "requirements.past_due", "errors": [], "eventually_due": due,
        "past_due": [] if enabled else due, "pending_verification": [],
    }  # fmt: skip


@route("POST", "/v1/webhook_endpoints")
def endpoint_create(account: Account, params: Json) -> Json:
    """The secret is in this answer and in no other."""
    if not str(params["url"]).startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    endpoint = account.add(
        "webhook_endpoint",
        {
            "url": params["url"],
            "enabled_events": params["enabled_events"],
            "status": "enabled",
            "api_version": params.get("api_version"),
            "description": params.get("description"),
            "metadata": params.get("metadata") or {},
            "application": f"ca_{account.id.removeprefix('acct_')}" if params.get("connect") else None,
            "_connect": bool(params.get("connect")),
            "_secret": f"whsec_{secrets.token_urlsafe(24)}",
        },
    )
    return {**endpoint, "secret": endpoint["_secret"]}


@route("GET", "/v1/webhook_endpoints")
def endpoint_list(account: Account, params: Json) -> Json:
    return listing(account, "webhook_endpoint", params, "/v1/webhook_endpoints")


@route("GET", "/v1/webhook_endpoints/{webhook_endpoint}")
def endpoint_read(account: Account, params: Json, webhook_endpoint: str) -> Json:
    return account.get("webhook_endpoint", webhook_endpoint)


@route("POST", "/v1/webhook_endpoints/{webhook_endpoint}")
def endpoint_update(account: Account, params: Json, webhook_endpoint: str) -> Json:
    endpoint = account.get("webhook_endpoint", webhook_endpoint)
    merge_metadata(endpoint, params)
    for name in ("url", "enabled_events", "description"):
        endpoint[name] = params.get(name, endpoint[name])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}")
def endpoint_delete(account: Account, params: Json, webhook_endpoint: str) -> Json:
    account.get("webhook_endpoint", webhook_endpoint)
    del account.objects["webhook_endpoint"][webhook_endpoint]
    return {"id": webhook_endpoint, "object": "webhook_endpoint", "deleted": True}


@route("POST", "/v1/test_helpers/test_clocks")
def clock_create(account: Account, params: Json) -> Json:
    clock = account.add(
        "test_helpers.test_clock",
        {
            "frozen_time": params["frozen_time"],
            "name": params.get("name"),
            "status": "ready",
            "status_details": {},
            "deletes_after": params["frozen_time"] + 60 * DAY,
        },
    )
    account.clocks[clock["id"]] = Clock(frozen=params["frozen_time"])
    return clock


@route("GET", "/v1/test_helpers/test_clocks")
def clock_list(account: Account, params: Json) -> Json:
    return listing(account, "test_helpers.test_clock", params, "/v1/test_helpers/test_clocks")


@route("GET", "/v1/test_helpers/test_clocks/{test_clock}")
def clock_read(account: Account, params: Json, test_clock: str) -> Json:
    return account.get("test_helpers.test_clock", test_clock)


@route("POST", "/v1/test_helpers/test_clocks/{test_clock}/advance")
def clock_advance(account: Account, params: Json, test_clock: str) -> Json:
    """Do what is due on the way; here it is done when the answer comes, though the answer says `advancing` as
    Stripe's does."""
    clock = account.get("test_helpers.test_clock", test_clock)
    to = params["frozen_time"]
    if to <= clock["frozen_time"]:
        raise invalid("The clock can only be advanced to a later time.", param="frozen_time")
    if to > clock["frozen_time"] + FURTHEST:
        raise invalid("The clock can't be advanced more than two years at a time.", param="frozen_time")
    run_until(account, account.clocks[test_clock], to)
    clock |= {"frozen_time": to, "status": "ready"}
    emit(account, "test_helpers.test_clock.ready", clock, at=to)
    answer = copy.deepcopy(clock)
    answer |= {"status": "advancing", "status_details": {"advancing": {"target_frozen_time": to}}}
    return answer


@route("DELETE", "/v1/test_helpers/test_clocks/{test_clock}")
def clock_delete(account: Account, params: Json, test_clock: str) -> Json:
    """Its customers go with it."""
    account.get("test_helpers.test_clock", test_clock)
    for kind in ("customer", "subscription", "invoice", "subscription_schedule"):
        for name, thing in list(account.objects[kind].items()):
            if thing.get("test_clock") == test_clock:
                del account.objects[kind][name]
    del account.objects["test_helpers.test_clock"][test_clock], account.clocks[test_clock]
    return {"id": test_clock, "object": "test_helpers.test_clock", "deleted": True}
