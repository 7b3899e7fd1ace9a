"""The catalogue's client: one request per question, every answer turned into ours or into one of the three errors."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from django.utils.translation import gettext_lazy as _

from core.egress import AddressRefused, Answer, NoAnswer, NotSent, request_send
from rewards.suppliers.card_catalogue import wire
from rewards.suppliers.protocol import (
    Access,
    Balance,
    Code,
    OrderPage,
    Product,
    ProductPage,
    Retryable,
    Standing,
    SupplierError,
    SupplierKind,
    Terminal,
    Unknown,
    Wanted,
)

T = TypeVar("T")
# What the service says with a 4xx, and what that means to us.
REFUSALS: dict[str, tuple[type[SupplierError], str]] = {
    "out_of_stock": (Terminal, "out_of_stock"),
    "unknown_product": (Terminal, "no_such_product"),
    "invalid_value": (Terminal, "bad_value"),
    "insufficient_balance": (Retryable, "no_funds"),
    "not_ready": (Retryable, "not_ready"),
}


class CardCatalogue:
    """One brand's account."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._base = access.base_url.rstrip("/")

    def balance(self) -> Balance:
        return self._get("/v1/account", wire.Account).read()

    def products(self, after: str | None) -> ProductPage:
        page = self._get(_path("/v1/products", cursor=after), wire.Cards)
        read = [product for card in page.products if (product := _card(card)) is not None]
        return ProductPage(tuple(read), page.next, page.total)

    def place(self, wanted: Wanted) -> Standing:
        body = {
            "reference": wanted.key,
            "product": wanted.product,
            "value_minor": wanted.value_minor,
            "currency": wanted.currency,
        }
        headers = {"Idempotency-Key": wanted.key, "Content-Type": "application/json"}
        answer = self._ask("POST", "/v1/orders", msgspec.json.encode(body), headers)
        return _decoded(answer, wire.Order).read()

    def find(self, key: str) -> Standing | None:
        found = [each.read() for each in self._get(_path("/v1/orders", reference=key), wire.Orders).orders]
        mine = [each for each in found if each.key == key]
        if not mine:
            return None
        # Were there two, the delivered one is the one that counts; the night's comparison tells of the other.
        return min(mine, key=lambda each: (("delivered", "pending", "failed").index(each.state), each.ref))

    def codes(self, ref: str) -> tuple[Code, ...]:
        answer = self._get(f"/v1/orders/{ref}/codes", wire.Codes)
        if answer.order != ref:
            raise Retryable("wrong_code", "codes of another order")
        return answer.read()

    def orders(self, since: datetime, until: datetime, after: str | None) -> OrderPage:
        span = {"from": since.isoformat(), "to": until.isoformat(), "cursor": after}
        page = self._get(_path("/v1/orders", **span), wire.Orders)
        return OrderPage(tuple(each.read() for each in page.orders), page.next)

    def _get(self, path: str, kind: type[T]) -> T:
        return _decoded(self._ask("GET", path), kind)

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """An answer with a 2xx."""
        told = {"Authorization": f"Bearer {self._access.secret}", "Accept": "application/json", **(headers or {})}
        try:
            answer = request_send(
                method=method, url=self._base + path, headers=told, body=body, seconds=self._access.seconds
            )
        except NotSent as error:
            raise Retryable("unreachable", str(error)) from error
        except AddressRefused as error:
            raise Retryable("address_refused", str(error.detail)) from error
        except NoAnswer as error:
            raise Unknown("no_answer", str(error)) from error
        if not 200 <= answer.status < 300:
            raise _refusal(answer)
        return answer


def _refusal(answer: Answer) -> SupplierError:
    try:
        said = msgspec.json.decode(answer.body, type=wire.Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = wire.Fault()
    words = f"{answer.status} {said.code[:60]} {said.message[:120]}".strip()
    if answer.status >= 500:
        return Unknown("server_error", words)
    if 300 <= answer.status < 400:
        # Never followed: it could lead anywhere.
        return Unknown("unreadable", f"{answer.status}: redirects aren't followed")
    if answer.status in (401, 403):
        return Retryable("key_refused", words)
    if answer.status in (408, 425, 429):
        return Retryable("busy", words)
    kind, code = REFUSALS.get(said.code, (Terminal, "refused"))
    return kind(code, words)


def _decoded(answer: Answer, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unknown("unreadable", str(error)[:200]) from error


def _card(raw: Any) -> Product | None:
    try:
        return msgspec.convert(raw, wire.Card).read()
    except msgspec.ValidationError:
        return None


def _path(path: str, **query: str | None) -> str:
    told = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(told)}" if told else path


def connect(access: Access) -> CardCatalogue:
    return CardCatalogue(access)


KIND = SupplierKind("card_catalogue", _("Card catalogue (JSON)"), connect)
