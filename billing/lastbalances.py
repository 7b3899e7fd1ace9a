"""What invoices of a subscription put on its member's balance at Stripe, where their credits were more than their
charges. Stripe would take it off a next invoice; where none is to come it is the member's money."""

from __future__ import annotations

from typing import Any

from billing.acting import account_of
from billing.customers import customer_of
from billing.gateway import ask_all
from billing.models import BillingOperation, Invoice, Subscription
from billing.operations import operation_run
from core.actor import Actor

Json = dict[str, Any]
KIND, MARK = "balance_less", "paid_back_of"


def balance_owed(row: Subscription) -> int:
    """In minor units, at most what is still there. What the brand gave by hand isn't money that was paid: it stays, and
    what was used meanwhile counts as the member's own first. Not in a transaction."""
    account = account_of(row)
    customer = customer_of(account, row.member)
    if customer is None or row.price is None:
        return 0
    found = ask_all(account, lambda v1, page: v1.customers.balance_transactions.list(customer, page))
    moves = [each for each in found if each["currency"] == row.price.currency.lower()]
    mine = set(Invoice.objects.filter(subscription=row).values_list("stripe_id", flat=True))
    put = _credit([each for each in moves if _invoice(each) in mine])
    given = _credit([each for each in moves if _invoice(each) is None and MARK not in (each["metadata"] or {})])
    return max(0, min(put, _credit(moves) - max(0, given)))


def _credit(moves: list[Json]) -> int:
    """Stripe writes what a customer is owed as less than nothing."""
    return -sum(int(each["amount"]) for each in moves)


def _invoice(move: Json) -> str | None:
    on = move["invoice"]
    return str(on["id"]) if isinstance(on, dict) else on


def balance_lower(row: Subscription, amount: int, actor: Actor) -> None:
    """By what was paid back, once, so that it pays no other invoice. Not in a transaction."""
    account, subject = account_of(row), str(row.public_id)
    if BillingOperation.objects.filter(kind=KIND, subject=subject, state=BillingOperation.State.DONE).exists():
        return
    customer = customer_of(account, row.member)
    assert customer is not None
    assert row.price is not None
    currency = row.price.currency.lower()
    params = {"amount": amount, "currency": currency, "description": "Paid back", "metadata": {MARK: subject}}
    operation_run(
        connection=account, kind=KIND, subject=subject, params=params, actor=actor,
        request=lambda v1, given, options: v1.customers.balance_transactions.create(customer, given, options),
    )  # fmt: skip
