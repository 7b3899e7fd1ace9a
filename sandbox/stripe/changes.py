"""What its owner changes of a subscription: plan, quantity, discounts, trial, pause, leaving; and what that would
cost first."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.clock import HOUR
from sandbox.stripe.collecting import collect
from sandbox.stripe.coupons import make_discounts, mark_used
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.cycles import OVER, bill_period, lasting_discounts, leave_trial, new_period, running
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.invoices import ON_PAID, draw_up, finalize, keep, subscription_of, void
from sandbox.stripe.items import merged_items
from sandbox.stripe.lines import metered_left, period_lines, proration_lines
from sandbox.stripe.pending import add_pending, take_pending
from sandbox.stripe.periods import period_end
from sandbox.stripe.routing import route
from sandbox.stripe.subscriptions import plan_renewal, record_billed
from sandbox.stripe.work import worker

Json = dict[str, Any]
PLAIN = ("description", "default_payment_method", "collection_method", "days_until_due")
AFTER_THE_END = frozenset({"metadata", "cancellation_details", "expand"})


@route("POST", "/v1/subscriptions/{subscription_exposed_id}")
def subscription_update(account: Account, params: Json, subscription_exposed_id: str) -> Json:
    subscription = account.get("subscription", subscription_exposed_id)
    if subscription["status"] in OVER and set(params) - AFTER_THE_END:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="subscription_canceled",
        )
    before = copy.deepcopy(subscription)
    _set_plain(account, subscription, params)
    _set_leaving(account, subscription, params)
    _set_pause(account, subscription, params)
    if "discounts" in params:
        subscription["discounts"] = make_discounts(
            account, params["discounts"] or [], account.customer_of(subscription), subscription=subscription["id"]
        )
    _set_trial(account, subscription, params)
    if "items" in params or params.get("billing_cycle_anchor") == "now":
        _change(account, subscription, params, before)
    changed(account, "customer.subscription.updated", subscription, before)
    return subscription


def _set_plain(account: Account, subscription: Json, params: Json) -> None:
    merge_metadata(subscription, params)
    if method := params.get("default_payment_method"):
        account.get("payment_method", method, param="default_payment_method")
    for name in PLAIN:
        if name in params:
            subscription[name] = params[name] if params[name] != "" else None
    for name, value in (params.get("cancellation_details") or {}).items():
        subscription["cancellation_details"][name] = value or None
    if "trial_settings" in params:
        subscription["trial_settings"] = params["trial_settings"]
    if "automatic_tax" in params:
        subscription["automatic_tax"]["enabled"] = params["automatic_tax"]["enabled"]
    if "payment_settings" in params:
        subscription["payment_settings"] |= params["payment_settings"]


def _set_leaving(account: Account, subscription: Json, params: Json) -> None:
    """`cancel_at_period_end` and `cancel_at` are two ways to say it; each way of taking it back takes both back."""
    if "cancel_at_period_end" not in params and "cancel_at" not in params:
        return
    customer = account.customer_of(subscription)
    if subscription["schedule"]:
        raise invalid(
            "The subscription is managed by the subscription schedule, release it first.", param="cancel_at_period_end"
        )
    end = subscription["items"]["data"][0]["current_period_end"]
    if params.get("cancel_at_period_end"):
        wanted, flag = end, True
    elif params.get("cancel_at") in ("min_period_end", "max_period_end"):
        wanted, flag = end, False
    elif params.get("cancel_at"):
        wanted, flag = int(params["cancel_at"]), False
    else:
        subscription |= {"cancel_at_period_end": False, "cancel_at": None, "canceled_at": None}
        subscription["cancellation_details"]["reason"] = None
        return
    if wanted <= account.now(customer):
        raise invalid("cancel_at must be in the future.", param="cancel_at")
    subscription |= {"cancel_at_period_end": flag, "cancel_at": wanted, "canceled_at": account.now(customer)}
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
    account.clock_of(customer).plan(wanted, "cancel_at", subscription["id"])


def _set_pause(account: Account, subscription: Json, params: Json) -> None:
    if "pause_collection" not in params:
        return
    given = params["pause_collection"]
    if given == "":
        subscription["pause_collection"] = None
        return
    if subscription["schedule"]:
        raise invalid(
            "The subscription is managed by the subscription schedule, release it first.", param="pause_collection"
        )
    until = given.get("resumes_at")
    if until is not None and int(until) <= account.now(account.customer_of(subscription)):
        raise invalid("resumes_at must be in the future.", param="pause_collection[resumes_at]")
    subscription["pause_collection"] = {"behavior": given["behavior"], "resumes_at": until}
    if until is not None:
        account.clock_of(account.customer_of(subscription)).plan(int(until), "resume", subscription["id"])


def _set_trial(account: Account, subscription: Json, params: Json) -> None:
    """A trial that ends now bills now; one that ends later moves the period's end."""
    if "trial_end" not in params:
        return
    customer, before = account.customer_of(subscription), copy.deepcopy(subscription)
    now = account.now(customer)
    if params["trial_end"] == "now":
        if subscription["status"] != "trialing":
            return
        subscription["trial_end"] = now
        if not leave_trial(account, subscription, before):
            return
        subscription["billing_cycle_anchor"] = now
        new_period(account, subscription, now)
        invoice = bill_period(account, subscription, before, "subscription_update")
        _settle(account, subscription, invoice, params, before)
        return
    until = int(params["trial_end"])
    if until <= now:
        raise invalid("The trial_end timestamp must be in the future.", param="trial_end")
    subscription |= {
        "status": "trialing",
        "trial_start": subscription["trial_start"] or now,
        "trial_end": until,
        "billing_cycle_anchor": until,
    }
    for item in subscription["items"]["data"]:
        item["current_period_end"] = until
    plan_renewal(account, subscription, until)


