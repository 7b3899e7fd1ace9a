"""Invoice items: amounts that wait for the next invoice."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.catalogue import amount_of, price_create
from sandbox.stripe.customers import living_customer, merge_metadata
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.invoices import TAKEN, add_up
from sandbox.stripe.lines import make_line
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]


def add_pending(account: Account, customer: Json, subscription: Json | None, lines: list[Json]) -> list[Json]:
    """Let these lines wait for the subscription's next invoice."""
    kept = []
    for line in lines:
        details = line["parent"].get("subscription_item_details") or {}
        item = _keep_item(account, customer, line, subscription, proration=bool(details.get("proration")))
        kept.append(item)
    return kept


def _keep_item(
    account: Account,
    customer: Json,
    line: Json,
    subscription: Json | None,
    *,
    proration: bool,
    invoice: str | None = None,
) -> Json:
    quantity = line["quantity"] or 1
    item = account.add(
        "invoiceitem",
        {
            "amount": line["amount"],
            "currency": line["currency"],
            "customer": customer["id"],
            "date": account.now(customer),
            "discountable": line["discountable"],
            "period": line["period"],
            "proration": proration,
            "quantity": quantity,
            "quantity_decimal": str(quantity),
            "invoice": invoice,
            "description": line["description"],
            "discounts": [],
            "metadata": dict(line["metadata"]),
            "net_amount": line["amount"],
            "pricing": line["pricing"],
            "tax_rates": [],
            "test_clock": customer.get("test_clock"),
            "parent": _parent(subscription, line),
            "_line": line,
            "_subscription": subscription["id"] if subscription else None,
        },
        at=account.now(customer),
    )
    emit(account, "invoiceitem.created", item)
    return item


def _parent(subscription: Json | None, line: Json) -> Json | None:
    if subscription is None:
        return None
    details: Json = {"subscription": subscription["id"]}
    if item := (line["parent"].get("subscription_item_details") or {}).get("subscription_item"):
        details["subscription_item"] = item
    return {"type": "subscription_details", "subscription_details": details}


def take_pending(account: Account, customer: Json, subscription: Json | None, *, keep: bool = False) -> list[Json]:
    """The lines that wait for this invoice. `keep`: only look."""
    name = subscription["id"] if subscription else None
    waiting = [
        one
        for one in account.objects["invoiceitem"].values()
        if one["customer"] == customer["id"] and one["invoice"] is None and one["_subscription"] in (None, name)
    ]
    for one in waiting:
        if not keep:
            one["invoice"] = TAKEN
    return [dict(one["_line"]) for one in waiting]


def _amount(account: Account, params: Json) -> tuple[Json | None, int, int]:
    """The price where there is one, the amount and the quantity that these parameters mean."""
    price = None
    if named := (params.get("pricing") or {}).get("price"):
        price = account.get("price", named, param="pricing[price]")
    elif given := params.get("price_data"):
        price = price_create(account, given)
    elif "amount" not in params:
        raise invalid(
            "You must pass either `amount`, `pricing` or `price_data`.", param="amount", code="parameter_missing"
        )
    quantity = int(params.get("quantity", 1))
    return price, amount_of(price, quantity) if price else int(params["amount"]), quantity


@route("POST", "/v1/invoiceitems")
def item_create(account: Account, params: Json) -> Json:
    customer = living_customer(account, params.get("customer"))
    price, amount, quantity = _amount(account, params)
    now = account.now(customer)
    period = params.get("period") or {"start": now, "end": now}
    currency = price["currency"] if price else str(params.get("currency", account.settings["currency"])).lower()
    line = make_line(
        account,
        amount=amount,
        currency=currency,
        description=params.get("description") or "",
        price=price,
        quantity=quantity,
        period=(int(period["start"]), int(period["end"])),
        parent={"type": "invoice_item_details"},
        metadata=params.get("metadata") or {},
        discountable=params.get("discountable", amount >= 0),
    )
    if price is None:
        line["_tax_behavior"] = params.get("tax_behavior", "unspecified")
    subscription = (
        account.get("subscription", params["subscription"], param="subscription") if "subscription" in params else None
    )
    item = _keep_item(account, customer, line, subscription, proration=False)
    line["parent"] = {
        "type": "invoice_item_details",
        "subscription_item_details": None,
        "invoice_item_details": {
            "invoice_item": item["id"],
            "proration": False,
            "proration_details": None,
            "subscription": subscription["id"] if subscription else None,
        },
    }
    if wanted := params.get("invoice"):
        _put_on(account, account.get("invoice", wanted, param="invoice"), item, customer)
    return item


def _put_on(account: Account, invoice: Json, item: Json, customer: Json) -> None:
    if invoice["status"] != "draft":
        raise invalid(
            "You can only add invoice items to a draft invoice.", code="invoice_not_editable", param="invoice"
        )
    item["invoice"] = invoice["id"]
    invoice["lines"]["data"].append(item["_line"])
    add_up(account, invoice, customer)


@route("GET", "/v1/invoiceitems")
def item_list(account: Account, params: Json) -> Json:
    def fits(one: Json) -> bool:
        return params.get("customer") in (None, one["customer"]) and (
            not params.get("pending") or one["invoice"] is None
        )

    return listing(account, "invoiceitem", params, "/v1/invoiceitems", where=fits)


@route("GET", "/v1/invoiceitems/{invoiceitem}")
def item_read(account: Account, params: Json, invoiceitem: str) -> Json:
    return account.get("invoiceitem", invoiceitem, param="invoiceitem")


@route("POST", "/v1/invoiceitems/{invoiceitem}")
def item_update(account: Account, params: Json, invoiceitem: str) -> Json:
    found = account.get("invoiceitem", invoiceitem, param="invoiceitem")
    merge_metadata(found, params)
    found["description"] = found["_line"]["description"] = params.get("description", found["description"])
    return found


@route("DELETE", "/v1/invoiceitems/{invoiceitem}")
def item_delete(account: Account, params: Json, invoiceitem: str) -> Json:
    found = account.get("invoiceitem", invoiceitem, param="invoiceitem")
    if found["invoice"]:
        raise invalid("The invoice item is already on an invoice.", code="invoice_not_editable")
    del account.objects["invoiceitem"][invoiceitem]
    emit(account, "invoiceitem.deleted", found)
    return {"id": invoiceitem, "object": "invoiceitem", "deleted": True}
