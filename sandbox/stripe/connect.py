"""Stripe Connect: accounts that a platform opens, the page on which their owner says who they are, and goodbye."""

import copy
import secrets
import time
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.accounts import described
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.routing import page, route

Json = dict[str, Any]
LINK_HOLDS = 300
# What Stripe asks of an account that has said nothing yet.
FIRST_ASKED = ("business_profile.url", "external_account", "representative.first_name", "tos_acceptance.date")


@route("POST", "/v1/accounts")
def account_create(account: Account, params: Json) -> Json:
    """An account of the platform's, of which nothing is known yet."""
    made = account.sibling()
    made.settings |= {
        "country": params.get("country", account.settings["country"]),
        "email": params.get("email"),
        "metadata": params.get("metadata") or {},
        "type": params.get("type", "standard"),
        "charges_enabled": False,
        "details_submitted": False,
        "due": list(FIRST_ASKED),
        "links": {},
    }
    made.platform = account
    account.connected.append(made.id)
    return described(made)


@route("GET", "/v1/accounts")
def account_list(account: Account, params: Json) -> Json:
    found = [described(account.siblings[name]) for name in reversed(account.connected)]
    return page(found, params, "/v1/accounts")


@route("POST", "/v1/accounts/{account_id}")
def account_update(account: Account, params: Json, account_id: str) -> Json:
    found = connected(account, account_id)
    merge_metadata(found.settings, params)
    found.settings["email"] = params.get("email", found.settings.get("email"))
    return described(found)


@route("POST", "/v1/account_links")
def link_create(account: Account, params: Json) -> Json:
    """The way to the page: for once, and for some minutes."""
    found = connected(account, params["account"], param="account")
    token, until = secrets.token_urlsafe(12), int(time.time()) + LINK_HOLDS
    for name in ("refresh_url", "return_url"):
        if not str(params.get(name, "")).startswith(("http://", "https://")):
            raise invalid(f"Not a valid URL: {name}", param=name, code="url_invalid")
    found.settings["links"][token] = {
        "refresh_url": params["refresh_url"], "return_url": params["return_url"], "until": until,
    }  # fmt: skip
    return {
        "object": "account_link",
        "created": int(time.time()),
        "expires_at": until,
        "url": f"{account.settings['base']}/o/{found.id}/{token}",
    }


def connected(platform: Account, name: object, *, param: str = "id") -> Account:
    """The account that the platform may act for. Raises 403."""
    if name not in platform.connected:
        words = f"The provided key does not have access to account '{name}' (or it does not exist)."
        raise invalid(words, param=param, code="account_invalid", status=403)
    return platform.siblings[str(name)]


def link_take(account: Account, token: str) -> Json | None:
    """Where the page leads on to; nothing for a link that was used or is too old."""
    link: Json | None = account.settings.get("links", {}).get(token)
    return link if link is not None and link["until"] > time.time() and not link.get("used") else None


def submit(account: Account, name: str) -> None:
    """Its owner has said everything: charges can be made."""
    asked(account, [], charges_enabled=True, name=name or None, details_submitted=True)


def asked(account: Account, due: list[str], **settings: Any) -> None:
    """Stripe asks for this now; the platform is told."""
    before = copy.deepcopy(described(account))
    account.settings |= {"due": due, **settings}
    after = described(account)
    changed = {key: before.get(key) for key in after if before.get(key) != after.get(key)}
    if changed:
        emit(account, "account.updated", after, before=changed)


def deauthorize(platform: Account, name: str) -> None:
    """The account's owner takes the platform's access away: the last thing that it hears of it."""
    account = connected(platform, name)
    application = {"id": f"ca_{platform.id.removeprefix('acct_')}", "object": "application", "name": "Stamgast"}
    emit(account, "account.application.deauthorized", application)
    platform.connected.remove(name)
    account.platform = None