def changed_lines(
    account: Account, subscription: Json, items: list[Json], at: int, *, restarts: bool, prorate: bool
) -> list[Json]:
    """Credits and charges of this change; where the period restarts, the new period's whole price too."""
    old = subscription["items"]["data"]
    if subscription["status"] == "trialing":
        return []
    lines = proration_lines(account, subscription, old, items, at, restarts=restarts) if prorate else []
    now = account.now(account.customer_of(subscription))
    lines += metered_left(account, subscription, items, now) if prorate else []
    if restarts:
        fresh = {**subscription, "items": {**subscription["items"], "data": items}}
        recurring = items[0]["price"]["recurring"]
        lines += period_lines(
            account, fresh, at, period_end(at, at, recurring["interval"], recurring["interval_count"])
        )
    return lines


def is_restart(subscription: Json, items: list[Json], params: Json) -> bool:
    """A change of interval begins a new period, as does asking for it; not in a trial."""
    recurring, was = items[0]["price"]["recurring"], subscription["items"]["data"][0]["price"]["recurring"]
    interval = (recurring["interval"], recurring["interval_count"]) != (was["interval"], was["interval_count"])
    return subscription["status"] != "trialing" and (interval or params.get("billing_cycle_anchor") == "now")


def prospective(account: Account, subscription: Json, params: Json) -> tuple[list[Json], list[Json], bool, str]:
    """The items after the change, the lines of it, whether the period restarts, and how it is prorated."""
    items = merged_items(account, subscription, params.get("items") or [])
    period = subscription["items"]["data"][0]
    priced = {item["id"]: item["price"]["id"] for item in subscription["items"]["data"]}
    for item in items:
        if not item["current_period_end"]:
            item |= {name: period[name] for name in ("current_period_start", "current_period_end")}
        if priced.get(item["id"]) != item["price"]["id"]:
            item["_metered_since"] = account.now(account.customer_of(subscription))
    at = int(params.get("proration_date") or account.now(account.customer_of(subscription)))
    if not period["current_period_start"] <= at <= period["current_period_end"]:
        raise invalid("Invalid proration_date; it must be within the current period.", param="proration_date")
    restarts = is_restart(subscription, items, params)
    if restarts and "proration_date" in params and params.get("billing_cycle_anchor") == "now":
        raise invalid("You cannot pass `proration_date` when `billing_cycle_anchor` is `now`.", param="proration_date")
    how = params.get("proration_behavior", "create_prorations")
    lines = changed_lines(account, subscription, items, at, restarts=restarts, prorate=how != "none")
    return items, lines, restarts, how


