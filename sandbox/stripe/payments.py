"""Payment intents and their charges: money asked of a card, and what the card says."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.blanks import blank
from sandbox.stripe.cards import attach, behaviour, find_method
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.errors import StripeError, declined, invalid
from sandbox.stripe.events import emit
from sandbox.stripe.refunds import open_dispute
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def make_intent(account: Account, amount: int, currency: str, customer: str | None, **values: Any) -> Json:
    """A payment intent over so many minor units that nobody has paid yet."""
    at = account.now(account.find("customer", customer))
    intent = account.add(
        "payment_intent",
        {
            "amount": amount,
            "currency": currency,
            "customer": customer,
            "status": "requires_payment_method",
            "amount_received": 0,
            "amount_capturable": 0,
            "capture_method": "automatic",
            "confirmation_method": "automatic",
            "payment_method": None,
            "payment_method_types": ["card"],
            "latest_charge": None,
            "last_payment_error": None,
            "next_action": None,
            "metadata": {},
            "payment_method_options": {
                "card": {
                    "request_three_d_secure": "automatic",
                    "installments": None,
                    "mandate_options": None,
                    "network": None,
                }
            },
            "excluded_payment_method_types": None,
            **values,
        },
        at=at,
    )
    intent["client_secret"] = f"{intent['id']}_secret_{account.fresh_id('token')[4:]}"
    emit(account, "payment_intent.created", intent)
    return intent


def charge_intent(
    account: Account, intent: Json, method: Json, *, shown: bool = False, off_session: bool = True
) -> Json:
    """Ask the card. On success the intent has succeeded; where the bank wants its owner it requires an action.
    Raises the card's refusal, after noting it on the intent."""
    intent["payment_method"] = method["id"]
    card = behaviour(method)
    asks = card.asks == "always" or (card.asks == "unless_set_up" and not method.get("_set_up"))
    if asks and not shown:
        return _wants_owner(account, intent)
    if card.refuses:
        _refused(account, intent, method, card.refuses)
    charge = _make_charge(account, intent, method, paid=True)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
        "last_payment_error": None,
    }
    if intent.get("setup_future_usage"):
        method["_set_up"] = True
        if intent["customer"] and method["customer"] is None:
            attach(account, method["id"], account.get("customer", intent["customer"]))
    emit(account, "charge.succeeded", charge)
    emit(account, "payment_intent.succeeded", intent)
    if card.disputed:
        open_dispute(account, charge)
    return intent


def _wants_owner(account: Account, intent: Json) -> Json:
    intent |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}}}
    emit(account, "payment_intent.requires_action", intent)
    return intent


def _refused(account: Account, intent: Json, method: Json, reason: str) -> None:
    charge = _make_charge(account, intent, method, paid=False, reason=reason)
    error = declined(reason, charge=charge["id"], payment_method=_as_reference(method))
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "latest_charge": charge["id"],
        "last_payment_error": dict(error.error),
    }
    emit(account, "charge.failed", charge)
    emit(account, "payment_intent.payment_failed", intent)
    raise StripeError(
        402, "card_error", str(error), **{k: v for k, v in error.error.items() if k not in ("type", "message")}
    )


def _as_reference(method: Json) -> Json:
    return {key: value for key, value in method.items() if not key.startswith("_")}


def _make_charge(account: Account, intent: Json, method: Json, *, paid: bool, reason: str = "") -> Json:
    at = account.now(account.find("customer", intent["customer"]))
    amount = intent["amount"]
    said = "authorized" if paid else "issuer_declined"
    values = blank("charge") | {
        "amount": amount,
        "amount_captured": amount if paid else 0,
        "captured": paid,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "paid": paid,
        "status": "succeeded" if paid else "failed",
        "metadata": dict(intent.get("metadata") or {}),
        "billing_details": method["billing_details"],
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else "Your card was declined.",
        "outcome": blank("outcome") | {"type": said, "reason": reason or None},
    }
    values["outcome"]["network_status"] = "approved_by_network" if paid else "declined_by_network"
    values["outcome"]["seller_message"] = "Payment complete." if paid else "The bank said no."
    card = {**method["card"], "amount_authorized": amount if paid else None}
    return account.add("charge", {**values, "payment_method_details": {"type": "card", "card": card}}, at=at)


