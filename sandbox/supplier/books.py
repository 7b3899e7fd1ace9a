"""The stand-in's books: catalogue, account and orders, under one lock. Kept in a file where one is named."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.supplier.catalogue import products

Row = dict[str, Any]


class Refused(Exception):
    """A 4xx that changed nothing."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Books:
    """deliver_after: how many times an order is looked at before its code is there (0: at once)."""

    def __init__(self, *, key: str, balance_minor: int, currency: str = "EUR", file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.file = file
        self.keys = {key}
        self.currency = currency
        self.balance_minor = balance_minor
        self.deliver_after = 1
        self.products: dict[str, Row] = {each["id"]: each for each in products()}
        self.orders: dict[str, Row] = {}
        # What a currency costs in the account's, in ten-thousandths.
        self.rates_bp = {"EUR": 10_000, "USD": 9_200, "GBP": 11_700, "JPY": 62, "NOK": 870}
        self._read()

    # --- orders --------------------------------------------------------------------------------------------------
    def place(self, wanted: Row) -> tuple[int, Row]:
        """201 with a new order, 200 with the one that the reference has already."""
        with self.lock:
            earlier = [each for each in self.orders.values() if each["reference"] == wanted["reference"]]
            if earlier:
                same = all(earlier[0][name] == wanted[name] for name in ("product", "value_minor", "currency"))
                if not same:
                    raise Refused(422, "reference_reused", "the reference has another order")
                return 200, earlier[0]
            return 201, self.commit(wanted)

    def commit(self, wanted: Row) -> Row:
        """Take the money and write the order down, whatever else has this reference."""
        with self.lock:
            card = self.products.get(wanted["product"])
            if card is None or card["currency"] != wanted["currency"]:
                raise Refused(404, "unknown_product")
            if not card["in_stock"]:
                raise Refused(409, "out_of_stock")
            if not sells(card, wanted["value_minor"]):
                raise Refused(422, "invalid_value")
            charged = self.charge_of(card, wanted["value_minor"])
            if charged > self.balance_minor:
                raise Refused(402, "insufficient_balance")
            self.balance_minor -= charged
            made = {
                "id": f"so-{uuid.uuid4().hex[:16]}",
                **{name: wanted[name] for name in ("reference", "product", "value_minor", "currency")},
                "charged_minor": charged,
                "state": "pending",
                "reason": "",
                "at": datetime.now(UTC).isoformat(),
                "looks": 0,
                "code": code_new(),
                "pin": f"{uuid.uuid4().int % 10_000:04d}",
            }
            self.orders[made["id"]] = made
            self._deliver(made)
            return made

    def charge_of(self, card: Row, value: int) -> int:
        # Yen have no cents.
        cost_bp: int = card["cost_bp"]
        minor = value * (100 if card["currency"] == "JPY" else 1)
        return -(-minor * self.rates_bp[card["currency"]] * cost_bp // 100_000_000)

    def look(self, order: Row) -> Row:
        """Each look brings its delivery nearer."""
        with self.lock:
            order["looks"] += 1
            self._deliver(order)
            return order

    def _deliver(self, order: Row) -> None:
        if order["state"] == "pending" and order["looks"] >= self.deliver_after:
            order["state"] = "delivered"
            order["expires_on"] = (datetime.now(UTC).date() + timedelta(days=365)).isoformat()

    def fail(self, order: Row, reason: str) -> None:
        """Give the money back for one that can't be delivered."""
        with self.lock:
            if order["state"] == "pending":
                order["state"], order["reason"] = "failed", reason
                self.balance_minor += order["charged_minor"]

    # --- keeping -------------------------------------------------------------------------------------------------
    def keep(self) -> None:
        """After every request that may have changed something."""
        if self.file is None:
            return
        with self.lock:
            kept = {"balance_minor": self.balance_minor, "orders": self.orders}
            beside = self.file.with_suffix(".new")
            beside.write_text(json.dumps(kept))
            beside.replace(self.file)

    def _read(self) -> None:
        if self.file is not None and self.file.exists():
            kept = json.loads(self.file.read_text())
            self.balance_minor, self.orders = kept["balance_minor"], kept["orders"]


def code_new() -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    number = uuid.uuid4().int
    text = "".join(letters[number >> (5 * at) & 31] for at in range(16))
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def sells(card: Row, value: Any) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    span = card.get("range")
    if span is None:
        return value in card["denominations_minor"]
    inside: bool = span["least_minor"] <= value <= span["most_minor"]
    return inside and (value - span["least_minor"]) % span["step_minor"] == 0


def shown(order: Row) -> Row:
    """An order as it is told over the line: without its code."""
    names = ("id", "reference", "product", "value_minor", "currency", "charged_minor", "state", "reason")
    return {name: order[name] for name in names}