def _change(account: Account, subscription: Json, params: Json, before: Json) -> None:
    """Bill the change now or with the next invoice, and make it; or keep it pending until it is paid."""
    if subscription["pending_update"]:
        raise invalid(
            "This subscription has a pending update; pay or void its invoice first.", code="subscription_pending_update"
        )
    items, lines, restarts, how = prospective(account, subscription, params)
    customer = account.customer_of(subscription)
    if not (restarts or how == "always_invoice"):
        _take_on(account, subscription, items, restarts=False)
        add_pending(account, customer, subscription, lines)
        record_billed(subscription, lines)
        return
    lines = lines + take_pending(account, customer, subscription)
    if not lines:
        _take_on(account, subscription, items, restarts=restarts)
        return
    discounts = lasting_discounts(account, subscription, account.now(customer))
    invoice = draw_up(
        account,
        customer,
        lines,
        "subscription_update",
        currency=subscription["currency"],
        subscription=subscription,
        discounts=discounts,
    )
    mark_used(account, discounts)
    subscription["latest_invoice"] = invoice["id"]
    if params.get("payment_behavior") == "pending_if_incomplete":
        invoice["_brings"] = {"items": items, "restarts": restarts}
    else:
        _take_on(account, subscription, items, restarts=restarts)
        record_billed(subscription, lines)
    keep(account, invoice, finalize_after=None)
    _settle(account, subscription, invoice, params, before)


def _take_on(account: Account, subscription: Json, items: list[Json], *, restarts: bool) -> None:
    subscription["items"]["data"] = items
    if restarts:
        now = account.now(account.customer_of(subscription))
        subscription["billing_cycle_anchor"] = now
        new_period(account, subscription, now)


def _settle(account: Account, subscription: Json, invoice: Json, params: Json, before: Json) -> None:
    """Ask for the money now. Raises the card's refusal for `error_if_incomplete`, with everything as it was."""
    finalize(account, invoice)
    if invoice["status"] != "open" or subscription["collection_method"] == "send_invoice":
        return
    how = params.get("payment_behavior", "allow_incomplete")
    if how == "default_incomplete":
        return
    try:
        collect(account, invoice)
    except StripeError:
        if how == "pending_if_incomplete":
            _keep_pending(account, subscription, invoice)
        if how == "error_if_incomplete":
            void(account, invoice)
            subscription.clear()
            subscription |= before
            raise


def _keep_pending(account: Account, subscription: Json, invoice: Json) -> None:
    until = account.now(account.customer_of(subscription)) + 23 * HOUR
    subscription["pending_update"] = {
        "expires_at": until,
        "subscription_items": copy.deepcopy(invoice["_brings"]["items"]),
        "billing_cycle_anchor": None,
        "trial_end": None,
        "trial_from_plan": None,
        "discount": None,
        "discounts": None,
        "metadata": None,
    }
    account.clock_of(account.customer_of(subscription)).plan(until, "pending_over", invoice["id"])


def pending_effects(account: Account, invoice: Json) -> None:
    """The change that waited for this money is made."""
    subscription = subscription_of(account, invoice)
    brings = invoice.pop("_brings", None)
    if subscription is None or brings is None:
        return
    before = copy.deepcopy(subscription)
    waited = subscription["pending_update"] is not None
    _take_on(account, subscription, brings["items"], restarts=brings["restarts"])
    record_billed(subscription, invoice["lines"]["data"])
    subscription["pending_update"] = None
    if waited:
        changed(account, "customer.subscription.updated", subscription, before)
        emit(account, "customer.subscription.pending_update_applied", subscription)


ON_PAID.append(pending_effects)


@worker("pending_over")
def pending_over(account: Account, target: str, at: int) -> None:
    """Nobody paid for the change in 23 hours: it isn't made, and its invoice is void."""
    invoice = account.find("invoice", target)
    if invoice is None or invoice["status"] != "open":
        return
    invoice.pop("_brings", None)
    void(account, invoice)
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    subscription = running(account, str(details.get("subscription")))
    if subscription:
        subscription["pending_update"] = None
        emit(account, "customer.subscription.pending_update_expired", subscription)
