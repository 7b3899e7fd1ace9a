"""Confirming a payment intent over the API: an invoice's intent settles its invoice."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.cards import find_method
from sandbox.stripe.collecting import collect
from sandbox.stripe.payments import confirm
from sandbox.stripe.routing import route

Json = dict[str, Any]


@route("POST", "/v1/payment_intents/{intent}/confirm")
def intent_confirm(account: Account, params: Json, intent: str) -> Json:
    found = account.get("payment_intent", intent, param="intent")
    return settle_intent(account, found, params)


def settle_intent(account: Account, intent: Json, params: Json, *, shown: bool = False) -> Json:
    """Ask the card; where the intent is an invoice's, as paying the invoice. Raises the card's refusal."""
    name = params.get("payment_method") or intent["payment_method"]
    invoice = account.find("invoice", intent.get("_invoice"))
    if invoice and name:
        collect(account, invoice, method=find_method(account, str(name)), shown=shown)
        return intent
    return confirm(account, intent, params, shown=shown)
