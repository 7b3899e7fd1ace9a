"""What goes over the line, as the service writes it. Read strictly: what isn't as it should be is no answer at all."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from rewards.suppliers.protocol import Balance, Code, Product, Standing

Text = Annotated[str, Meta(max_length=200)]
LongText = Annotated[str, Meta(max_length=5000)]
Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\A[!-~]+\Z")]
Money = Annotated[int, Meta(ge=0, le=10**11)]
Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
Country = Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")]


class Account(Struct):
    balance_minor: Annotated[int, Meta(ge=-(10**11), le=10**11)]
    currency: Currency

    def read(self) -> Balance:
        return Balance(self.balance_minor, self.currency)


class Range(Struct):
    least_minor: Annotated[int, Meta(ge=1, le=10**11)]
    most_minor: Annotated[int, Meta(ge=1, le=10**11)]
    step_minor: Annotated[int, Meta(ge=1, le=10**11)] = 1


class Card(Struct):
    id: Name
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    currency: Currency
    brand: Text = ""
    category: Text = ""
    description: LongText = ""
    terms: LongText = ""
    countries: Annotated[list[Country], Meta(max_length=250)] = []
    denominations_minor: Annotated[list[Annotated[int, Meta(ge=1, le=10**11)]], Meta(max_length=200)] = []
    range: Range | None = None
    cost_bp: Annotated[int, Meta(ge=0, le=20_000)] = 10_000
    valid_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    in_stock: bool = True

    def read(self) -> Product | None:
        """None for one that can't be sold: neither denominations nor a range that holds an amount."""
        span = self.range
        if not self.denominations_minor and (span is None or span.most_minor < span.least_minor):
            return None
        fixed = bool(self.denominations_minor)
        return Product(
            id=self.id, name=self.name, brand=self.brand, category=self.category, description=self.description,
            terms=self.terms, countries=tuple(sorted(set(self.countries))), currency=self.currency,
            values=tuple(sorted(set(self.denominations_minor))),
            least=0 if fixed or span is None else span.least_minor,
            most=0 if fixed or span is None else span.most_minor,
            step=1 if fixed or span is None else span.step_minor, cost_bp=self.cost_bp, valid_days=self.valid_days,
            in_stock=self.in_stock,
        )  # fmt: skip


class Cards(Struct):
    """products is read one by one: a card that is no good is left out and the others stay."""

    products: list[object]
    next: Annotated[str, Meta(max_length=200)] | None = None
    total: Annotated[int, Meta(ge=0)] | None = None


class Order(Struct):
    id: Name
    reference: Annotated[str, Meta(max_length=200)]
    product: Name
    value_minor: Money
    currency: Currency
    charged_minor: Money
    state: Literal["pending", "delivered", "failed"]
    reason: Text = ""

    def read(self) -> Standing:
        return Standing(
            ref=self.id, key=self.reference, product=self.product, value_minor=self.value_minor,
            currency=self.currency, charged_minor=self.charged_minor, state=self.state, reason=self.reason,
        )  # fmt: skip


class Orders(Struct):
    orders: Annotated[list[Order], Meta(max_length=1000)]
    next: Annotated[str, Meta(max_length=200)] | None = None


class Item(Struct):
    code: str
    pin: str = ""
    expires_on: date | None = None


class Codes(Struct):
    order: Name
    codes: Annotated[list[Item], Meta(max_length=10)]

    def read(self) -> tuple[Code, ...]:
        return tuple(Code(each.code, each.pin, each.expires_on) for each in self.codes)


class Fault(Struct):
    code: str = ""
    message: str = ""


class Refusal(Struct):
    error: Fault
