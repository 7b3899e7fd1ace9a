"""What the tests of the local Stripe tell their stories with."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import stripe

from sandbox.stripe.server import LocalStripe

DAY = 86400
Json = dict[str, Any]


def at(text: str) -> int:
    """`2027-01-31 10:00` in UTC, as seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


class Story:
    """A customer, their clock, and prices: 10 and 25 euros a month, 100 a year."""

    def __init__(self, client: stripe.StripeClient, server: LocalStripe, begins: str = "2027-01-31 10:00") -> None:
        self.client, self.server = client, server
        self.v1: Any = client.v1
        self.clock = self.v1.test_helpers.test_clocks.create({"frozen_time": at(begins)}).id
        self.product = self.v1.products.create({"name": "Box"}).id
        self.small = self.price(1000)
        self.large = self.price(2500)
        self.yearly = self.price(10000, interval="year")
        self.customer = self.new_customer("pm_card_visa")

    def new_customer(self, card: str | None, **more: Any) -> str:
        given: Any = {"email": "ann@example.com", "test_clock": self.clock, **more}
        if card:
            given["payment_method"] = card
        return str(self.v1.customers.create(given).id)

    def price(self, amount: int, interval: str = "month", **more: Any) -> str:
        given: Any = {
            "product": self.product,
            "currency": "eur",
            "unit_amount": amount,
            "recurring": {"interval": interval},
        }
        return str(self.v1.prices.create({**given, **more}).id)

    def subscribe(self, price: str | None = None, **more: Any) -> Any:
        given: Any = {
            "customer": self.customer,
            "items": [{"price": price or self.small}],
            "expand": ["latest_invoice"],
        }
        return self.v1.subscriptions.create({**given, **more})

    def now(self) -> int:
        return int(self.v1.test_helpers.test_clocks.retrieve(self.clock).frozen_time)

    def advance(self, *, days: float = 0, to: str = "") -> None:
        until = at(to) if to else self.now() + int(days * DAY)
        self.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": until})

    def again(self, subscription: Any) -> Any:
        return self.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})

    def item(self, subscription: Any) -> Any:
        return self.v1.subscriptions.retrieve(subscription.id)["items"]["data"][0]

    def change(self, subscription: Any, price: str, **more: Any) -> Any:
        given: Any = {"items": [{"id": self.item(subscription).id, "price": price}], "expand": ["latest_invoice"]}
        return self.v1.subscriptions.update(subscription.id, {**given, **more})

    def card(self, number: str) -> str:
        """Another card for the customer, from now on the one that pays."""
        given: Any = {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2034}}
        method = str(self.v1.payment_methods.create(given).id)
        self.v1.payment_methods.attach(method, {"customer": self.customer})
        self.v1.customers.update(self.customer, {"invoice_settings": {"default_payment_method": method}})
        return method

    def happened(self) -> list[str]:
        """What was told, in its order."""
        return [one.type for one in reversed(list(self.v1.events.list({"limit": 100}).auto_paging_iter()))]

    def control(self, name: str, **body: Any) -> Json:
        """One of the switches that only tests have."""
        url = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.client._requestor.api_key}"}
        connection.request("POST", f"/_admin/{name}", json.dumps(body), headers)
        answer: Json = json.loads(connection.getresponse().read())
        connection.close()
        return answer
