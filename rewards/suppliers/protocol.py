"""What a supplier of rewards must be able to do, whoever it is.

An implementation speaks with the outside and knows nothing of members, points or tables. It is called outside of any
transaction. It raises one of three errors and no other, since what happens next depends on nothing else:

Retryable   surely nothing has happened; the same may be asked again later
Terminal    surely nothing has happened, and it never will
Unknown     it may have happened: it is looked up by its key before anything is asked again

Amounts are in minor units of their currency. A key is ours, unique for ever, and makes placing an order idempotent: the
same key again gives the order that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import ClassVar, Literal, Protocol

from django.utils.functional import Promise
from msgspec import Struct


class Product(Struct, frozen=True, kw_only=True):
    """One thing in a catalogue. countries empty: everywhere. values: the denominations that there are; empty: any
    amount from least to most in steps of step. cost_bp: what it costs us, in ten-thousandths of its face value.
    """

    id: str
    name: str
    brand: str = ""
    category: str = ""
    description: str = ""
    terms: str = ""
    countries: tuple[str, ...] = ()
    currency: str
    values: tuple[int, ...] = ()
    least: int = 0
    most: int = 0
    step: int = 1
    cost_bp: int = 10_000
    valid_days: int | None = None
    in_stock: bool = True

    def sells(self, value: int) -> bool:
        if self.values:
            return value in self.values
        return self.least <= value <= self.most and (value - self.least) % self.step == 0


class ProductPage(Struct, frozen=True):
    """after: what to ask the next page with; None at the end. total: how many there are in all, if it says so."""

    products: tuple[Product, ...]
    after: str | None = None
    total: int | None = None


class Balance(Struct, frozen=True):
    """What the brand has left at the supplier's."""

    amount_minor: int
    currency: str


class Wanted(Struct, frozen=True):
    """An order to be placed, of one piece."""

    key: str
    product: str
    value_minor: int
    currency: str


class Standing(Struct, frozen=True, kw_only=True):
    """An order as the supplier has it. ref: its own name for it. charged_minor: what it took from our balance for it.

    reason: of a failed one, in the supplier's words.
    """

    ref: str
    key: str
    product: str
    value_minor: int
    currency: str
    charged_minor: int
    state: Literal["pending", "delivered", "failed"]
    reason: str = ""


class Code(Struct, frozen=True):
    """What the member gets. Never logged; kept sealed."""

    code: str
    pin: str = ""
    expires_on: date | None = None


class OrderPage(Struct, frozen=True):
    orders: tuple[Standing, ...]
    after: str | None = None


class SupplierError(Exception):
    """code: stable snake_case, one of those below. The text is for staff: it names no member and holds no code."""

    kind: ClassVar[str] = "unknown"

    def __init__(self, code: str, said: str = "") -> None:
        super().__init__(said or code)
        self.code = code
        self.said = said


class Retryable(SupplierError):
    """unreachable, busy, no_funds (the balance is too low), key_refused, address_refused, not_ready, wrong_code."""

    kind = "retryable"


class Terminal(SupplierError):
    """out_of_stock, no_such_product, bad_value, refused."""

    kind = "terminal"


class Unknown(SupplierError):
    """no_answer, server_error, unreadable."""

    kind = "unknown"


class Supplier(Protocol):
    """A supplier at one brand's account. Every method may raise Retryable, Terminal and Unknown."""

    def balance(self) -> Balance:
        """Also the way to find out whether the key is any good."""
        ...

    def products(self, after: str | None) -> ProductPage: ...

    def place(self, wanted: Wanted) -> Standing:
        """Idempotent by the key."""
        ...

    def find(self, key: str) -> Standing | None:
        """The order of that key as it stands there; None when there surely is none."""
        ...

    def codes(self, ref: str) -> tuple[Code, ...]:
        """What was delivered; the same however often it is asked. Retryable not_ready before that."""
        ...

    def orders(self, since: datetime, until: datetime, after: str | None) -> OrderPage:
        """All that were placed from since until before until, on the wall's clock. Twice there: twice in the list."""
        ...


class Access(Struct, frozen=True):
    """How to reach a brand's account. seconds: what one request may take."""

    base_url: str
    secret: str
    seconds: float = 10.0


class SupplierKind(Struct, frozen=True):
    """One folder under rewards/suppliers. name: as in the database; title: as staff read it."""

    name: str
    title: str | Promise
    connect: Callable[[Access], Supplier]
