"""Customers, their tax numbers and their credit balance."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.cards import attach, number_of
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.routing import listing, page, route

Json = dict[str, Any]
PLAIN = ("address", "description", "email", "name", "phone", "shipping", "tax_exempt", "preferred_locales", "metadata")


@route("POST", "/v1/customers")
def customer_create(account: Account, params: Json) -> Json:
    clock = params.get("test_clock")
    if clock is not None:
        account.get("test_helpers.test_clock", clock, param="test_clock")
    customer = account.add(
        "customer",
        {
            **dict.fromkeys(("address", "description", "email", "name", "phone", "shipping")),
            "balance": int(params.get("balance", 0)),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "invoice_prefix": "".join(account.chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8)),
            "invoice_settings": {
                "default_payment_method": None,
                "custom_fields": None,
                "footer": None,
                "rendering_options": None,
            },
            "metadata": {},
            "next_invoice_sequence": 1,
            "tax_exempt": "none",
            "preferred_locales": [],
            "test_clock": clock,
        },
        at=account.clocks[clock].now() if clock else None,
    )
    _set(account, customer, params)
    for method in filter(None, (params.get("payment_method"), params.get("source"))):
        card = attach(account, str(method), customer)
        customer["invoice_settings"]["default_payment_method"] = card["id"]
    for tax in params.get("tax_id_data", []):
        tax_id_add(account, tax, customer["id"])
    emit(account, "customer.created", customer, at=customer["created"])
    return customer


def _set(account: Account, customer: Json, params: Json) -> None:
    for name in PLAIN:
        if name == "metadata":
            merge_metadata(customer, params)
        elif name in params:
            customer[name] = params[name] if params[name] != "" else None
    if "balance" in params:
        customer["balance"] = int(params["balance"])
    for name, value in params.get("invoice_settings", {}).items():
        if name == "default_payment_method" and value:
            value = _own_card(account, customer, str(value))
        customer["invoice_settings"][name] = value or None


def _own_card(account: Account, customer: Json, name: str) -> str:
    """The customer's card of this name; a test card's name is the card that it became when it was attached."""
    if number_of(name):
        return str(attach(account, name, customer)["id"])
    method = account.get("payment_method", name, param="invoice_settings[default_payment_method]")
    if method.get("customer") != customer["id"]:
        raise invalid(
            f"The customer does not have a payment method with the ID {name}. It must be attached to the customer.",
            param="invoice_settings[default_payment_method]",
            code="resource_missing",
        )
    return name


def merge_metadata(thing: Json, params: Json) -> None:
    """Stripe merges metadata; an empty value takes a key away, an empty string all of them."""
    given = params.get("metadata")
    if given == "":
        thing["metadata"] = {}
    elif isinstance(given, dict):
        merged = {**thing.get("metadata", {}), **given}
        thing["metadata"] = {key: value for key, value in merged.items() if value != ""}


@route("GET", "/v1/customers")
def customer_list(account: Account, params: Json) -> Json:
    wanted = params.get("email")

    def fits(one: Json) -> bool:
        return not one.get("deleted") and wanted in (None, one.get("email"))

    return listing(account, "customer", params, "/v1/customers", where=fits)


@route("GET", "/v1/customers/{customer}")
def customer_read(account: Account, params: Json, customer: str) -> Json:
    return account.get("customer", customer, param="id")


@route("POST", "/v1/customers/{customer}")
def customer_update(account: Account, params: Json, customer: str) -> Json:
    found = living_customer(account, customer)
    before = copy.deepcopy(found)
    _set(account, found, params)
    changed(account, "customer.updated", found, before)
    return found


def living_customer(account: Account, identifier: object, *, param: str = "customer") -> Json:
    """A customer who wasn't deleted. Raises Stripe's 404."""
    found = account.get("customer", identifier, param=param)
    if found.get("deleted"):
        raise invalid(f"No such customer: '{identifier}'", param=param, code="resource_missing", status=404)
    return found


@route("POST", "/v1/customers/{customer}/tax_ids")
def tax_id_add(account: Account, params: Json, customer: str) -> Json:
    living_customer(account, customer)
    return account.add(
        "tax_id",
        {
            "customer": customer,
            "type": params["type"],
            "value": params["value"],
            "country": str(params["value"])[:2].upper(),
            "verification": {"status": "pending", "verified_address": None, "verified_name": None},
            "owner": {"type": "customer", "customer": customer},
        },
    )


@route("GET", "/v1/customers/{customer}/tax_ids")
def tax_id_list(account: Account, params: Json, customer: str) -> Json:
    return listing(
        account, "tax_id", params, f"/v1/customers/{customer}/tax_ids", where=lambda one: one["customer"] == customer
    )


@route("DELETE", "/v1/customers/{customer}/tax_ids/{named}")
def tax_id_delete(account: Account, params: Json, customer: str, named: str) -> Json:
    account.get("tax_id", named)
    del account.objects["tax_id"][named]
    return {"id": named, "object": "tax_id", "deleted": True}


@route("POST", "/v1/customers/{customer}/balance_transactions")
def balance_add(account: Account, params: Json, customer: str) -> Json:
    made = move_balance(
        account, living_customer(account, customer), int(params["amount"]), str(params["currency"]), "adjustment"
    )
    merge_metadata(made, params)
    made["description"] = params.get("description")
    return made


@route("GET", "/v1/customers/{customer}/balance_transactions")
def balance_list(account: Account, params: Json, customer: str) -> Json:
    found = [one for one in account.all("customer_balance_transaction") if one["customer"] == customer]
    return page(found, params, f"/v1/customers/{customer}/balance_transactions")


def move_balance(
    account: Account, customer: Json, amount: int, currency: str, kind: str, invoice: str | None = None
) -> Json:
    """Change what the customer owes (above 0) or is owed (below 0) on the next invoice, in minor units."""
    customer["balance"] += amount
    customer["currency"] = customer["currency"] or currency
    return account.add(
        "customer_balance_transaction",
        {
            "customer": customer["id"],
            "amount": amount,
            "currency": currency,
            "type": kind,
            "invoice": invoice,
            "ending_balance": customer["balance"],
            "metadata": {},
        },
        at=account.now(customer),
    )
