"""Products, prices and meters. A price's amount, currency and interval can't be changed once it is made."""

import copy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]


@route("POST", "/v1/products")
def product_create(account: Account, params: Json) -> Json:
    if account.find("product", params.get("id")):
        raise invalid(f"Product already exists: {params['id']}", code="resource_already_exists", param="id")
    now = account.clock.now()
    product = account.add(
        "product",
        {
            "active": True,
            "attributes": [],
            "description": None,
            "images": [],
            "marketing_features": [],
            "metadata": {},
            "name": params["name"],
            "updated": now,
            "type": "service",
            "default_price": None,
            "unit_label": None,
            "url": None,
        },
        identifier=params.get("id"),
    )
    _set_product(product, params)
    emit(account, "product.created", product)
    if price := params.get("default_price_data"):
        product["default_price"] = price_create(account, {**price, "product": product["id"]})["id"]
    return product


def _set_product(product: Json, params: Json) -> None:
    merge_metadata(product, params)
    for name in (
        "active",
        "description",
        "images",
        "marketing_features",
        "name",
        "unit_label",
        "url",
        "statement_descriptor",
        "tax_code",
    ):
        if name in params:
            product[name] = params[name] if params[name] != "" else None


@route("GET", "/v1/products")
def product_list(account: Account, params: Json) -> Json:
    return listing(
        account, "product", params, "/v1/products", where=lambda one: params.get("active") in (None, one["active"])
    )


@route("GET", "/v1/products/{named}")
def product_read(account: Account, params: Json, named: str) -> Json:
    return account.get("product", named)


@route("POST", "/v1/products/{named}")
def product_update(account: Account, params: Json, named: str) -> Json:
    product = account.get("product", named)
    before = copy.deepcopy(product)
    _set_product(product, params)
    if "default_price" in params:
        product["default_price"] = account.get("price", params["default_price"], param="default_price")["id"]
    product["updated"] = account.clock.now()
    changed(account, "product.updated", product, before)
    return product


@route("DELETE", "/v1/products/{named}")
def product_delete(account: Account, params: Json, named: str) -> Json:
    product = account.get("product", named)
    if any(price["product"] == named for price in account.objects["price"].values()):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.", param="id")
    del account.objects["product"][named]
    emit(account, "product.deleted", product)
    return {"id": named, "object": "product", "deleted": True}


@route("POST", "/v1/prices")
def price_create(account: Account, params: Json) -> Json:
    """An amount of money for a product; once, or again and again."""
    product = params.get("product")
    if product is None:
        given = params.get("product_data") or {}
        product = product_create(account, {key: value for key, value in given.items() if key != "tax_code"})["id"]
    account.get("product", product, param="product")
    if params.get("lookup_key"):
        _lookup_key(account, params)
    recurring = params.get("recurring")
    price = account.add(
        "price",
        {
            "active": params.get("active", True),
            "billing_scheme": params.get("billing_scheme", "per_unit"),
            "currency": str(params["currency"]).lower(),
            "metadata": params.get("metadata") or {},
            "nickname": params.get("nickname"),
            "product": product,
            "tax_behavior": params.get("tax_behavior", "unspecified"),
            "type": "recurring" if recurring else "one_time",
            "recurring": _recurring(account, recurring) if recurring else None,
            "tiers_mode": params.get("tiers_mode"),
            "lookup_key": params.get("lookup_key"),
            "transform_quantity": params.get("transform_quantity"),
            "custom_unit_amount": None,
            **_amounts(params),
        },
    )
    emit(account, "price.created", price)
    return price


def _recurring(account: Account, given: Json) -> Json:
    kind = given.get("usage_type", "licensed")
    if kind == "metered":
        if not given.get("meter"):
            raise invalid(
                "Metered prices must be backed by a meter.", param="recurring[meter]", code="parameter_missing"
            )
        account.get("billing.meter", given["meter"], param="recurring[meter]")
    return {
        "interval": given["interval"],
        "interval_count": int(given.get("interval_count", 1)),
        "usage_type": kind,
        "meter": given.get("meter"),
        "trial_period_days": None,
    }


