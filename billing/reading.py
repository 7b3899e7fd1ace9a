"""What Stripe says of a customer now, in our words. An event's own body is never believed: it may be old."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from billing.catalog import add_on_prices
from billing.errors import StripeMissing
from billing.gateway import PAGE, ask, ask_all
from billing.models import StripeConnection
from billing.times import at, at_known

Json = dict[str, Any]
# Those that are over too, with the card that pays.
WHOLE = {"status": "all", "expand": ["data.default_payment_method"]}


class ReadCard(Struct, frozen=True):
    """A card as its owner knows it. until: the last day of the month it is good for."""

    brand: str = ""
    last4: str = ""
    until: date | None = None


class ReadItem(Struct, frozen=True):
    """An item of a subscription. price: Stripe's id."""

    id: str
    price: str
    quantity: int


class ReadSubscription(Struct, frozen=True, kw_only=True):
    """A subscription as it is. price, item, quantity: of the plan's own item; others: those that came on top."""

    id: str
    status: str
    price: str
    item: str
    quantity: int
    created_at: datetime
    period_start: datetime | None
    period_end: datetime | None
    trial_end: datetime | None
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    collection_paused: bool
    resumes_at: datetime | None
    has_card: bool
    card: ReadCard
    schedule: str
    metadata: Json
    others: tuple[ReadItem, ...] = ()


class ReadInvoice(Struct, frozen=True, kw_only=True):
    """An invoice as it is. covers: until when its lines reach."""

    id: str
    subscription: str
    number: str
    status: str
    reason: str
    currency: str
    subtotal: int
    tax: int
    total: int
    due: int
    paid: int
    covers_from: datetime | None
    covers: datetime | None
    created_at: datetime
    finalized_at: datetime | None
    paid_at: datetime | None
    next_attempt_at: datetime | None
    attempts: int
    hosted_url: str
    pdf_url: str
    payment_intents: tuple[str, ...]
    lines: list[Json]


class ReadDispute(Struct, frozen=True, kw_only=True):
    """What the bank was asked to take back of a charge. answer_by: until when Stripe takes proof."""

    id: str
    amount: int
    currency: str
    reason: str
    status: str
    opened_at: datetime
    answer_by: datetime | None


class ReadCharge(Struct, frozen=True, kw_only=True):
    """Money that was taken. refunded: all that was given back of it. dispute: open, won, lost or none at all, by the
    latest of its disputes.

    metadata: the payment's, of a fee paid once.
    """

    id: str
    payment_intent: str
    amount: int
    currency: str
    refunded: int
    dispute: str
    paid: bool
    created_at: datetime
    receipt_url: str
    metadata: Json
    disputes: tuple[ReadDispute, ...] = ()


class ReadCustomer(Struct, frozen=True, kw_only=True):
    """gone: it was deleted, or isn't this account's. All lists oldest first."""

    id: str
    gone: bool = False
    member: str = ""
    subscriptions: tuple[ReadSubscription, ...] = ()
    invoices: tuple[ReadInvoice, ...] = ()
    charges: tuple[ReadCharge, ...] = ()


def customer_read(connection: StripeConnection, customer: str) -> ReadCustomer:
    """Everything that we go by, read just now. Not in a transaction. StripeUnavailable, StripeKeyRefused."""
    try:
        person = ask(connection, lambda v1: v1.customers.retrieve(customer))
    except StripeMissing:
        return ReadCustomer(id=customer, gone=True)
    gone = bool(person.get("deleted"))
    of = {"customer": customer}
    subscriptions = list(ask_all(connection, lambda v1, page: v1.subscriptions.list({**of, **page, **WHOLE})))
    invoices = list(ask_all(connection, lambda v1, page: v1.invoices.list({**of, **page, "expand": ["data.payments"]})))
    charges = [
        {**each, "disputes": _disputes(connection, each["id"]) if each.get("disputed") else []}
        for each in ask_all(connection, lambda v1, page: v1.charges.list({**of, **page}))
    ]
    tops = add_on_prices(connection) if any(len(each["items"]["data"]) > 1 for each in subscriptions) else frozenset()
    card = (person.get("invoice_settings") or {}).get("default_payment_method")
    return ReadCustomer(
        id=customer,
        gone=gone,
        member=str((person.get("metadata") or {}).get("member") or ""),
        subscriptions=tuple(_subscription(each, bool(card), tops) for each in reversed(subscriptions)),
        invoices=tuple(_invoice(each, _lines(connection, each)) for each in reversed(invoices)),
        charges=tuple(_charge(each) for each in reversed(charges)),
    )


def items_of(raw: Json, tops: frozenset[str]) -> list[Json]:
    """The plan's own item first: Stripe's order says nothing. tops: the prices of add-ons."""
    items: list[Json] = raw["items"]["data"]
    return sorted(items, key=lambda item: item["price"]["id"] in tops)


