"""The only door to Stripe.

A connection's client is made once per process and key, with the API's version pinned; `stripe.api_key` is never set.
What Stripe refuses comes out as one of billing.errors, told in our words; what it said itself goes to the log and to
the operation's row, never with a key in it. No call is made while a transaction of ours holds locks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
import stripe
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing.errors import (
    CardDeclined,
    KeyNotAccepted,
    StripeKeyRefused,
    StripeMissing,
    StripeRefused,
    StripeUnavailable,
)
from billing.models import StripeConnection
from billing.sending import GuardedClient
from core import egress
from core.errors import InvalidInput
from core.secrets import unseal

log = logging.getLogger(__name__)

API_VERSION = "2026-08-26.dahlia"
KEY_PURPOSE, SECRET_PURPOSE, OLD_SECRET_PURPOSE = "stripe_key", "stripe_hook_secret", "stripe_old_hook_secret"
RETRIES = 2
PAGE = 100
# More than any account has: a list that goes on for longer isn't one.
MOST_PAGES = 100_000
Json = dict[str, Any]


def client_of(connection: StripeConnection) -> stripe.StripeClient:
    """The client of the brand's account; with Connect the platform's, acting for the account. StripeKeyRefused of one
    that was disconnected, also where Stripe would still let us: who left isn't acted for."""
    if connection.health == StripeConnection.Health.DISCONNECTED:
        raise StripeKeyRefused(_("The account was disconnected."), hint="", code_said="account_invalid")
    if connection.mode == StripeConnection.Mode.CONNECT:
        return client_for(platform_key(livemode=connection.livemode), account=connection.account_id)
    return client_for(unseal(connection.sealed_key, purpose=KEY_PURPOSE))


def client_for(key: str, *, account: str | None = None) -> stripe.StripeClient:
    """A client for a key. KeyNotAccepted for a live key where requests would go anywhere but to Stripe itself."""
    base = settings.STRIPE_API_BASE
    if base and is_live(key):
        raise KeyNotAccepted("A live key isn't used with a stand-in of Stripe.", field="key")
    return _client(key, account, base)


def platform_key(*, livemode: bool) -> str:
    """The platform's key for accounts of this mode. StripeKeyRefused where it has none: never the other mode's."""
    key: str = settings.STRIPE_PLATFORM_KEY
    if not key or is_live(key) is not livemode:
        raise StripeKeyRefused(_("The platform has no key of this mode."), hint="")
    return key


@lru_cache(maxsize=256)
def _client(key: str, account: str | None, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_account=account,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=RETRIES,
        http_client=GuardedClient(),
    )


def is_live(key: str) -> bool:
    return key.startswith(("sk_live_", "rk_live_"))


def reachable() -> bool:
    """Whether the address that settings name is one that requests may go to."""
    parts = urlsplit(settings.STRIPE_API_BASE)
    return not settings.STRIPE_API_BASE or egress.stand_in(parts.hostname or "", parts.port)


@contextmanager
def asking() -> Iterator[None]:
    """Stripe's refusals as ours. DomainErrors only come out of it."""
    try:
        yield
    except stripe.CardError as error:
        declined = str(error.code or "") if error.code != "card_declined" else _decline(error)
        raise CardDeclined(decline_code=declined or None) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise StripeKeyRefused(code_said=_code(error)) from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeUnavailable() from error
    except stripe.InvalidRequestError as error:
        log.info("Stripe refused: %s (%s)", error.code, error.param)
        refused = StripeMissing if error.code == "resource_missing" else StripeRefused
        raise refused(_said(error), stripe_code=error.code, stripe_param=error.param) from error
    except stripe.IdempotencyError as error:
        raise StripeUnavailable() from error
    except stripe.StripeError as error:
        raise StripeUnavailable() from error


def _code(error: stripe.StripeError) -> str | None:
    """Its code: of a refusal by permission the SDK leaves it in the body."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    return error.code or (body.get("error") or {}).get("code")


def _decline(error: stripe.CardError) -> str:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    return str(body.get("error", {}).get("decline_code") or error.code or "")


def _said(error: stripe.StripeError) -> str:
    """Stripe's sentence. It names no key: those errors are other ones."""
    return str(error.user_message or "")[:300]


def plain(thing: Any) -> Json:
    """An object of the SDK as plain JSON values, all the way down."""
    told: Json = msgspec.json.decode(msgspec.json.encode(thing.to_dict(), enc_hook=str))
    return told


def ask(connection: StripeConnection, request: Callable[[Any], Any]) -> Json:
    """Make one request, told as a function of the client's `v1`; the answer as plain JSON."""
    with asking():
        return plain(request(client_of(connection).v1))


def ask_all(connection: StripeConnection, request: Callable[[Any, Json], Any]) -> Iterator[Json]:
    """All pages of a list, told as a function of `v1` and the page's parameters."""
    params: Json = {"limit": PAGE}
    for _page in range(MOST_PAGES):
        told = ask(connection, lambda v1: request(v1, params))  # noqa: B023  (called at once)
        yield from told["data"]
        if not told["has_more"]:
            return
        last = told["data"][-1]["id"] if told["data"] else None
        if last in (None, params.get("starting_after")):
            break
        params = {"limit": PAGE, "starting_after": last}
    raise InvalidInput("the list has no end")
