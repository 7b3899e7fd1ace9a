"""Invoices over the API, and previews."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.cards import find_method
from sandbox.stripe.changes import prospective
from sandbox.stripe.collecting import collect
from sandbox.stripe.coupons import make_discounts
from sandbox.stripe.customers import living_customer, merge_metadata
from sandbox.stripe.cycles import lasting_discounts, next_invoice
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.invoices import add_up, draw_up, finalize, give_up, keep, mark_paid, void
from sandbox.stripe.lines import period_lines
from sandbox.stripe.pending import take_pending
from sandbox.stripe.routing import listing, page, route
from sandbox.stripe.schedules import phase_items
from sandbox.stripe.subscriptions import start

Json = dict[str, Any]


@route("GET", "/v1/invoices")
def invoice_list(account: Account, params: Json) -> Json:
    def fits(one: Json) -> bool:
        subscription = ((one["parent"] or {}).get("subscription_details") or {}).get("subscription")
        wanted = [("customer", one["customer"]), ("status", one["status"]), ("subscription", subscription)]
        return all(params.get(name) in (None, value) for name, value in wanted)

    return listing(account, "invoice", params, "/v1/invoices", where=fits)


@route("POST", "/v1/invoices")
def invoice_create(account: Account, params: Json) -> Json:
    """Over what waits for the customer; `pending_invoice_items_behavior` says whether it does."""
    customer = living_customer(account, params.get("customer"))
    include = params.get("pending_invoice_items_behavior", "include") == "include"
    lines = take_pending(account, customer, None) if include else []
    currency = lines[0]["currency"] if lines else str(params.get("currency", account.settings["currency"]))
    invoice = draw_up(
        account,
        customer,
        lines,
        "manual",
        currency=currency,
        discounts=make_discounts(account, params.get("discounts"), customer),
    )
    merge_metadata(invoice, params)
    invoice |= {
        "auto_advance": params.get("auto_advance", False),
        "description": params.get("description"),
        "collection_method": params.get("collection_method", "charge_automatically"),
    }
    return keep(account, invoice, finalize_after=3600 if invoice["auto_advance"] else None)


@route("GET", "/v1/invoices/{invoice}")
def invoice_read(account: Account, params: Json, invoice: str) -> Json:
    return account.get("invoice", invoice, param="invoice")


@route("GET", "/v1/invoices/{invoice}/lines")
def invoice_lines(account: Account, params: Json, invoice: str) -> Json:
    return page(account.get("invoice", invoice)["lines"]["data"], params, f"/v1/invoices/{invoice}/lines")


@route("POST", "/v1/invoices/{invoice}")
def invoice_update(account: Account, params: Json, invoice: str) -> Json:
    found = account.get("invoice", invoice, param="invoice")
    before = copy.deepcopy(found)
    merge_metadata(found, params)
    for name in ("description", "auto_advance", "default_payment_method", "footer"):
        if name in params:
            found[name] = params[name] if params[name] != "" else None
    if "discounts" in params and found["status"] == "draft":
        found["discounts"] = make_discounts(account, params["discounts"] or [], account.customer_of(found))
        add_up(account, found, account.customer_of(found))
    changed(account, "invoice.updated", found, before)
    return found


@route("DELETE", "/v1/invoices/{invoice}")
def invoice_delete(account: Account, params: Json, invoice: str) -> Json:
    found = account.get("invoice", invoice, param="invoice")
    if found["status"] != "draft" or found["parent"]:
        raise invalid("You can only delete draft invoices that aren't a subscription's.", code="invoice_not_editable")
    del account.objects["invoice"][invoice]
    emit(account, "invoice.deleted", found)
    return {"id": invoice, "object": "invoice", "deleted": True}


@route("POST", "/v1/invoices/{invoice}/finalize")
def invoice_finalize(account: Account, params: Json, invoice: str) -> Json:
    return finalize(account, account.get("invoice", invoice, param="invoice"))


@route("POST", "/v1/invoices/{invoice}/pay")
def invoice_pay(account: Account, params: Json, invoice: str) -> Json:
    """By the named card or the usual one. `paid_out_of_band`: it was settled elsewhere."""
    found = account.get("invoice", invoice, param="invoice")
    if found["status"] == "draft":
        finalize(account, found)
    if found["status"] == "paid" and found["amount_due"] == 0:
        return found
    if params.get("paid_out_of_band"):
        mark_paid(account, found)
        return found
    method = find_method(account, params["payment_method"]) if params.get("payment_method") else None
    collect(account, found, method=method, shown=params.get("off_session") is False and method is not None)
    return found


@route("POST", "/v1/invoices/{invoice}/void")
def invoice_void(account: Account, params: Json, invoice: str) -> Json:
    return void(account, account.get("invoice", invoice, param="invoice"))


@route("POST", "/v1/invoices/{invoice}/mark_uncollectible")
def invoice_give_up(account: Account, params: Json, invoice: str) -> Json:
    return give_up(account, account.get("invoice", invoice, param="invoice"))


@route("POST", "/v1/invoices/{invoice}/send")
def invoice_send(account: Account, params: Json, invoice: str) -> Json:
    found = account.get("invoice", invoice, param="invoice")
    if found["status"] == "draft":
        finalize(account, found)
    emit(account, "invoice.sent", found)
    return found


@route("GET", "/v1/invoice_payments")
def invoice_payments(account: Account, params: Json) -> Json:
    def fits(one: Json) -> bool:
        wanted = (params.get("payment") or {}).get("payment_intent")
        return params.get("invoice") in (None, one["invoice"]) and wanted in (None, one["payment"]["payment_intent"])

    return listing(account, "invoice_payment", params, "/v1/invoice_payments", where=fits)


@route("POST", "/v1/invoices/create_preview")
def invoice_preview(account: Account, params: Json) -> Json:
    """The next invoice: as things stand, after a change, or of a subscription that isn't there yet. Keeps nothing."""
    details = params.get("subscription_details") or {}
    if name := params.get("schedule"):
        return _of_a_schedule(account, account.get("subscription_schedule", name, param="schedule"))
    if name := params.get("subscription"):
        subscription = account.get("subscription", name, param="subscription")
        if subscription["status"] in ("canceled", "incomplete_expired") or _leaves(subscription, details):
            raise invalid("No upcoming invoices for this subscription.", code="invoice_upcoming_none", status=404)
        if details.get("resume_at") == "now":
            return _when_resumed(account, subscription)
        keys = account.objects["subscription_item"].copy()
        invoice = (
            _after_change(account, subscription, params, details)
            if "items" in details or details.get("billing_cycle_anchor") == "now"
            else _as_it_stands(account, subscription, params)
        )
        account.objects["subscription_item"] = keys
        return invoice
    if not details.get("items"):
        raise invalid(
            "You must pass `subscription`, `schedule`, or `subscription_details[items]`.",
            code="parameter_missing",
            param="subscription",
        )
    return _of_a_new_one(account, params, details)


