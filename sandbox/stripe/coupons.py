"""Coupons, promotion codes, and the discounts that they become."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.periods import after_months
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]


@route("POST", "/v1/coupons")
def coupon_create(account: Account, params: Json) -> Json:
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("You must pass either `percent_off` or `amount_off`, and not both.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise invalid("You must pass `currency` when passing `amount_off`.", param="currency", code="parameter_missing")
    if account.find("coupon", params.get("id")):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise invalid(
            "`duration_in_months` goes with `duration: repeating`, and only with it.", param="duration_in_months"
        )
    coupon = account.add(
        "coupon",
        {
            "duration": duration,
            "duration_in_months": params.get("duration_in_months"),
            "times_redeemed": 0,
            "valid": True,
            "percent_off": params.get("percent_off"),
            "amount_off": params.get("amount_off"),
            "name": params.get("name"),
            "currency": str(params["currency"]).lower() if "amount_off" in params else None,
            "metadata": params.get("metadata") or {},
            "max_redemptions": params.get("max_redemptions"),
            "redeem_by": params.get("redeem_by"),
            "_applies_to": params.get("applies_to"),
        },
        identifier=params.get("id"),
    )
    emit(account, "coupon.created", coupon)
    return coupon


@route("GET", "/v1/coupons")
def coupon_list(account: Account, params: Json) -> Json:
    return listing(account, "coupon", params, "/v1/coupons")


@route("GET", "/v1/coupons/{coupon}")
def coupon_read(account: Account, params: Json, coupon: str) -> Json:
    return account.get("coupon", coupon, param="coupon")


@route("POST", "/v1/coupons/{coupon}")
def coupon_update(account: Account, params: Json, coupon: str) -> Json:
    found = account.get("coupon", coupon, param="coupon")
    merge_metadata(found, params)
    found["name"] = params.get("name", found["name"])
    return found


@route("DELETE", "/v1/coupons/{coupon}")
def coupon_delete(account: Account, params: Json, coupon: str) -> Json:
    """Discounts that are running keep running."""
    found = account.get("coupon", coupon, param="coupon")
    del account.objects["coupon"][coupon]
    emit(account, "coupon.deleted", found)
    return {"id": coupon, "object": "coupon", "deleted": True}


@route("POST", "/v1/promotion_codes")
def promotion_create(account: Account, params: Json) -> Json:
    coupon = account.get("coupon", params["promotion"].get("coupon"), param="promotion[coupon]")
    code = params.get("code") or "".join(account.chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8))
    if any(one["active"] and one["code"].lower() == code.lower() for one in account.objects["promotion_code"].values()):
        raise invalid(
            f"An active promotion code with `code: {code}` already exists.",
            param="code",
            code="resource_already_exists",
        )
    limits = params.get("restrictions") or {}
    promotion = account.add(
        "promotion_code",
        {
            "active": params.get("active", True),
            "code": code,
            "customer": params.get("customer"),
            "expires_at": params.get("expires_at"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": params.get("metadata") or {},
            "times_redeemed": 0,
            "promotion": {"type": "coupon", "coupon": coupon["id"]},
            "restrictions": {
                "first_time_transaction": limits.get("first_time_transaction", False),
                "minimum_amount": limits.get("minimum_amount"),
                "minimum_amount_currency": limits.get("minimum_amount_currency"),
            },
        },
    )
    emit(account, "promotion_code.created", promotion)
    return promotion


@route("GET", "/v1/promotion_codes")
def promotion_list(account: Account, params: Json) -> Json:
    return listing(
        account,
        "promotion_code",
        params,
        "/v1/promotion_codes",
        where=lambda one: (
            params.get("active") in (None, one["active"])
            and params.get("code", "").lower() in ("", one["code"].lower())
        ),
    )


@route("GET", "/v1/promotion_codes/{promotion_code}")
def promotion_read(account: Account, params: Json, promotion_code: str) -> Json:
    return account.get("promotion_code", promotion_code, param="promotion_code")


@route("POST", "/v1/promotion_codes/{promotion_code}")
def promotion_update(account: Account, params: Json, promotion_code: str) -> Json:
    found = account.get("promotion_code", promotion_code, param="promotion_code")
    merge_metadata(found, params)
    found["active"] = params.get("active", found["active"])
    return found


def make_discounts(
    account: Account, given: Any, customer: Json, *, subscription: str | None = None, param: str = "discounts"
) -> list[str]:
    """The discounts that these parameters mean, as references. Raises where a coupon or code doesn't hold for this
    customer."""
    made = []
    for place, one in enumerate(given or []):
        at = f"{param}[{place}]"
        if kept := one.get("discount"):
            made.append(account.get("discount", kept, param=f"{at}[discount]")["id"])
            continue
        promotion = _promotion(account, one["promotion_code"], customer, at) if one.get("promotion_code") else None
        name = promotion["promotion"]["coupon"] if promotion else one.get("coupon")
        coupon = _holding_coupon(account, name, customer, at)
        made.append(_make_discount(account, coupon, promotion, customer, subscription)["id"])
    return made


def _promotion(account: Account, name: str, customer: Json, at: str) -> Json:
    promotion = account.get("promotion_code", name, param=f"{at}[promotion_code]")
    param = f"{at}[promotion_code]"
    over = promotion["expires_at"] is not None and promotion["expires_at"] <= account.now(customer)
    full = promotion["max_redemptions"] is not None and promotion["times_redeemed"] >= promotion["max_redemptions"]
    if not promotion["active"] or over or full:
        raise invalid("This promotion code is no longer valid.", param=param, code="promotion_code_expired")
    if promotion["customer"] not in (None, customer["id"]):
        raise invalid(
            "This promotion code cannot be redeemed by this customer.",
            param=param,
            code="promotion_code_wrong_customer",
        )
    paid_before = any(
        one["customer"] == customer["id"] and one["status"] == "paid" and one["amount_paid"] > 0
        for one in account.objects["invoice"].values()
    )
    if promotion["restrictions"]["first_time_transaction"] and paid_before:
        raise invalid(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param=param,
            code="promotion_code_customer_not_first_time",
        )
    return promotion


def _holding_coupon(account: Account, name: Any, customer: Json, at: str) -> Json:
    coupon = account.get("coupon", name, param=f"{at}[coupon]")
    over = coupon["redeem_by"] is not None and coupon["redeem_by"] <= account.now(customer)
    full = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    if over or full:
        raise invalid(f"Coupon expired: {coupon['id']}", param=f"{at}[coupon]", code="coupon_expired")
    return coupon


def _make_discount(
    account: Account, coupon: Json, promotion: Json | None, customer: Json, subscription: str | None
) -> Json:
    start = account.now(customer)
    end = after_months(start, int(coupon["duration_in_months"])) if coupon["duration"] == "repeating" else None
    coupon["times_redeemed"] += 1
    if promotion:
        promotion["times_redeemed"] += 1
    return account.add(
        "discount",
        {
            "customer": customer.get("id"),
            "start": start,
            "end": end,
            "source": {"type": "coupon", "coupon": coupon["id"]},
            "promotion_code": promotion["id"] if promotion else None,
            "subscription": subscription,
            "subscription_item": None,
            "invoice": None,
            "invoice_item": None,
            "checkout_session": None,
            "_coupon": dict(coupon),
        },
        at=start,
    )


def take_off(discount: Json, lines: list[Json], currency: str, left: list[int]) -> list[int]:
    """What the discount takes off each line, in minor units. `left`: what earlier discounts left of each line."""
    coupon = discount["_coupon"]
    chosen = (coupon.get("_applies_to") or {}).get("products")
    fits = [
        line["discountable"] and (not chosen or line["_product"] in chosen) and left[at] > 0
        for at, line in enumerate(lines)
    ]
    if coupon["percent_off"] is not None:
        share = Decimal(str(coupon["percent_off"])) / 100
        return [
            int((left[at] * share).quantize(Decimal(1), ROUND_HALF_UP)) if fit else 0 for at, fit in enumerate(fits)
        ]
    if coupon["currency"] != currency:
        return [0] * len(lines)
    return _spread(int(coupon["amount_off"]), [left[at] if fit else 0 for at, fit in enumerate(fits)])


def _spread(amount: int, over: list[int]) -> list[int]:
    """An amount over lines by what they cost, to the cent."""
    total = sum(over)
    amount = min(amount, total)
    taken, shares, so_far = 0, [], 0
    for cost in over:
        so_far += cost
        share = amount * so_far // total - taken if total else 0
        taken += share
        shares.append(share)
    return shares


def mark_used(account: Account, discounts: list[str]) -> None:
    """A discount of one time has had it."""
    for name in discounts:
        account.get("discount", name)["_used"] = True
