"""The items of a subscription: read from parameters, found, and merged with those that are there."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.catalogue import price_create
from sandbox.stripe.errors import invalid

Json = dict[str, Any]


def make_item(account: Account, given: Json, at: str) -> Json:
    """A new item. Raises for a price that isn't sold any more, or that isn't recurring."""
    name = given.get("price") or given.get("plan")
    if name is None and "price_data" in given:
        name = price_create(account, given["price_data"])["id"]
    price = account.get("price", name, param=f"{at}[price]")
    if not price["active"]:
        raise invalid(
            "The price specified is inactive. This field only accepts active prices.",
            param=f"{at}[price]",
            code="price_inactive",
        )
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time`; this field only accepts `type=recurring`.",
            param=f"{at}[price]",
        )
    item = account.add(
        "subscription_item",
        {
            "discounts": [],
            "metadata": given.get("metadata") or {},
            "price": price,
            "subscription": "",
            "tax_rates": [],
            "current_period_start": 0,
            "current_period_end": 0,
            "billing_thresholds": None,
            "_metered_since": 0,
        },
    )
    if price["recurring"]["usage_type"] == "licensed":
        item["quantity"] = int(given.get("quantity", 1))
    return item


def read_items(account: Account, given: list[Json], *, param: str = "items") -> list[Json]:
    """New items; all of one currency and interval. Raises where they don't go together."""
    return together([make_item(account, one, f"{param}[{place}]") for place, one in enumerate(given)])


def together(items: list[Json]) -> list[Json]:
    """The same items, after a look at whether one subscription can hold them."""
    if len({item["price"]["currency"] for item in items}) > 1:
        raise invalid("All prices of a subscription must have the same currency.", param="items")
    if len({(i["price"]["recurring"]["interval"], i["price"]["recurring"]["interval_count"]) for i in items}) > 1:
        raise invalid("All prices of a subscription must have the same interval here.", param="items")
    if len({item["price"]["id"] for item in items}) < len(items):
        raise invalid("Cannot add multiple subscription items with the same price.", param="items")
    return items


def item_of(subscription: Json, identifier: str) -> Json | None:
    """The subscription's item of this name."""
    return next((item for item in subscription["items"]["data"] if item["id"] == identifier), None)


def merged_items(account: Account, subscription: Json, given: list[Json]) -> list[Json]:
    """The items as they would be after this change: copies, nothing is changed yet."""
    items = {item["id"]: copy.deepcopy(item) for item in subscription["items"]["data"]}
    for place, one in enumerate(given):
        at = f"items[{place}]"
        name = one.get("id")
        if name is None:
            fresh = make_item(account, one, at)
            fresh["subscription"] = subscription["id"]
            items[fresh["id"]] = fresh
            continue
        if name not in items:
            raise invalid(
                f"No such subscription item: '{name}'", param=f"{at}[id]", code="resource_missing", status=404
            )
        if one.get("deleted"):
            del items[name]
            continue
        _change_item(account, items[name], one, at)
    if not items:
        raise invalid("A subscription must have at least one item.", param="items")
    return together(list(items.values()))


def _change_item(account: Account, item: Json, given: Json, at: str) -> None:
    if wanted := given.get("price"):
        price = account.get("price", wanted, param=f"{at}[price]")
        if not price["active"] and price["id"] != item["price"]["id"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.",
                param=f"{at}[price]",
                code="price_inactive",
            )
        item["price"] = price
    if "quantity" in given:
        item["quantity"] = int(given["quantity"])
    elif item["price"]["recurring"]["usage_type"] == "licensed":
        item.setdefault("quantity", 1)
    if item["price"]["recurring"]["usage_type"] == "metered":
        item.pop("quantity", None)
    item["metadata"] |= given.get("metadata") or {}