def _subscription(raw: Json, card: bool, tops: frozenset[str]) -> ReadSubscription:
    """A period stands on the item since 2025; one that ends with its period may say so in either of two ways."""
    item, *others = items_of(raw, tops)
    ends = at(item.get("current_period_end"))
    pause = raw.get("pause_collection")
    cancel_at = at(raw.get("cancel_at")) or (ends if raw.get("cancel_at_period_end") else None)
    return ReadSubscription(
        id=raw["id"],
        status=raw["status"],
        price=item["price"]["id"],
        item=item["id"],
        quantity=int(item.get("quantity") or 1),
        created_at=at_known(raw["created"]),
        period_start=at(item.get("current_period_start")),
        period_end=ends,
        trial_end=at(raw.get("trial_end")),
        cancel_at=cancel_at,
        canceled_at=at(raw.get("canceled_at")),
        ended_at=at(raw.get("ended_at")),
        collection_paused=pause is not None,
        resumes_at=at(pause.get("resumes_at")) if pause else None,
        has_card=bool(raw.get("default_payment_method")) or card,
        card=_card(raw.get("default_payment_method")),
        schedule=_id(raw.get("schedule")),
        metadata=dict(raw.get("metadata") or {}),
        others=tuple(ReadItem(each["id"], each["price"]["id"], int(each.get("quantity") or 0)) for each in others),
    )


def _card(raw: Any) -> ReadCard:
    """Nothing of what isn't a card, such as a bank's account."""
    card = raw.get("card") if isinstance(raw, dict) else None
    if not card:
        return ReadCard()
    year, month = int(card["exp_year"]), int(card["exp_month"])
    last = date(year, month, monthrange(year, month)[1])
    return ReadCard(str(card.get("brand") or "")[:20], str(card.get("last4") or "")[:4], last)


def _lines(connection: StripeConnection, raw: Json) -> list[Json]:
    """All of them: an invoice carries only the first."""
    there: list[Json] = raw["lines"]["data"]
    if not raw["lines"].get("has_more"):
        return there
    named = str(raw["id"])
    return list(ask_all(connection, lambda v1, page: v1.invoices.line_items.list(named, page)))


def _invoice(raw: Json, lines: list[Json]) -> ReadInvoice:
    parent = (raw.get("parent") or {}).get("subscription_details") or {}
    moments = raw.get("status_transitions") or {}
    ends = [line["period"]["end"] for line in lines if line["amount"] >= 0 and line.get("period")]
    starts = [line["period"]["start"] for line in lines if line["amount"] >= 0 and line.get("period")]
    payments = (raw.get("payments") or {}).get("data") or []
    return ReadInvoice(
        id=raw["id"],
        subscription=_id(parent.get("subscription")),
        number=raw.get("number") or "",
        status=raw.get("status") or "draft",
        reason=raw.get("billing_reason") or "",
        currency=raw["currency"].upper(),
        subtotal=int(raw.get("subtotal_excluding_tax") or raw.get("subtotal") or 0),
        tax=sum(int(each["amount"]) for each in raw.get("total_taxes") or []),
        total=int(raw["total"]),
        due=int(raw["amount_due"]),
        paid=int(raw["amount_paid"]),
        covers_from=at(min(starts)) if starts else None,
        covers=at(max(ends)) if ends else None,
        created_at=at_known(raw["created"]),
        finalized_at=at(moments.get("finalized_at")),
        paid_at=at(moments.get("paid_at")),
        next_attempt_at=at(raw.get("next_payment_attempt")),
        attempts=int(raw.get("attempt_count") or 0),
        hosted_url=(raw.get("hosted_invoice_url") or "")[:500],
        pdf_url=(raw.get("invoice_pdf") or "")[:500],
        payment_intents=tuple(
            _id(each["payment"].get("payment_intent")) for each in payments if each["payment"].get("payment_intent")
        ),
        lines=[
            {
                "description": line.get("description") or "",
                "amount_minor": int(line["amount"]),
                "quantity": line.get("quantity"),
            }
            for line in lines
        ],
    )


def _disputes(connection: StripeConnection, charge: str) -> list[Json]:
    """A charge says that it was disputed ever after; how that ended, its disputes do. Newest first."""
    found: list[Json] = ask(connection, lambda v1: v1.disputes.list({"charge": charge, "limit": PAGE}))["data"]
    return found


def _dispute(raw: Json) -> ReadDispute:
    return ReadDispute(
        id=raw["id"],
        amount=int(raw["amount"]),
        currency=raw["currency"].upper(),
        reason=str(raw.get("reason") or "")[:60],
        status=raw["status"],
        opened_at=at_known(raw["created"]),
        answer_by=at((raw.get("evidence_details") or {}).get("due_by")),
    )


def _standing(raw: Json) -> str:
    if not raw["disputes"]:
        return "open" if raw.get("disputed") else ""
    status = raw["disputes"][0]["status"]
    return status if status in ("won", "lost") else "won" if status in ("warning_closed", "prevented") else "open"


def _charge(raw: Json) -> ReadCharge:
    return ReadCharge(
        id=raw["id"],
        payment_intent=_id(raw.get("payment_intent")),
        amount=int(raw["amount"]),
        currency=raw["currency"].upper(),
        refunded=int(raw.get("amount_refunded") or 0),
        dispute=_standing(raw),
        paid=bool(raw.get("paid")) and raw.get("status") == "succeeded",
        created_at=at_known(raw["created"]),
        receipt_url=(raw.get("receipt_url") or "")[:500],
        metadata=dict(raw.get("metadata") or {}),
        disputes=tuple(_dispute(each) for each in raw["disputes"]),
    )


def _id(value: Any) -> str:
    """A reference, expanded or not."""
    return str(value["id"]) if isinstance(value, dict) else str(value or "")