def _amounts(params: Json) -> Json:
    if params.get("billing_scheme") == "tiered":
        tiers = [
            {
                "up_to": None if tier["up_to"] == "inf" else int(tier["up_to"]),
                "unit_amount": tier.get("unit_amount"),
                "unit_amount_decimal": str(tier.get("unit_amount_decimal", tier.get("unit_amount", 0))),
                "flat_amount": tier.get("flat_amount"),
                "flat_amount_decimal": str(tier.get("flat_amount", 0)),
            }
            for tier in params["tiers"]
        ]
        return {"unit_amount": None, "unit_amount_decimal": None, "_tiers": tiers}
    if "unit_amount_decimal" in params:
        decimal = Decimal(str(params["unit_amount_decimal"]))
        return {
            "unit_amount": int(decimal) if decimal == int(decimal) else None,
            "unit_amount_decimal": str(decimal.normalize()),
        }
    if "unit_amount" not in params:
        raise invalid(
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.", code="parameter_missing"
        )
    return {"unit_amount": int(params["unit_amount"]), "unit_amount_decimal": str(params["unit_amount"])}


def _lookup_key(account: Account, params: Json) -> None:
    for other in account.objects["price"].values():
        if other["lookup_key"] == params["lookup_key"]:
            if not params.get("transfer_lookup_key"):
                raise invalid(f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key")
            other["lookup_key"] = None


@route("GET", "/v1/prices")
def price_list(account: Account, params: Json) -> Json:
    keys = params.get("lookup_keys")
    return listing(
        account,
        "price",
        params,
        "/v1/prices",
        where=lambda one: (
            params.get("active") in (None, one["active"])
            and params.get("product") in (None, one["product"])
            and (keys is None or one["lookup_key"] in keys)
        ),
    )


@route("GET", "/v1/prices/{price}")
def price_read(account: Account, params: Json, price: str) -> Json:
    return account.get("price", price, param="price")


@route("POST", "/v1/prices/{price}")
def price_update(account: Account, params: Json, price: str) -> Json:
    found = account.get("price", price, param="price")
    before = copy.deepcopy(found)
    merge_metadata(found, params)
    if params.get("lookup_key"):
        _lookup_key(account, params)
    for name in ("active", "nickname", "lookup_key", "tax_behavior"):
        if name in params:
            found[name] = params[name]
    changed(account, "price.updated", found, before)
    return found


@route("POST", "/v1/plans")
def plan_create(account: Account, params: Json) -> Json:
    """The old name of a recurring price; old clients still use it. Answers as a price that has a plan's properties."""
    given = params.get("product")
    named = {"product_data": given} if isinstance(given, dict) else {"product": given}
    recurring = {"interval": params["interval"], "interval_count": params.get("interval_count", 1)}
    price = price_create(
        account,
        {**named, "currency": params["currency"], "unit_amount": params.get("amount", 0), "recurring": recurring},
    )
    return {
        **price,
        "object": "plan",
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "usage_type": "licensed",
        **{name: price["recurring"][name] for name in ("interval", "interval_count", "meter", "trial_period_days")},
    }


def amount_of(price: Json, quantity: int) -> int:
    """What so many cost, in minor units: per unit, or by tiers that are filled one after the other, or by the tier
    reached."""
    divided = price.get("transform_quantity")
    if divided:
        quantity = quantity // divided["divide_by"] + (divided["round"] == "up" and quantity % divided["divide_by"] > 0)
    if price["billing_scheme"] != "tiered":
        return _whole(Decimal(price["unit_amount_decimal"]) * quantity)
    below, total = 0, Decimal(0)
    for tier in price["_tiers"]:
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if price["tiers_mode"] == "volume" and top == quantity:
            return _whole(Decimal(tier["unit_amount_decimal"]) * quantity + Decimal(tier["flat_amount_decimal"]))
        if price["tiers_mode"] == "graduated" and top > below:
            total += Decimal(tier["unit_amount_decimal"]) * (top - below) + Decimal(tier["flat_amount_decimal"])
        below = max(below, top)
    return _whole(total)


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


@route("POST", "/v1/billing/meters")
def meter_create(account: Account, params: Json) -> Json:
    now = account.clock.now()
    return account.add(
        "billing.meter",
        {
            "display_name": params["display_name"],
            "event_name": params["event_name"],
            "status": "active",
            "updated": now,
            "default_aggregation": params["default_aggregation"],
            "event_time_window": params.get("event_time_window"),
            "customer_mapping": params.get(
                "customer_mapping", {"event_payload_key": "stripe_customer_id", "type": "by_id"}
            ),
            "value_settings": params.get("value_settings", {"event_payload_key": "value"}),
            "status_transitions": {"deactivated_at": None},
        },
    )


@route("GET", "/v1/billing/meters")
def meter_list(account: Account, params: Json) -> Json:
    return listing(account, "billing.meter", params, "/v1/billing/meters")


@route("GET", "/v1/billing/meters/{named}")
def meter_read(account: Account, params: Json, named: str) -> Json:
    return account.get("billing.meter", named)


@route("POST", "/v1/billing/meter_events")
def meter_event_create(account: Account, params: Json) -> Json:
    """One use. An identifier is taken once."""
    name = str(params["event_name"])
    meter = next((one for one in account.objects["billing.meter"].values() if one["event_name"] == name), None)
    if meter is None or meter["status"] != "active":
        raise invalid(f"No active meter found for the event name {name}.", param="event_name", code="no_meter")
    payload = params["payload"]
    customer, value = (
        payload.get(meter["customer_mapping"]["event_payload_key"]),
        payload.get(meter["value_settings"]["event_payload_key"]),
    )
    if account.find("customer", customer) is None:
        raise invalid(f"No such customer: '{customer}'", param="payload", code="resource_missing")
    seen = account.meter_events.setdefault(meter["id"], [])
    identifier = params.get("identifier") or account.fresh_id("token")
    if any(one["identifier"] == identifier for one in seen):
        raise invalid(
            f"An event already exists with identifier {identifier}.", param="identifier", code="duplicate_meter_event"
        )
    now = account.now(account.find("customer", customer))
    event = {
        "object": "billing.meter_event",
        "created": now,
        "livemode": False,
        "event_name": name,
        "identifier": identifier,
        "payload": payload,
        "timestamp": int(params.get("timestamp", now)),
    }
    seen.append({**event, "customer": customer, "value": str(value)})
    return event


@route("POST", "/v1/billing/meter_event_adjustments")
def meter_event_cancel(account: Account, params: Json) -> Json:
    """A use that wasn't one: within a day of it."""
    name, identifier = str(params["event_name"]), str((params.get("cancel") or {}).get("identifier"))
    meter = next((one for one in account.objects["billing.meter"].values() if one["event_name"] == name), None)
    seen = account.meter_events.get(meter["id"], []) if meter is not None else []
    found = next((one for one in seen if one["identifier"] == identifier), None)
    if found is None:
        raise invalid(f"No meter event has the identifier {identifier}.", param="cancel", code="resource_missing")
    assert meter is not None
    if account.now(account.find("customer", found["customer"])) - found["created"] > 86400:
        raise invalid("A meter event can be cancelled within 24 hours.", param="cancel")
    account.meter_events[meter["id"]] = [one for one in seen if one["identifier"] != identifier]
    return {
        "object": "billing.meter_event_adjustment",
        "cancel": {"identifier": identifier},
        "event_name": name,
        "livemode": False,
        "status": "complete",
        "type": "cancel",
    }


@route("GET", "/v1/billing/meters/{named}/event_summaries")
def meter_summaries(account: Account, params: Json, named: str) -> Json:
    start, end = int(params["start_time"]), int(params["end_time"])
    total = float(used(account, named, str(params["customer"]), start, end))
    row = {
        "id": account.fresh_id("token"),
        "object": "billing.meter_event_summary",
        "aggregated_value": total,
        "start_time": start,
        "end_time": end,
        "livemode": False,
        "meter": named,
    }
    return {"object": "list", "data": [row], "has_more": False, "url": f"/v1/billing/meters/{named}/event_summaries"}


def used(account: Account, meter: str, customer: str, start: int, end: int) -> int:
    """What the customer used from `start` up to `end`, by the meter's own formula."""
    formula = account.get("billing.meter", meter)["default_aggregation"]["formula"]
    hits = [
        one
        for one in account.meter_events.get(meter, [])
        if one["customer"] == customer and start <= one["timestamp"] < end
    ]
    if formula == "count":
        return len(hits)
    if formula == "last":
        return int(Decimal(max(hits, key=lambda one: one["timestamp"])["value"])) if hits else 0
    return int(sum(Decimal(one["value"]) for one in hits))
