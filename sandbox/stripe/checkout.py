"""Checkout sessions: what a page sells, and what follows when its card says yes."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.blanks import blank
from sandbox.stripe.cards import attach, behaviour, confirm_setup, make_setup
from sandbox.stripe.catalogue import amount_of, price_create
from sandbox.stripe.clock import DAY
from sandbox.stripe.coupons import make_discounts
from sandbox.stripe.customers import customer_create, living_customer, merge_metadata
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import emit
from sandbox.stripe.invoices import add_up, draw_up
from sandbox.stripe.lines import make_line
from sandbox.stripe.payments import charge_intent, make_intent
from sandbox.stripe.routing import listing, page, route
from sandbox.stripe.subscriptions import begin, start
from sandbox.stripe.work import worker

Json = dict[str, Any]
COPIED = (
    "client_reference_id",
    "success_url",
    "cancel_url",
    "return_url",
    "locale",
    "allow_promotion_codes",
    "customer_email",
    "billing_address_collection",
    "payment_method_collection",
    "submit_type",
    "subscription_data",
    "setup_intent_data",
    "payment_intent_data",
    "discounts",
    "automatic_tax",
    "customer_update",
    "tax_id_collection",
)
KEPT_FOR_OURSELVES = frozenset(
    {"subscription_data", "setup_intent_data", "payment_intent_data", "customer_update", "discounts"}
)


@route("POST", "/v1/checkout/sessions")
def session_create(account: Account, params: Json) -> Json:
    mode = params.get("mode")
    if mode not in ("payment", "subscription", "setup"):
        raise invalid("Missing required param: mode.", param="mode", code="parameter_missing")
    customer = living_customer(account, params["customer"]) if params.get("customer") else None
    items = _read_items(account, params, str(mode))
    now = account.now(customer)
    expires = int(params.get("expires_at", now + DAY))
    if not now + 1800 <= expires <= now + DAY:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    if mode == "subscription":
        _dry_run(account, customer, items, params)
    session = account.add("checkout.session", _values(params, customer, items, expires), at=now)
    for name in COPIED:
        if name in params and name != "automatic_tax":
            session[f"_{name}" if name in KEPT_FOR_OURSELVES else name] = params[name]
    if mode != "setup":
        invoice = quote(account, session)
        session |= {"amount_subtotal": invoice["subtotal"], "amount_total": invoice["total"]}
    session["url"] = f"{account.settings.get('base', '')}/c/pay/{account.id}/{session['id']}"
    account.clock_of(customer).plan(expires, "session_over", session["id"])
    return session


def _values(params: Json, customer: Json | None, items: list[Json], expires: int) -> Json:
    values = blank("checkout.session")
    values["automatic_tax"]["enabled"] = bool((params.get("automatic_tax") or {}).get("enabled"))
    return {
        **values,
        "mode": params["mode"],
        "expires_at": expires,
        "customer": customer["id"] if customer else None,
        "metadata": params.get("metadata") or {},
        "currency": items[0]["price"]["currency"] if items else params.get("currency"),
        "_items": items,
    }


def _read_items(account: Account, params: Json, mode: str) -> list[Json]:
    items: list[Json] = []
    for place, given in enumerate(params.get("line_items") or []):
        at = f"line_items[{place}]"
        name = given.get("price") or (
            price_create(account, given["price_data"])["id"] if "price_data" in given else None
        )
        price = account.get("price", name, param=f"{at}[price]")
        if not price["active"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.",
                param=f"{at}[price]",
                code="price_inactive",
            )
        items.append({"price": price, "quantity": int(given.get("quantity", 1))})
    kinds = {item["price"]["type"] for item in items}
    if mode == "subscription" and "recurring" not in kinds:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
            param="line_items",
        )
    if mode == "payment" and kinds != {"one_time"}:
        raise invalid("You specified `payment` mode but passed a recurring price.", param="mode")
    return items


def _dry_run(account: Account, customer: Json | None, items: list[Json], params: Json) -> None:
    """Whether such a subscription could begin at all; keeps nothing but what Stripe would refuse anyway."""
    coupons = {
        kind: {key: dict(value) for key, value in account.objects[kind].items()}
        for kind in ("coupon", "promotion_code")
    }
    stand_in: Json = customer or {"id": "cus_nobody", "balance": 0}
    start(
        account,
        stand_in,
        {**(params.get("subscription_data") or {}), "items": _recurring(items), "discounts": params.get("discounts")},
    )
    for kind, kept in coupons.items():
        account.objects[kind] = kept


def _recurring(items: list[Json]) -> list[Json]:
    return [
        {"price": item["price"]["id"], "quantity": item["quantity"]}
        for item in items
        if item["price"]["type"] == "recurring"
    ]


def quote(account: Account, session: Json) -> Json:
    """What the page shows to be paid today: an invoice that isn't kept."""
    customer = account.find("customer", session["customer"]) or {"id": "cus_nobody", "balance": 0, "address": None}
    trial = _has_trial(session)
    lines = []
    for item in session["_items"]:
        price, free = item["price"], trial and item["price"]["type"] == "recurring"
        free = free or (price["recurring"] or {}).get("usage_type") == "metered"
        name = account.get("product", price["product"])["name"]
        amount = 0 if free else amount_of(price, item["quantity"])
        lines.append(
            make_line(
                account,
                amount=amount,
                currency=price["currency"],
                description=f"{item['quantity']} × {name}",
                price=price,
                period=(session["created"], session["created"]),
                quantity=item["quantity"],
                parent={"type": "invoice_item_details"},
            )
        )
    invoice = draw_up(account, {**customer, "balance": 0}, lines, "manual", currency=session["currency"])
    coupons = {
        kind: {key: dict(value) for key, value in account.objects[kind].items()}
        for kind in ("coupon", "promotion_code")
    }
    invoice["discounts"] = make_discounts(account, session.get("_discounts"), customer)
    for kind, kept in coupons.items():
        account.objects[kind] = kept
    invoice["automatic_tax"]["enabled"] = session["automatic_tax"]["enabled"]
    add_up(account, invoice, customer)
    return invoice