def _of_a_schedule(account: Account, schedule: Json) -> Json:
    """The next invoice with the phase that begins by then. Keeps nothing."""
    subscription = copy.deepcopy(account.get("subscription", str(schedule["subscription"]), param="schedule"))
    at, keys = subscription["_renews_at"], account.objects["subscription_item"].copy()
    phase = next((one for one in schedule["phases"] if one["start_date"] <= at < one["end_date"]), None)
    if phase is not None:
        subscription["items"]["data"] = phase_items(account, subscription, phase)
    account.objects["subscription_item"] = keys
    return next_invoice(account, subscription)


def _when_resumed(account: Account, subscription: Json) -> Json:
    """Of one that is paused since its trial ended without a card: its new period begins now."""
    now = account.now(account.customer_of(subscription))
    return next_invoice(account, {**copy.deepcopy(subscription), "billing_cycle_anchor": now, "_renews_at": now})


def _leaves(subscription: Json, details: Json) -> bool:
    stays = details.get("cancel_at_period_end") is False or details.get("cancel_at") == ""
    return bool(subscription["cancel_at_period_end"]) and not stays and "items" not in details


def _as_it_stands(account: Account, subscription: Json, params: Json) -> Json:
    invoice = next_invoice(account, subscription)
    if "discounts" in params:
        invoice["discounts"] = _discounts_for_now(account, params["discounts"], account.customer_of(subscription))
        add_up(account, invoice, account.customer_of(subscription))
    return invoice


def _discounts_for_now(account: Account, given: Any, customer: Json) -> list[str]:
    """Discounts for a look only: what makes them counts nobody's use."""
    coupons = copy.deepcopy(account.objects["coupon"]), copy.deepcopy(account.objects["promotion_code"])
    made = make_discounts(account, given or [], customer)
    account.objects["coupon"], account.objects["promotion_code"] = coupons
    return made


def _after_change(account: Account, subscription: Json, params: Json, details: Json) -> Json:
    customer = account.customer_of(subscription)
    items, lines, restarts, how = prospective(account, copy.deepcopy(subscription), details)
    now = account.now(customer)
    at_once = restarts or how == "always_invoice"
    discounts = (
        _discounts_for_now(account, params["discounts"], customer)
        if "discounts" in params
        else lasting_discounts(account, subscription, now if at_once else subscription["_renews_at"])
    )
    if not at_once:
        after = {**copy.deepcopy(subscription), "items": {**subscription["items"], "data": items}}
        following = next_invoice(account, after)
        lines = lines + following["lines"]["data"]
    else:
        lines = lines + take_pending(account, customer, subscription, keep=True)
    invoice = draw_up(
        account,
        customer,
        lines,
        "subscription_update" if at_once else "upcoming",
        currency=subscription["currency"],
        subscription=subscription,
        discounts=discounts,
        identifier=f"upcoming_in_{subscription['id'][4:]}",
    )
    invoice["parent"]["subscription_details"]["subscription_proration_date"] = int(details.get("proration_date") or now)
    return invoice


def _of_a_new_one(account: Account, params: Json, details: Json) -> Json:
    customer = (
        living_customer(account, params["customer"])
        if params.get("customer")
        else {
            "id": "cus_preview",
            "balance": 0,
            "address": (params.get("customer_details") or {}).get("address"),
            "tax_exempt": "none",
        }
    )
    wanted = {key: value for key, value in details.items() if key not in ("proration_behavior", "proration_date")}
    discounts = _discounts_for_now(account, params.get("discounts"), customer)
    subscription = start(account, customer, {**wanted, "automatic_tax": params.get("automatic_tax")})
    item = subscription["items"]["data"][0]
    lines = period_lines(
        account,
        subscription,
        item["current_period_start"],
        item["current_period_end"],
        free=subscription["status"] == "trialing",
    )
    return draw_up(
        account,
        customer,
        lines,
        "subscription_create",
        currency=subscription["currency"],
        subscription=subscription,
        discounts=discounts,
        identifier="upcoming_in_new",
    )
