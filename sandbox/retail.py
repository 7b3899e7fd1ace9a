"""A shop's invoice export, in the shape of the UCI "Online Retail" set, turned into members and events.

Invoices are rows of invoices.csv (invoice_no, invoice_at, customer_id, country, lines, units, amount); lines_*.csv.gz
hold lines of some months. A number with C is a cancellation and doesn't say of what: its lines are matched with earlier
purchases by customer, goods and quantity, the newest first. What stays unmatched becomes a return of no known order.
Numbers with A are bad-debt adjustments and no orders: they are left out and listed.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

ZONE = ZoneInfo("Europe/London")
CURRENCY = "GBP"


class Line(msgspec.Struct):
    """One line of goods; quantity is positive, also of a cancellation. amount_minor: quantity × price, in pence."""

    invoice: str
    customer: str
    sku: str
    quantity: int
    amount_minor: int
    at: str


class Left(msgspec.Struct, frozen=True):
    """A row that became no event, or a return that matches no order: invoice and why."""

    invoice: str
    reason: str


class Conversion(msgspec.Struct):
    """events and members as the import command reads them, in the order of time; left: what to list."""

    members: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    left_out: list[Left] = []
    unmatched: list[Left] = []


def minor(amount: str) -> int:
    return int((Decimal(amount) * 100).quantize(Decimal(1)))


def moment(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC).isoformat()


def lines_read(paths: Iterable[Path]) -> Iterator[Line]:
    for path in sorted(paths):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                quantity = int(row["Quantity"])
                yield Line(
                    invoice=row["InvoiceNo"],
                    customer=row["CustomerID"].removesuffix(".0"),
                    sku=row["StockCode"],
                    quantity=abs(quantity),
                    amount_minor=abs(minor(str(Decimal(quantity) * Decimal(row["UnitPrice"])))),
                    at=row["InvoiceDate"],
                )


class Matcher:
    """Finds the purchase that a cancellation's line takes back; no piece is taken back twice.

    Same customer, same goods, bought before: the newest with exactly that quantity, else the newest that still has as
    many pieces. The money is the cancellation's own, never more than the purchase has left.
    """

    def __init__(self, lines: Iterable[Line], totals: dict[str, int]) -> None:
        self._left = dict(totals)
        self._bought: dict[tuple[str, str], list[Line]] = defaultdict(list)
        self._canceled: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            if line.invoice.startswith("C"):
                self._canceled[line.invoice].append(line)
            elif line.customer:
                self._bought[line.customer, line.sku].append(line)
        for each in self._bought.values():
            each.sort(key=lambda line: line.at, reverse=True)

    def matches(self, invoice: str) -> tuple[dict[str, int], bool]:
        """(purchase invoice → pence to give back, whether every line found its purchase)."""
        found: dict[str, int] = defaultdict(int)
        whole = bool(self._canceled[invoice])
        for line in self._canceled[invoice]:
            purchase = self._purchase(line)
            if purchase is None:
                whole = False
                continue
            purchase.quantity -= line.quantity
            amount = min(line.amount_minor, self._left.get(purchase.invoice, 0))
            self._left[purchase.invoice] = self._left.get(purchase.invoice, 0) - amount
            found[purchase.invoice] += amount
        return dict(found), whole

    def _purchase(self, line: Line) -> Line | None:
        earlier = [each for each in self._bought.get((line.customer, line.sku), ()) if each.at <= line.at]
        exact = (each for each in earlier if each.quantity == line.quantity)
        enough = (each for each in earlier if each.quantity >= line.quantity)
        return next(exact, None) or next(enough, None) if line.customer else None


def convert(invoices: Iterable[dict[str, str]], lines: Iterable[Line]) -> Conversion:
    """Every invoice once: an order, a guest's order, one or more returns, or a line in left_out."""
    rows = sorted(invoices, key=lambda row: (row["invoice_at"], row["invoice_no"]))
    matcher = Matcher(lines, {row["invoice_no"]: max(0, minor(row["amount"])) for row in rows})
    conversion = Conversion()
    seen: set[str] = set()
    for row in rows:
        number, customer = row["invoice_no"], row["customer_id"]
        if customer and customer not in seen:
            seen.add(customer)
            conversion.members.append({"external_id": customer, "name": f"Customer {customer}"})
        if number.startswith("A"):
            conversion.left_out.append(Left(number, "bad-debt adjustment, no order"))
        elif number.startswith("C"):
            conversion.events.extend(_returns(row, matcher, conversion))
        else:
            conversion.events.append(_order(row))
    return conversion


def _event(row: dict[str, str], name: str, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    member = {"external_id": row["customer_id"]} if row["customer_id"] else None
    return {"id": name, "type": kind, "member": member, "occurred_at": moment(row["invoice_at"]), "data": payload}


def _order(row: dict[str, str]) -> dict[str, Any]:
    order = {
        "number": row["invoice_no"],
        "currency": CURRENCY,
        "total_minor": minor(row["amount"]),
        "store": row["country"][:60],
    }
    return _event(row, row["invoice_no"], "order.paid", {"order": order})


def _returns(row: dict[str, str], matcher: Matcher, conversion: Conversion) -> Iterator[dict[str, Any]]:
    """One return per purchase that was matched, and one of no order for what is left; ids from the cancellation's."""
    number, total = row["invoice_no"], abs(minor(row["amount"]))
    found, whole = matcher.matches(number)
    matched = 0
    for at, (order, amount) in enumerate(sorted(found.items())):
        matched += amount
        name = number if at == 0 else f"{number}/{at + 1}"
        yield _event(row, name, "order.returned", {"return": {"order": order, "amount_minor": amount}})
    if not found or not whole:
        conversion.unmatched.append(Left(number, "partly unmatched" if found else "matches no purchase"))
        name = number if not found else f"{number}/rest"
        rest = {"order": None, "amount_minor": max(0, total - matched)}
        yield _event(row, name, "order.returned", {"return": rest})