def _has_trial(session: Json) -> bool:
    given = session.get("_subscription_data") or {}
    return bool(given.get("trial_period_days") or given.get("trial_end"))


def needs_card(session: Json) -> bool:
    """Whether the page asks for a card at all."""
    if session["mode"] == "subscription" and session.get("payment_method_collection") == "if_required":
        return not (_has_trial(session) or session.get("amount_total") == 0)
    return session["mode"] != "payment" or bool(session.get("amount_total"))


def complete_session(
    account: Account, session: Json, method: Json | None, *, email: str, shown: bool = False, code: str = ""
) -> Json:
    """The member has pressed the button. Raises the card's refusal; `shown`: its owner has answered the bank."""
    if session["status"] != "open":
        raise invalid("This Checkout Session is no longer open.", code="checkout_session_not_open")
    if code:
        _use_code(account, session, code)
    customer = _customer_for(account, session, email)
    _pay(account, session, customer, method, shown=shown)
    session |= {
        "status": "complete",
        "customer": customer["id"],
        "url": None,
        "customer_details": {
            "email": customer["email"],
            "name": customer["name"],
            "address": customer["address"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
            "business_name": None,
            "individual_name": None,
        },
    }
    emit(account, "checkout.session.completed", session)
    return session


def _use_code(account: Account, session: Json, code: str) -> None:
    found = next(
        (
            one
            for one in account.objects["promotion_code"].values()
            if one["code"].lower() == code.lower() and one["active"]
        ),
        None,
    )
    if found is None or not session.get("allow_promotion_codes"):
        raise invalid("This code is invalid.", param="promotion_code")
    wanted = [{"promotion_code": found["id"]}]
    invoice = quote(account, {**session, "_discounts": wanted})
    session["_discounts"] = wanted
    session |= {"amount_subtotal": invoice["subtotal"], "amount_total": invoice["total"]}


def _customer_for(account: Account, session: Json, email: str) -> Json:
    if session["customer"]:
        return account.get("customer", session["customer"])
    return customer_create(account, {"email": session.get("customer_email") or email})


def _pay(account: Account, session: Json, customer: Json, method: Json | None, *, shown: bool) -> None:
    if session["mode"] == "setup":
        _set_up(account, session, customer, method, shown=shown)
    elif session["mode"] == "subscription":
        _subscribe(account, session, customer, method, shown=shown)
    else:
        _pay_once(account, session, customer, method, shown=shown)


def _asked(method: Json) -> StripeError:
    return StripeError(
        402,
        "card_error",
        "The bank wants to see the card's owner.",
        code="authentication_required",
        payment_method=method["id"],
    )


def _set_up(account: Account, session: Json, customer: Json, method: Json | None, *, shown: bool) -> None:
    if method is None:
        raise invalid("A card is needed.", param="payment_method")
    metadata = (session.get("_setup_intent_data") or {}).get("metadata") or {}
    intent = make_setup(account, customer["id"], usage="off_session", metadata=metadata)
    if confirm_setup(account, intent, {"payment_method": method["id"]}, shown=shown)["status"] == "requires_action":
        raise _asked(method)
    session |= {"setup_intent": intent["id"], "payment_status": "no_payment_required"}


def _subscribe(account: Account, session: Json, customer: Json, method: Json | None, *, shown: bool) -> None:
    if method is None and needs_card(session):
        raise invalid("A card is needed.", param="payment_method")
    if method is not None:
        if behaviour(method).asks != "never" and not shown:
            raise _asked(method)
        attach(account, method["id"], customer)
        method["_set_up"] = True
    given = session.get("_subscription_data") or {}
    params = {
        **given,
        "items": _recurring(session["_items"]),
        "discounts": session.get("_discounts"),
        "automatic_tax": session["automatic_tax"],
    }
    subscription = start(account, customer, params)
    subscription["default_payment_method"] = method["id"] if method else None
    begin(account, subscription, customer, behaviour="error_if_incomplete", params=params, paid_by=method)
    paid = account.get("invoice", subscription["latest_invoice"])["amount_due"] > 0
    session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    session["payment_status"] = "paid" if paid or subscription["status"] == "active" else "no_payment_required"


def _pay_once(account: Account, session: Json, customer: Json, method: Json | None, *, shown: bool) -> None:
    total = session["amount_total"]
    make_discounts(account, session.get("_discounts"), customer)
    if total == 0:
        session["payment_status"] = "no_payment_required"
        return
    if method is None:
        raise invalid("A card is needed.", param="payment_method")
    given = session.get("_payment_intent_data") or {}
    values = {name: given[name] for name in ("metadata", "description", "setup_future_usage") if name in given}
    intent = make_intent(account, total, session["currency"], customer["id"], **values)
    if charge_intent(account, intent, method, shown=shown, off_session=False)["status"] == "requires_action":
        raise _asked(method)
    session |= {"payment_intent": intent["id"], "payment_status": "paid"}


@worker("session_over")
def session_over(account: Account, target: str, at: int) -> None:
    session = account.find("checkout.session", target)
    if session and session["status"] == "open":
        expire(account, session)


def expire(account: Account, session: Json) -> Json:
    """The page sells nothing any more."""
    session |= {"status": "expired", "url": None}
    emit(account, "checkout.session.expired", session)
    return session


@route("POST", "/v1/checkout/sessions/{session}/expire")
def session_expire(account: Account, params: Json, session: str) -> Json:
    found = account.get("checkout.session", session, param="session")
    if found["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {found["status"]}.',
            param="session",
        )
    return expire(account, found)


@route("GET", "/v1/checkout/sessions")
def session_list(account: Account, params: Json) -> Json:
    wanted = {name: params[name] for name in ("customer", "status", "subscription", "payment_intent") if name in params}
    return listing(
        account,
        "checkout.session",
        params,
        "/v1/checkout/sessions",
        where=lambda one: all(one[k] == v for k, v in wanted.items()),
    )


@route("GET", "/v1/checkout/sessions/{session}")
def session_read(account: Account, params: Json, session: str) -> Json:
    return account.get("checkout.session", session, param="session")


@route("POST", "/v1/checkout/sessions/{session}")
def session_update(account: Account, params: Json, session: str) -> Json:
    found = account.get("checkout.session", session, param="session")
    merge_metadata(found, params)
    return found


@route("GET", "/v1/checkout/sessions/{session}/line_items")
def session_items(account: Account, params: Json, session: str) -> Json:
    found = account.get("checkout.session", session, param="session")
    rows = []
    for item in found["_items"]:
        amount = amount_of(item["price"], item["quantity"])
        rows.append(
            {
                "id": account.fresh_id("line_item"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": item["price"]["currency"],
                "quantity": item["quantity"],
                "price": item["price"],
                "metadata": {},
                "description": account.get("product", item["price"]["product"])["name"],
            }
        )
    return page(rows, params, f"/v1/checkout/sessions/{session}/line_items")
