"""All accounts of one local Stripe, found by key, and the file that keeps them between two runs."""

import json
import threading
from pathlib import Path
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.clock import Clock
from sandbox.stripe.errors import StripeError, unauthorized

Json = dict[str, Any]
KEPT = ("settings", "keys", "connected", "idempotency", "faults", "webhooks", "deliveries", "meter_events", "counts")


class State:
    """The accounts. One lock for all: whoever holds it may read and change them."""

    def __init__(self, file: Path | None = None, base: str = "") -> None:
        self.lock = threading.RLock()
        self.file = file
        self.base = base
        self.accounts: dict[str, Account] = {}
        self.dirty = False
        if file is not None and file.exists():
            self._load(json.loads(file.read_text()))

    def by_key(self, key: str) -> Account:
        """The account behind a key; a test key that nobody has used opens an empty one. Raises 401 for any other
        key."""
        if key.startswith(("sk_live_", "rk_live_")):
            raise unauthorized("This is a local stand-in for tests. It takes no live keys: keep them away from here.")
        if not key.startswith(("sk_test_", "rk_test_")):
            raise unauthorized("Invalid API Key provided." if key else "You did not provide an API key.")
        for account in self.accounts.values():
            if key in account.settings.get("revoked", []):
                raise StripeError(
                    401,
                    "invalid_request_error",
                    f"Expired API Key provided: {key[:8]}…{key[-4:]}",
                    code="api_key_expired",
                )
            if key in account.keys:
                return account
        account = Account()
        account.keys.append(key)
        account.settings["base"] = self.base
        account.siblings = self.accounts
        self.accounts[account.id] = account
        return account

    def acting_for(self, platform: Account, identifier: str | None) -> Account:
        """The account that a `Stripe-Account` header names. Raises 403 where the platform isn't connected to it."""
        if not identifier or identifier == platform.id:
            return platform
        if identifier not in platform.connected or identifier not in self.accounts:
            words = f"The provided key does not have access to account '{identifier}' (or it does not exist)."
            raise StripeError(403, "invalid_request_error", words, code="account_invalid")
        return self.accounts[identifier]

    def save(self) -> None:
        """Write what changed, whole or not at all."""
        if self.file is None or not self.dirty:
            return
        with self.lock:
            text = json.dumps({name: _kept(account) for name, account in self.accounts.items()})
            self.dirty = False
        draft = self.file.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.file)

    def _load(self, kept: Json) -> None:
        for name, values in kept.items():
            account = Account(name)
            for key in KEPT:
                setattr(account, key, values[key])
            account.objects.update({kind: dict(things) for kind, things in values["objects"].items()})
            account.clock = Clock.of(values["clock"])
            account.clocks = {one: Clock.of(clock) for one, clock in values["clocks"].items()}
            account.settings["base"] = self.base
            account.siblings = self.accounts
            _share(account)
            self.accounts[name] = account
        for platform in self.accounts.values():
            for name in platform.connected:
                self.accounts[name].platform = platform


def _kept(account: Account) -> Json:
    return {
        **{key: getattr(account, key) for key in KEPT},
        "objects": account.objects,
        "clock": account.clock.kept(),
        "clocks": {name: clock.kept() for name, clock in account.clocks.items()},
    }


def _share(account: Account) -> None:
    """Items of a subscription are objects of their own too: after reading they are one thing again."""
    for subscription in account.objects["subscription"].values():
        for item in subscription["items"]["data"]:
            item["price"] = account.objects["price"].get(item["price"]["id"], item["price"])
            account.objects["subscription_item"][item["id"]] = item
    for invoice in account.objects["invoice"].values():
        invoice["payments"]["data"] = [
            account.objects["invoice_payment"].get(one["id"], one) for one in invoice["payments"]["data"]
        ]
