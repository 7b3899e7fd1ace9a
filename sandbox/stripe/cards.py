"""Payment methods: Stripe's test cards by number and by name, and how each behaves. No number is kept, the last four
are."""

import copy
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.blanks import blank
from sandbox.stripe.errors import declined, invalid, missing
from sandbox.stripe.events import changed, emit
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a card does. `refuses`: decline code of every charge; `refuses_attach`: already when it is to be kept;
    `asks`: always | unless_set_up | never, whether its bank wants to see its owner; `disputed`: its bank takes
    back what was paid."""

    brand: str = "visa"
    last4: str = "4242"
    refuses: str = ""
    refuses_attach: bool = False
    asks: str = "never"
    disputed: bool = False


NUMBERS = {
    "4242424242424242": Behaviour(),
    "5555555555554444": Behaviour("mastercard", "4444"),
    "378282246310005": Behaviour("amex", "0005"),
    "4000000000000002": Behaviour(last4="0002", refuses="generic_decline", refuses_attach=True),
    "4000000000009995": Behaviour(last4="9995", refuses="insufficient_funds", refuses_attach=True),
    "4000000000009987": Behaviour(last4="9987", refuses="lost_card", refuses_attach=True),
    "4000000000009979": Behaviour(last4="9979", refuses="stolen_card", refuses_attach=True),
    "4000000000000069": Behaviour(last4="0069", refuses="expired_card", refuses_attach=True),
    "4000000000000341": Behaviour(last4="0341", refuses="generic_decline"),
    "4000002500003155": Behaviour(last4="3155", asks="unless_set_up"),
    "4000002760003184": Behaviour(last4="3184", asks="always"),
    "4000000000003220": Behaviour(last4="3220", asks="always"),
    "4000000000000259": Behaviour(last4="0259", disputed=True),
}
NAMES = {
    "card_visa": "4242424242424242",
    "visa": "4242424242424242",
    "card_mastercard": "5555555555554444",
    "mastercard": "5555555555554444",
    "card_amex": "378282246310005",
    "amex": "378282246310005",
    "card_chargeDeclined": "4000000000000002",
    "card_visa_chargeDeclined": "4000000000000002",
    "chargeDeclined": "4000000000000002",
    "card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "card_visa_chargeDeclinedLostCard": "4000000000009987",
    "card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "card_chargeDeclinedExpiredCard": "4000000000000069",
    "card_chargeCustomerFail": "4000000000000341",
    "chargeCustomerFail": "4000000000000341",
    "card_authenticationRequiredOnSetup": "4000002500003155",
    "card_authenticationRequired": "4000002760003184",
    "card_threeDSecure2Required": "4000000000003220",
    "card_threeDSecureRequired": "4000000000003220",
    "card_createDispute": "4000000000000259",
    "card_createDisputeInquiry": "4000000000000259",
}
BY_LAST4 = {one.last4: one for one in NUMBERS.values()}


def behaviour(method: Json) -> Behaviour:
    """How this payment method behaves."""
    return BY_LAST4.get(method.get("card", {}).get("last4", ""), Behaviour())


def number_of(name: str) -> str | None:
    """The number behind `pm_card_visa` or `tok_visa`."""
    for prefix in ("pm_", "tok_"):
        if name.startswith(prefix):
            return NAMES.get(name.removeprefix(prefix))
    return None


def make_card(
    account: Account, number: str, *, details: Json | None = None, expiry: tuple[int, int] = (12, 2034)
) -> Json:
    """A payment method of a test card's number. Raises Stripe's error for one that is no test card."""
    card = NUMBERS.get(number.replace(" ", ""))
    if card is None:
        raise invalid(
            "Your card number is incorrect: only test cards work here.",
            code="incorrect_number",
            param="number",
        )
    month, year = expiry
    method = blank("payment_method")
    method["billing_details"] |= details or {}
    method["card"] = {
        **blank("card"),
        "brand": card.brand,
        "display_brand": card.brand,
        "last4": card.last4,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"fp{card.last4}{card.brand}",
        "networks": {"available": [card.brand], "preferred": None},
    }
    return account.add("payment_method", method)


def find_method(account: Account, name: str, *, param: str = "payment_method") -> Json:
    """The payment method; a name of a test card makes one. Raises Stripe's 404."""
    number = number_of(name)
    if number is not None:
        return make_card(account, number)
    found = account.find("payment_method", name)
    if found is None:
        raise missing("PaymentMethod", name, param)
    return found


def attach(account: Account, name: str, customer: Json) -> Json:
    """Keep the payment method with the customer. Raises the card's refusal."""
    method = find_method(account, name)
    if method.get("customer") not in (None, customer["id"]):
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    card = behaviour(method)
    if card.refuses_attach:
        raise declined(card.refuses)
    if method.get("customer") is None:
        method["customer"] = customer["id"]
        emit(account, "payment_method.attached", method)
    return method


@route("POST", "/v1/payment_methods")
def method_create(account: Account, params: Json) -> Json:
    card = params.get("card") or {}
    number = number_of(str(card["token"])) if "token" in card else str(card.get("number", ""))
    expiry = (int(card.get("exp_month", 12)), int(card.get("exp_year", 2034)))
    return make_card(account, number or "", details=params.get("billing_details"), expiry=expiry)


