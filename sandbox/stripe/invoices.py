"""Invoices: drawn up, finalized, paid, void. Amounts are minor units; what an invoice comes to is worked out here
alone."""

import copy
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.blanks import blank
from sandbox.stripe.clock import HOUR
from sandbox.stripe.coupons import take_off
from sandbox.stripe.customers import move_balance
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.payments import cancel_intent, make_intent

Json = dict[str, Any]
ON_PAID: list[Callable[[Account, Json], None]] = []
# What waited and is on an invoice that isn't kept yet: it gets the invoice's name with that.
TAKEN = "taken"
SMALLEST = {"eur": 50, "usd": 50, "gbp": 30, "jpy": 50, "chf": 50, "sek": 300, "dkk": 250, "nok": 300, "pln": 200}


def draw_up(
    account: Account,
    customer: Json,
    lines: list[Json],
    reason: str,
    *,
    currency: str,
    subscription: Json | None = None,
    period: tuple[int, int] | None = None,
    discounts: list[str] | None = None,
    identifier: str = "",
) -> Json:
    """An invoice over these lines with its totals; not kept, so that a preview is the same thing."""
    now = account.now(customer)
    start, end = period or (now, now)
    invoice = blank("invoice") | {
        "id": identifier or account.fresh_id("invoice"),
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_address": customer.get("address"),
        "customer_tax_exempt": customer.get("tax_exempt"),
        "account_country": account.settings["country"],
        "account_name": account.settings.get("name"),
        "billing_reason": reason,
        "lines": {"object": "list", "data": lines, "has_more": False, "url": "/v1/invoices/lines"},
        "period_start": start,
        "period_end": end,
        "starting_balance": customer.get("balance", 0),
        "discounts": list(discounts or []),
        "parent": parent_of(subscription),
        "test_clock": customer.get("test_clock"),
    }
    invoice["automatic_tax"]["enabled"] = bool((subscription or {}).get("automatic_tax", {}).get("enabled"))
    add_up(account, invoice, customer)
    return invoice


def parent_of(subscription: Json | None) -> Json | None:
    """How an invoice names its subscription."""
    if subscription is None:
        return None
    details = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
    return {"type": "subscription_details", "subscription_details": details, "quote_details": None}


def subscription_of(account: Account, invoice: Json) -> Json | None:
    """The subscription that an invoice is of."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return account.find("subscription", details.get("subscription"))


def add_up(account: Account, invoice: Json, customer: Json) -> None:
    """Discounts by line, tax, total, and what is due after the customer's credit."""
    lines = invoice["lines"]["data"]
    left = [line["amount"] for line in lines]
    for line in lines:
        line |= {"discount_amounts": [], "taxes": [], "invoice": invoice["id"], "subtotal": line["amount"]}
    sums = []
    for name in invoice["discounts"]:
        taken = take_off(account.get("discount", name), lines, invoice["currency"], left)
        for at, amount in enumerate(taken):
            left[at] -= amount
            if amount:
                lines[at]["discount_amounts"].append({"amount": amount, "discount": name})
        sums.append({"amount": sum(taken), "discount": name})
    subtotal, after = sum(line["amount"] for line in lines), sum(left)
    tax, inside = _taxes(account, invoice, customer, lines, left)
    total = after + tax
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inside,
        "total_discount_amounts": sums,
        "total": total,
        "total_excluding_tax": after - inside,
        "total_pretax_credit_amounts": [],
    }
    due = max(0, total + invoice["starting_balance"]) if total > 0 else 0
    if 0 < due < SMALLEST.get(invoice["currency"], 0):
        due = 0
    invoice |= {"amount_due": due, "amount_remaining": due - invoice["amount_paid"]}


def _taxes(account: Account, invoice: Json, customer: Json, lines: list[Json], left: list[int]) -> tuple[int, int]:
    """Tax on top, and tax that is in the prices; one toy rate for everywhere, none for who is exempt."""
    invoice["total_taxes"] = []
    if not invoice["automatic_tax"]["enabled"]:
        return 0, 0
    if not (customer.get("address") or {}).get("country"):
        invoice["automatic_tax"]["status"] = "requires_location_inputs"
        return 0, 0
    invoice["automatic_tax"]["status"] = "complete"
    percent = 0 if customer.get("tax_exempt") in ("exempt", "reverse") else account.settings["tax_percent"]
    on_top = inside = 0
    for line, amount in zip(lines, left, strict=True):
        within = line["_tax_behavior"] == "inclusive"
        share = Decimal(amount) * percent / (100 + percent if within else 100)
        tax = int(share.quantize(Decimal(1), ROUND_HALF_UP))
        on_top, inside = (on_top, inside + tax) if within else (on_top + tax, inside)
        line["taxes"] = [
            {
                "amount": tax,
                "tax_behavior": "inclusive" if within else "exclusive",
                "tax_rate_details": {"tax_rate": "txr_local"},
                "taxability_reason": "standard_rated",
                "taxable_amount": amount - (tax if within else 0),
                "type": "tax_rate_details",
            }
        ]
        invoice["total_taxes"] += line["taxes"]
    return on_top, inside


