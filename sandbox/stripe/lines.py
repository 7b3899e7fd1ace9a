"""The lines of an invoice: what a period costs, and what is owed or given back when a subscription changes within
one."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.catalogue import amount_of, used

Json = dict[str, Any]


def make_line(
    account: Account,
    *,
    amount: int,
    currency: str,
    description: str,
    period: tuple[int, int],
    price: Json | None,
    quantity: int | None,
    parent: Json,
    discountable: bool = True,
    metadata: Json | None = None,
) -> Json:
    """One line; not kept, since it lives in its invoice."""
    return {
        "id": account.fresh_id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": discountable,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": metadata or {},
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": pricing(price),
        "quantity": quantity,
        "subscription": _subscription_of(parent),
        "subtotal": amount,
        "taxes": [],
        "_product": price["product"] if price else None,
        "_tax_behavior": price["tax_behavior"] if price else "unspecified",
    }


def pricing(price: Json | None) -> Json | None:
    """How a line or an item names its price."""
    if price is None:
        return None
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def _subscription_of(parent: Json) -> Any:
    return (parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}).get("subscription")


def item_parent(subscription: Json, item: Json, *, proration: bool = False) -> Json:
    """The parent of a line that an item of a subscription brings."""
    details = {
        "invoice_item": None,
        "proration": proration,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return {"type": "subscription_item_details", "subscription_item_details": details, "invoice_item_details": None}


def period_lines(account: Account, subscription: Json, start: int, end: int, *, free: bool = False) -> list[Json]:
    """What a new period costs in advance, and what was used in the one before. `free`: a trial."""
    lines = []
    for item in subscription["items"]["data"]:
        price = item["price"]
        if price["recurring"]["usage_type"] == "metered":
            lines += [] if free else _metered_line(account, subscription, item, start)
            continue
        quantity = item["quantity"]
        name = account.get("product", price["product"])["name"]
        text = f"Free trial for {quantity} × {name}" if free else f"{quantity} × {name}"
        amount = 0 if free else amount_of(price, quantity)
        lines.append(
            make_line(
                account,
                amount=amount,
                currency=price["currency"],
                description=text,
                period=(start, end),
                price=price,
                quantity=quantity,
                parent=item_parent(subscription, item),
                metadata=subscription["metadata"],
            )
        )
    return lines


def _metered_line(account: Account, subscription: Json, item: Json, until: int) -> list[Json]:
    since = item["_metered_since"]
    if since >= until:
        return []
    price = item["price"]
    # Of uses that are given back, less than none are none.
    quantity = max(0, used(account, price["recurring"]["meter"], subscription["customer"], since, until))
    name = account.get("product", price["product"])["name"]
    return [
        make_line(
            account,
            amount=amount_of(price, quantity),
            currency=price["currency"],
            description=f"{quantity} × {name}",
            price=price,
            period=(since, until),
            quantity=quantity,
            parent=item_parent(subscription, item),
            metadata=subscription["metadata"],
        )
    ]


def metered_left(account: Account, subscription: Json, new: list[Json], at: int) -> list[Json]:
    """What was used of items that go, or get another price, and is on no invoice yet: flexible billing bills it with
    the change, unless that isn't prorated."""
    after = {item["id"]: item["price"]["id"] for item in new}
    lines: list[Json] = []
    for item in subscription["items"]["data"]:
        metered = item["price"]["recurring"]["usage_type"] == "metered"
        if metered and after.get(item["id"]) != item["price"]["id"]:
            lines += _metered_line(account, subscription, item, at)
    return lines


def proration_lines(
    account: Account, subscription: Json, old: list[Json], new: list[Json], at: int, *, restarts: bool
) -> list[Json]:
    """Credits for what is left of the old items and, unless the period restarts, charges for the rest of the period.

    A credit is a share of what the item was billed for, by the second; so a discount that was given isn't given
    back."""
    lines = []
    after = {item["id"]: item for item in new}
    for item in old:
        kept = after.get(item["id"])
        same = (
            kept is not None
            and kept["price"]["id"] == item["price"]["id"]
            and kept.get("quantity") == item.get("quantity")
        )
        if (restarts or not same) and (line := _credit(account, subscription, item, at)):
            lines.append(line)
    if restarts:
        return lines
    before = {item["id"]: item for item in old}
    for item in new:
        was = before.get(item["id"])
        if was is None or was["price"]["id"] != item["price"]["id"] or was.get("quantity") != item.get("quantity"):
            lines += _rest(account, subscription, item, at)
    return lines


def _credit(account: Account, subscription: Json, item: Json, at: int) -> Json | None:
    billed = item.get("_billed")
    if not billed or billed["end"] <= at or not billed["amount"]:
        return None
    left = Fraction(billed["end"] - at, billed["end"] - billed["start"])
    price = item["price"]
    text = f"Unused time on {_named(account, item)} after {_day(at)}"
    return make_line(
        account,
        amount=-round_half_up(billed["amount"] * left),
        currency=price["currency"],
        description=text,
        period=(at, billed["end"]),
        price=price,
        quantity=item["quantity"],
        parent=item_parent(subscription, item, proration=True),
        discountable=False,
    )


def _rest(account: Account, subscription: Json, item: Json, at: int) -> list[Json]:
    price = item["price"]
    if price["recurring"]["usage_type"] == "metered":
        return []
    start, end = item["current_period_start"], item["current_period_end"]
    amount = round_half_up(amount_of(price, item["quantity"]) * Fraction(end - at, end - start))
    return [
        make_line(
            account,
            amount=amount,
            currency=price["currency"],
            description=f"Remaining time on {_named(account, item)} after {_day(at)}",
            period=(at, end),
            price=price,
            quantity=item["quantity"],
            parent=item_parent(subscription, item, proration=True),
        )
    ]


def _named(account: Account, item: Json) -> str:
    name = account.get("product", item["price"]["product"])["name"]
    quantity = item.get("quantity", 1)
    return f"{quantity} × {name}" if quantity != 1 else str(name)


def _day(at: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day:02d} {moment:%b %Y}"


def round_half_up(amount: Fraction) -> int:
    """To whole minor units, halves away from zero."""
    whole = (abs(amount) + Fraction(1, 2)).__floor__()
    return -whole if amount < 0 else whole