@route("GET", "/v1/payment_methods")
def method_list(account: Account, params: Json) -> Json:
    return listing(
        account,
        "payment_method",
        params,
        "/v1/payment_methods",
        where=lambda one: one.get("customer") == params.get("customer") and params.get("type", "card") == "card",
    )


@route("GET", "/v1/customers/{customer}/payment_methods")
def customer_methods(account: Account, params: Json, customer: str) -> Json:
    account.get("customer", customer, param="customer")
    return listing(
        account,
        "payment_method",
        params,
        f"/v1/customers/{customer}/payment_methods",
        where=lambda one: one.get("customer") == customer,
    )


@route("GET", "/v1/payment_methods/{payment_method}")
def method_read(account: Account, params: Json, payment_method: str) -> Json:
    return find_method(account, payment_method)


@route("POST", "/v1/payment_methods/{payment_method}")
def method_update(account: Account, params: Json, payment_method: str) -> Json:
    method = account.get("payment_method", payment_method)
    before = copy.deepcopy(method)
    method["metadata"] |= params.get("metadata") or {}
    method["billing_details"] |= params.get("billing_details", {})
    method["card"] |= {
        name: value for name, value in params.get("card", {}).items() if name in ("exp_month", "exp_year")
    }
    changed(account, "payment_method.updated", method, before)
    return method


@route("POST", "/v1/payment_methods/{payment_method}/attach")
def method_attach(account: Account, params: Json, payment_method: str) -> Json:
    return attach(account, payment_method, account.get("customer", params.get("customer"), param="customer"))


@route("POST", "/v1/payment_methods/{payment_method}/detach")
def method_detach(account: Account, params: Json, payment_method: str) -> Json:
    """Whatever pointed at it points at nothing."""
    method = account.get("payment_method", payment_method)
    before = copy.deepcopy(method)
    customer = account.find("customer", method["customer"])
    if customer and customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
    for subscription in account.objects["subscription"].values():
        if subscription.get("default_payment_method") == method["id"]:
            subscription["default_payment_method"] = None
    method["customer"] = None
    emit(account, "payment_method.detached", method, before={"customer": before["customer"]})
    return method


@route("POST", "/v1/tokens")
def token_create(account: Account, params: Json) -> Json:
    method = make_card(account, str((params.get("card") or {}).get("number", "")))
    return account.add(
        "token", {"type": "card", "used": False, "client_ip": None, "card": None, "_method": method["id"]}
    )


@route("POST", "/v1/setup_intents")
def setup_create(account: Account, params: Json) -> Json:
    customer = params.get("customer")
    intent = make_setup(
        account, customer, usage=params.get("usage", "off_session"), metadata=params.get("metadata") or {}
    )
    emit(account, "setup_intent.created", intent)
    if name := params.get("payment_method"):
        intent["payment_method"] = find_method(account, str(name))["id"]
        intent["status"] = "requires_confirmation"
    return confirm_setup(account, intent, {}) if params.get("confirm") else intent


def make_setup(account: Account, customer: str | None, *, usage: str, metadata: Json) -> Json:
    """A setup intent that waits for a card."""
    intent = account.add(
        "setup_intent",
        {
            "customer": customer,
            "usage": usage,
            "status": "requires_payment_method",
            "payment_method_types": ["card"],
            "payment_method": None,
            "metadata": metadata,
            "last_setup_error": None,
            "next_action": None,
        },
        at=account.now(account.find("customer", customer)),
    )
    intent["client_secret"] = f"{intent['id']}_secret_{account.fresh_id('token')[4:]}"
    return intent


@route("GET", "/v1/setup_intents/{intent}")
def setup_read(account: Account, params: Json, intent: str) -> Json:
    return account.get("setup_intent", intent, param="intent")


@route("POST", "/v1/setup_intents/{intent}/confirm")
def setup_confirm(account: Account, params: Json, intent: str) -> Json:
    return confirm_setup(account, account.get("setup_intent", intent, param="intent"), params)


@route("POST", "/v1/setup_intents/{intent}/cancel")
def setup_cancel(account: Account, params: Json, intent: str) -> Json:
    found = account.get("setup_intent", intent, param="intent")
    found["status"] = "canceled"
    emit(account, "setup_intent.canceled", found)
    return found


def confirm_setup(account: Account, intent: Json, params: Json, *, shown: bool = False) -> Json:
    """Keep the card. `shown`: its owner has answered the bank. Raises the card's refusal."""
    if name := params.get("payment_method"):
        intent["payment_method"] = find_method(account, str(name))["id"]
    method = account.get("payment_method", intent["payment_method"], param="payment_method")
    card = behaviour(method)
    if card.refuses_attach:
        intent |= {"status": "requires_payment_method", "payment_method": None}
        emit(account, "setup_intent.setup_failed", intent)
        raise declined(card.refuses, setup_intent=intent["id"])
    if card.asks != "never" and not shown:
        intent |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}}}
        emit(account, "setup_intent.requires_action", intent)
        return intent
    method["_set_up"] = True
    if intent["customer"]:
        attach(account, method["id"], account.get("customer", intent["customer"]))
    intent |= {"status": "succeeded", "next_action": None}
    emit(account, "setup_intent.succeeded", intent)
    return intent
