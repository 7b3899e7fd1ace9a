"""Getting invoices paid: which card is asked, what follows from its yes and its no, and when it is asked again."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.clock import DAY
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.invoices import ON_PAID, finalize, give_up, intent_of, mark_paid, subscription_of, void
from sandbox.stripe.payments import charge_intent
from sandbox.stripe.work import worker

Json = dict[str, Any]
HARD = frozenset({"lost_card", "stolen_card", "expired_card"})


def method_for(account: Account, invoice: Json) -> Json | None:
    """The card that pays: the invoice's, the subscription's, the customer's."""
    subscription = subscription_of(account, invoice) or {}
    settings = account.customer_of(invoice).get("invoice_settings", {})
    for name in (
        invoice.get("default_payment_method"),
        subscription.get("default_payment_method"),
        settings.get("default_payment_method"),
    ):
        if name and (method := account.find("payment_method", name)) and method["customer"] == invoice["customer"]:
            return method
    return None


def collect(account: Account, invoice: Json, *, method: Json | None = None, shown: bool = False) -> None:
    """Ask the card for what is due. Raises what the card says, or that there is none, after noting it on the
    invoice."""
    intent = intent_of(account, invoice)
    if invoice["status"] not in ("open", "uncollectible") or intent is None:
        raise invalid(
            "This invoice can no longer be paid.",
            code="invoice_not_editable" if invoice["status"] != "paid" else "invoice_already_paid",
        )
    method = method or method_for(account, invoice)
    before = copy.deepcopy(invoice)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if method is None:
        _failed(account, invoice, before, action=False)
        raise invalid(
            "There is no default payment method set on this Customer or Invoice.", code="invoice_payment_method_missing"
        )
    try:
        charge_intent(account, intent, method, shown=shown)
    except StripeError:
        _failed(account, invoice, before, action=False)
        raise
    if intent["status"] == "requires_action":
        _failed(account, invoice, before, action=True)
        raise StripeError(
            402,
            "card_error",
            "This invoice requires additional user action to be paid.",
            code="invoice_payment_intent_requires_action",
        )
    mark_paid(account, invoice)


def _failed(account: Account, invoice: Json, before: Json, *, action: bool) -> None:
    if (
        invoice["billing_reason"] == "subscription_cycle"
        or (subscription_of(account, invoice) or {}).get("status") == "past_due"
    ):
        _plan_retry(account, invoice)
    changed(account, "invoice.updated", invoice, before)
    emit(account, "invoice.payment_failed", invoice)
    if action:
        emit(account, "invoice.payment_action_required", invoice)
    subscription = subscription_of(account, invoice)
    if subscription and subscription["status"] == "active" and "_brings" not in invoice:
        _become(account, subscription, "past_due")


def _plan_retry(account: Account, invoice: Json) -> None:
    """3, then 5, then 7 days later by default; after the last one the account's setting decides."""
    days = account.settings["retry_days"]
    done = invoice.setdefault("_retries", 0)
    if done >= len(days):
        invoice["next_payment_attempt"] = None
        return
    customer = account.customer_of(invoice)
    at = account.now(customer) + int(days[done] * DAY)
    invoice |= {"_retries": done + 1, "next_payment_attempt": at}
    account.clock_of(customer).plan(at, "retry", invoice["id"])


def _become(account: Account, subscription: Json, status: str) -> None:
    before = copy.deepcopy(subscription)
    subscription["status"] = status
    changed(account, "customer.subscription.updated", subscription, before)


@worker("finalize")
def finalize_due(account: Account, target: str, at: int) -> None:
    """An hour after it was drawn up; a paused subscription's is set aside as its pause says."""
    invoice = account.find("invoice", target)
    if invoice is None or invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    subscription = subscription_of(account, invoice)
    paused = (invoice.get("_paused") or {}).get("behavior")
    if paused == "keep_as_draft":
        return
    finalize(account, invoice)
    if paused and invoice["status"] == "open":
        (void if paused == "void" else give_up)(account, invoice)
    elif invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        quietly_collect(account, invoice)
    if subscription and subscription["status"] == "unpaid":
        invoice["auto_advance"] = False


def quietly_collect(account: Account, invoice: Json, *, shown: bool = False) -> bool:
    """Ask the card; whether it paid."""
    try:
        collect(account, invoice, shown=shown)
    except StripeError:
        return False
    return True


@worker("retry")
def retry_due(account: Account, target: str, at: int) -> None:
    """Once more, unless the same card can't ever say yes; after the last time the subscription ends, or is unpaid."""
    invoice = account.find("invoice", target)
    if invoice is None or invoice["status"] != "open" or invoice.get("next_payment_attempt") != at:
        return
    subscription = subscription_of(account, invoice)
    if subscription and subscription["status"] in ("canceled", "incomplete_expired"):
        return
    if _is_hopeless(account, invoice):
        _plan_retry(account, invoice)
    elif quietly_collect(account, invoice):
        return
    if invoice["next_payment_attempt"] is None and subscription:
        _retries_over(account, subscription)


def _is_hopeless(account: Account, invoice: Json) -> bool:
    intent, method = intent_of(account, invoice), method_for(account, invoice)
    last = (intent or {}).get("last_payment_error") or {}
    return (
        last.get("decline_code") in HARD
        and method is not None
        and last.get("payment_method", {}).get("id") == method["id"]
    )


def _retries_over(account: Account, subscription: Json) -> None:
    ending = account.settings["after_retries"]
    if ending == "cancel":
        account.clock_of(account.customer_of(subscription)).plan(
            account.now(account.customer_of(subscription)), "end_unpaid", subscription["id"]
        )
    elif ending == "unpaid":
        _become(account, subscription, "unpaid")


def paid_effects(account: Account, invoice: Json) -> None:
    """A subscription that waited for this money is active; one with other open invoices stays as it is."""
    subscription = subscription_of(account, invoice)
    if subscription is None or subscription["status"] not in ("incomplete", "past_due", "unpaid"):
        return
    latest = account.find("invoice", subscription["latest_invoice"])
    if (
        subscription["status"] != "incomplete"
        and latest
        and latest["id"] != invoice["id"]
        and latest["status"] == "open"
    ):
        return
    _become(account, subscription, "active")


ON_PAID.append(paid_effects)