@route("POST", "/v1/payment_intents")
def intent_create(account: Account, params: Json) -> Json:
    if int(params["amount"]) < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    values = {
        key: params[key] for key in ("metadata", "description", "setup_future_usage", "receipt_email") if key in params
    }
    intent = make_intent(
        account, int(params["amount"]), str(params["currency"]).lower(), params.get("customer"), **values
    )
    if name := params.get("payment_method"):
        intent |= {"payment_method": find_method(account, str(name))["id"], "status": "requires_confirmation"}
    return confirm(account, intent, {}) if params.get("confirm") else intent


@route("GET", "/v1/payment_intents")
def intent_list(account: Account, params: Json) -> Json:
    customer = params.get("customer")
    return listing(
        account, "payment_intent", params, "/v1/payment_intents", where=lambda one: customer in (None, one["customer"])
    )


@route("GET", "/v1/payment_intents/{intent}")
def intent_read(account: Account, params: Json, intent: str) -> Json:
    return account.get("payment_intent", intent, param="intent")


@route("POST", "/v1/payment_intents/{intent}")
def intent_update(account: Account, params: Json, intent: str) -> Json:
    found = account.get("payment_intent", intent, param="intent")
    merge_metadata(found, params)
    if "amount" in params:
        found["amount"] = int(params["amount"])
    if name := params.get("payment_method"):
        found["payment_method"] = find_method(account, str(name))["id"]
    return found


def confirm(account: Account, intent: Json, params: Json, *, shown: bool = False) -> Json:
    """Ask the named card, or the one that the intent holds."""
    if intent["status"] not in OPEN:
        raise invalid(
            f"This PaymentIntent's status is {intent['status']}, so it can't be confirmed.",
            code="payment_intent_unexpected_state",
        )
    name = params.get("payment_method") or intent["payment_method"]
    if name is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    return charge_intent(account, intent, find_method(account, str(name)), shown=shown)


@route("POST", "/v1/payment_intents/{intent}/cancel")
def intent_cancel(account: Account, params: Json, intent: str) -> Json:
    return cancel_intent(
        account, account.get("payment_intent", intent, param="intent"), params.get("cancellation_reason")
    )


def cancel_intent(account: Account, intent: Json, reason: str | None = None) -> Json:
    """Nobody can pay it any more."""
    if intent["status"] not in OPEN:
        raise invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent |= {
        "status": "canceled",
        "canceled_at": account.now(account.find("customer", intent["customer"])),
        "cancellation_reason": reason,
    }
    emit(account, "payment_intent.canceled", intent)
    return intent


@route("GET", "/v1/charges")
def charge_list(account: Account, params: Json) -> Json:
    wanted = {key: params[key] for key in ("customer", "payment_intent") if key in params}
    return listing(
        account, "charge", params, "/v1/charges", where=lambda one: all(one[k] == v for k, v in wanted.items())
    )


@route("GET", "/v1/charges/{charge}")
def charge_read(account: Account, params: Json, charge: str) -> Json:
    return account.get("charge", charge, param="charge")


@route("POST", "/v1/charges")
def charge_create(account: Account, params: Json) -> Json:
    """The old way to charge a token; only simple clients use it."""
    method = find_method(account, str(params.get("source") or "tok_visa"), param="source")
    intent = make_intent(
        account,
        int(params["amount"]),
        str(params["currency"]).lower(),
        params.get("customer"),
        metadata=params.get("metadata") or {},
    )
    return account.get("charge", charge_intent(account, intent, method, shown=True)["latest_charge"])
