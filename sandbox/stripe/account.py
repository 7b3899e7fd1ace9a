"""One account of the local Stripe: its objects, its clocks, its events. A key that nobody has used is an empty
account."""

import random
import string
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sandbox.stripe.clock import Clock
from sandbox.stripe.errors import missing

Json = dict[str, Any]
LETTERS = string.ascii_letters + string.digits
PREFIXES = {
    "customer": "cus",
    "product": "prod",
    "price": "price",
    "payment_method": "pm",
    "setup_intent": "seti",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "coupon": "cou",
    "promotion_code": "promo",
    "discount": "di",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "invoice": "in",
    "line_item": "il",
    "invoiceitem": "ii",
    "invoice_payment": "inpay",
    "checkout.session": "cs_test",
    "event": "evt",
    "webhook_endpoint": "we",
    "test_helpers.test_clock": "clock",
    "billing.meter": "mtr",
    "credit_note": "cn",
    "customer_balance_transaction": "cbtxn",
    "tax_id": "txi",
    "balance_transaction": "txn",
    "token": "tok",
    "account": "acct",
}
DEFAULTS = {"after_retries": "cancel", "retry_days": [3, 5, 7], "currency": "eur", "country": "NL", "tax_percent": 21}


class Account:
    """Everything behind one test key."""

    def __init__(self, identifier: str | None = None) -> None:
        self.chance = random.Random()
        self.id = identifier or self.fresh_id("account")
        self.objects: defaultdict[str, dict[str, Json]] = defaultdict(dict)
        self.clock = Clock()
        self.clocks: dict[str, Clock] = {}
        self.settings: Json = dict(DEFAULTS)
        self.keys: list[str] = []
        self.connected: list[str] = []
        # All of this local Stripe by their ids, and the one that opened this one by Connect.
        self.siblings: dict[str, Account] = {self.id: self}
        self.platform: Account | None = None
        self.idempotency: dict[str, Json] = {}
        self.faults: list[Json] = []
        self.webhooks: Json = {"mode": "deliver"}
        self.deliveries: list[Json] = []
        self.meter_events: dict[str, list[Json]] = {}
        self.request: Json = {"id": None, "idempotency_key": None}
        self.counts: Json = {}

    def sibling(self) -> "Account":
        """Another account of the same local Stripe."""
        made = Account()
        made.settings["base"] = self.settings.get("base", "")
        made.siblings = self.siblings
        self.siblings[made.id] = made
        return made

    def fresh_id(self, kind: str) -> str:
        """An identifier that looks like Stripe's."""
        return f"{PREFIXES[kind]}_" + "".join(self.chance.choices(LETTERS, k=16))

    def count(self, name: str) -> int:
        """1, 2, 3 … for each name."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return int(self.counts[name])

    def add(self, kind: str, values: Json, *, at: int | None = None, identifier: str | None = None) -> Json:
        """Make an object of this kind with what all have; `values` win."""
        thing: Json = {
            "id": identifier or self.fresh_id(kind),
            "object": kind,
            "created": self.clock.now() if at is None else at,
            "livemode": False,
            **values,
        }
        self.objects[kind][thing["id"]] = thing
        return thing

    def get(self, kind: str, identifier: object, *, param: str = "id") -> Json:
        """The object. Raises Stripe's 404."""
        found = self.objects[kind].get(str(identifier))
        if found is None:
            raise missing(
                kind.rpartition(".")[2].replace("_", " ") if kind != "payment_method" else "PaymentMethod",
                str(identifier),
                param,
            )
        return found

    def find(self, kind: str, identifier: object) -> Json | None:
        """The object, or nothing."""
        return self.objects[kind].get(str(identifier)) if identifier else None

    def all(self, kind: str) -> Iterable[Json]:
        """The objects of a kind, newest first."""
        return reversed(list(self.objects[kind].values()))

    def clock_of(self, thing: Json | None) -> Clock:
        """The clock that a customer, or anything of theirs, lives by."""
        name = (thing or {}).get("test_clock")
        return self.clocks[name] if name else self.clock

    def now(self, thing: Json | None = None) -> int:
        """The time by that clock."""
        return self.clock_of(thing).now()

    def customer_of(self, thing: Json) -> Json:
        """The customer whom a subscription, invoice or session belongs to."""
        return self.objects["customer"].get(str(thing.get("customer")), {})