def keep(account: Account, invoice: Json, *, finalize_after: int | None = HOUR) -> Json:
    """The invoice is one of the account's from now on; it finalizes itself after so many seconds."""
    account.objects["invoice"][invoice["id"]] = invoice
    for item in account.objects["invoiceitem"].values():
        if item["customer"] == invoice["customer"] and item["invoice"] == TAKEN:
            item["invoice"] = invoice["id"]
    if finalize_after is not None:
        invoice["automatically_finalizes_at"] = invoice["created"] + finalize_after
        account.clock_of(account.customer_of(invoice)).plan(
            invoice["created"] + finalize_after, "finalize", invoice["id"]
        )
    emit(account, "invoice.created", invoice)
    return invoice


def finalize(account: Account, invoice: Json) -> Json:
    """No longer a draft: numbered, the customer's credit used, and an intent to pay what is due."""
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    customer = account.customer_of(invoice)
    invoice["starting_balance"] = customer.get("balance", 0)
    add_up(account, invoice, customer)
    number = customer.get("next_invoice_sequence", 1)
    customer["next_invoice_sequence"] = number + 1
    now = account.now(customer)
    host = f"{account.settings.get('base', '')}/i/{account.id}/{invoice['id']}"
    invoice |= {
        "status": "open",
        "number": f"{customer.get('invoice_prefix', 'LOCAL')}-{number:04d}",
        "effective_at": now,
        "hosted_invoice_url": host,
        "invoice_pdf": f"{host}/pdf",
        "automatically_finalizes_at": None,
    }
    invoice["status_transitions"]["finalized_at"] = now
    _use_balance(account, invoice, customer)
    if invoice["amount_due"]:
        _ask_for_money(account, invoice)
    emit(account, "invoice.finalized", invoice)
    if not invoice["amount_due"]:
        mark_paid(account, invoice)
    return invoice


def _use_balance(account: Account, invoice: Json, customer: Json) -> None:
    """What the total and what is due differ by goes from the customer's balance or into it."""
    moved = invoice["amount_due"] - invoice["total"]
    if moved:
        small = invoice["amount_due"] == 0 and 0 < invoice["total"] + customer["balance"] < SMALLEST.get(
            invoice["currency"], 0
        )
        kind = "invoice_too_small" if small else "applied_to_invoice"
        move_balance(account, customer, -moved, invoice["currency"], kind, invoice["id"])
    invoice["ending_balance"] = customer.get("balance", 0)


def _ask_for_money(account: Account, invoice: Json) -> None:
    intent = make_intent(
        account,
        invoice["amount_due"],
        invoice["currency"],
        invoice["customer"],
        setup_future_usage="off_session",
        description=f"Invoice {invoice['number']}",
        _invoice=invoice["id"],
    )
    invoice["confirmation_secret"] = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    payment = account.add(
        "invoice_payment",
        {
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        },
        at=account.now(account.customer_of(invoice)),
    )
    invoice["payments"]["data"] = [payment]


def intent_of(account: Account, invoice: Json) -> Json | None:
    """The payment intent of a finalized invoice."""
    payments = invoice["payments"]["data"]
    return account.find("payment_intent", payments[-1]["payment"]["payment_intent"]) if payments else None


def mark_paid(account: Account, invoice: Json) -> None:
    """It is settled, and those who wait for that (`ON_PAID`) are told."""
    now = account.now(account.customer_of(invoice))
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "next_payment_attempt": None,
        "attempted": True,
        "auto_advance": False,
    }
    invoice["status_transitions"]["paid_at"] = now
    for payment in invoice["payments"]["data"]:
        payment |= {"status": "paid", "amount_paid": invoice["amount_due"]}
        payment["status_transitions"]["paid_at"] = now
        emit(account, "invoice_payment.paid", payment, at=now)
    emit(account, "invoice.paid", invoice)
    emit(account, "invoice.payment_succeeded", invoice)
    for told in ON_PAID:
        told(account, invoice)


def void(account: Account, invoice: Json) -> Json:
    """Never to be paid; what it took of the customer's credit goes back."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(
            f"You can only void open or uncollectible invoices; this one is {invoice['status']}.",
            code="invoice_not_editable",
        )
    customer = account.customer_of(invoice)
    back = invoice["starting_balance"] - invoice.get("ending_balance", invoice["starting_balance"])
    if back and not customer.get("deleted"):
        move_balance(account, customer, back, invoice["currency"], "unapplied_from_invoice", invoice["id"])
    _close(account, invoice, "void", "voided_at")
    emit(account, "invoice.voided", invoice)
    return invoice


def give_up(account: Account, invoice: Json) -> Json:
    """Nobody expects it to be paid any more."""
    if invoice["status"] != "open":
        raise invalid(
            f"You can only mark an open invoice as uncollectible; this one is {invoice['status']}.",
            code="invoice_not_editable",
        )
    invoice |= {"status": "uncollectible", "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"]["marked_uncollectible_at"] = account.now(account.customer_of(invoice))
    emit(account, "invoice.marked_uncollectible", invoice)
    return invoice


def _close(account: Account, invoice: Json, status: str, moment: str) -> None:
    before = copy.deepcopy(invoice)
    invoice |= {"status": status, "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"][moment] = account.now(account.customer_of(invoice))
    intent = intent_of(account, invoice)
    if intent and intent["status"] not in ("succeeded", "canceled"):
        cancel_intent(account, intent, "void_invoice")
    changed(account, "invoice.updated", invoice, before)
