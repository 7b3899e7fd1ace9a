"""Subscriptions: made, read and listed. What follows with time is in `cycles`, what their owner changes in
`changes`."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.blanks import blank
from sandbox.stripe.clock import DAY, HOUR
from sandbox.stripe.collecting import collect
from sandbox.stripe.coupons import make_discounts, mark_used
from sandbox.stripe.customers import living_customer
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import emit
from sandbox.stripe.invoices import draw_up, finalize, keep
from sandbox.stripe.items import item_of, read_items
from sandbox.stripe.lines import period_lines
from sandbox.stripe.periods import period_end
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]
TRIAL_NOTICE = 3 * DAY
GIVEN = ("collection_method", "days_until_due", "default_payment_method", "description", "trial_settings")


def bare(account: Account, customer: Json, params: Json) -> Json:
    """A subscription of which nothing has happened yet; not kept."""
    now = account.now(customer)
    made = blank("subscription") | {
        "id": account.fresh_id("subscription"),
        "created": now,
        "customer": customer["id"],
        "start_date": now,
        "billing_cycle_anchor": now,
        "metadata": params.get("metadata") or {},
        "test_clock": customer.get("test_clock"),
    }
    made |= {name: params[name] for name in GIVEN if params.get(name)}
    made["automatic_tax"]["enabled"] = bool((params.get("automatic_tax") or {}).get("enabled"))
    saves = (params.get("payment_settings") or {}).get("save_default_payment_method")
    made["payment_settings"]["save_default_payment_method"] = saves or "off"
    if (params.get("billing_mode") or {}).get("type") == "classic":
        made["billing_mode"] = {"type": "classic", "flexible": None}
    return made


def start(account: Account, customer: Json, params: Json) -> Json:
    """The subscription with its items, first period and trial, as it would begin now; not kept, nothing billed."""
    subscription = bare(account, customer, params)
    now = subscription["created"]
    chosen = read_items(account, params.get("items") or [])
    if not chosen:
        raise invalid("Missing required param: items.", param="items", code="parameter_missing")
    subscription["items"]["data"] = chosen
    subscription["currency"] = chosen[0]["price"]["currency"]
    subscription["discounts"] = make_discounts(
        account, params.get("discounts"), customer, subscription=subscription["id"]
    )
    trial_end = _trial_end(params, now)
    if trial_end:
        subscription |= {
            "status": "trialing",
            "trial_start": now,
            "trial_end": trial_end,
            "billing_cycle_anchor": trial_end,
        }
    elif anchor := params.get("billing_cycle_anchor"):
        subscription["billing_cycle_anchor"] = int(anchor)
    recurring = chosen[0]["price"]["recurring"]
    anchor = subscription["billing_cycle_anchor"]
    end = trial_end or (
        anchor if anchor > now else period_end(anchor, now, recurring["interval"], recurring["interval_count"])
    )
    for item in chosen:
        item |= {
            "subscription": subscription["id"],
            "current_period_start": now,
            "current_period_end": end,
            "_metered_since": trial_end or now,
        }
    return subscription


def _trial_end(params: Json, now: int) -> int | None:
    if days := params.get("trial_period_days"):
        return now + int(days) * DAY
    wanted = params.get("trial_end")
    if wanted in (None, "now", ""):
        return None
    if int(str(wanted)) <= now:
        raise invalid("The trial_end timestamp must be in the future.", param="trial_end")
    return int(str(wanted))


@route("POST", "/v1/subscriptions")
def subscription_create(account: Account, params: Json) -> Json:
    customer = living_customer(account, params.get("customer"))
    if method := params.get("default_payment_method"):
        account.get("payment_method", method, param="default_payment_method")
    subscription = start(account, customer, params)
    return begin(
        account, subscription, customer, behaviour=params.get("payment_behavior", "allow_incomplete"), params=params
    )


def begin(
    account: Account, subscription: Json, customer: Json, *, behaviour: str, params: Json, paid_by: Json | None = None
) -> Json:
    """Keep the subscription, bill its first period and ask the card. Raises the card's refusal for
    `error_if_incomplete`."""
    items = subscription["items"]["data"]
    begins, ends = items[0]["current_period_start"], items[0]["current_period_end"]
    lines = period_lines(account, subscription, begins, ends, free=subscription["status"] == "trialing")
    invoice = _first_invoice(account, subscription, customer, lines)
    account.objects["subscription"][subscription["id"]] = subscription
    record_billed(subscription, lines)
    if subscription["status"] != "trialing":
        mark_used(account, subscription["discounts"])
    subscription["latest_invoice"] = invoice["id"]
    _set_cancel_at(subscription, params)
    first = behaviour == "default_incomplete" and invoice["amount_due"] > 0
    if first:
        emit(account, "customer.subscription.created", subscription)
    keep(account, invoice, finalize_after=None)
    finalize(account, invoice)
    asked = invoice["status"] == "open" and subscription["collection_method"] == "charge_automatically"
    refused = _try_to_collect(account, invoice, paid_by) if asked and behaviour != "default_incomplete" else None
    if refused and behaviour == "error_if_incomplete":
        _forget(account, subscription, invoice)
        raise refused
    _after_first(account, subscription, customer, invoice)
    if not first:
        emit(account, "customer.subscription.created", subscription)
    return subscription


def _first_invoice(account: Account, subscription: Json, customer: Json, lines: list[Json]) -> Json:
    """Not kept. Raises where tax is to be worked out and nobody knows where the customer is."""
    invoice = draw_up(
        account,
        customer,
        lines,
        "subscription_create",
        currency=subscription["currency"],
        subscription=subscription,
        discounts=subscription["discounts"],
    )
    if subscription["automatic_tax"]["enabled"] and invoice["automatic_tax"]["status"] == "requires_location_inputs":
        raise invalid(
            "The customer's location isn't recognized. Set a valid customer address to calculate tax automatically.",
            code="customer_tax_location_invalid",
            param="automatic_tax",
        )
    return invoice


def _try_to_collect(account: Account, invoice: Json, method: Json | None) -> StripeError | None:
    try:
        collect(account, invoice, method=method, shown=method is not None)
    except StripeError as error:
        return error
    return None


def _forget(account: Account, subscription: Json, invoice: Json) -> None:
    del account.objects["subscription"][subscription["id"]], account.objects["invoice"][invoice["id"]]


def _set_cancel_at(subscription: Json, params: Json) -> None:
    if params.get("cancel_at_period_end"):
        subscription |= {
            "cancel_at_period_end": True,
            "cancel_at": subscription["items"]["data"][0]["current_period_end"],
        }
    elif str(params.get("cancel_at", "")).isdigit():
        subscription["cancel_at"] = int(params["cancel_at"])


def _after_first(account: Account, subscription: Json, customer: Json, invoice: Json) -> None:
    """The status that the first invoice leaves, and what is due later."""
    from_now = account.clock_of(customer)
    item = subscription["items"]["data"][0]
    if subscription["status"] == "trialing":
        from_now.plan(
            max(subscription["trial_end"] - TRIAL_NOTICE, from_now.now()), "trial_will_end", subscription["id"]
        )
    elif invoice["status"] == "open" and subscription["collection_method"] == "charge_automatically":
        from_now.plan(subscription["created"] + 23 * HOUR, "incomplete_over", subscription["id"])
    else:
        subscription["status"] = "active"
    plan_renewal(account, subscription, item["current_period_end"])
    if subscription["cancel_at"]:
        from_now.plan(subscription["cancel_at"], "cancel_at", subscription["id"])


def plan_renewal(account: Account, subscription: Json, at: int) -> None:
    """The period ends then; a week before, the next invoice is announced."""
    clock = account.clock_of(account.customer_of(subscription))
    subscription["_renews_at"] = at
    if at - 7 * DAY > clock.now():
        clock.plan(at - 7 * DAY, "upcoming", subscription["id"])
    clock.plan(at, "renew", subscription["id"])


def record_billed(subscription: Json, lines: list[Json]) -> None:
    """Remember for each item what its running period was billed at, so that a change credits a share of that."""
    for line in lines:
        details = line["parent"].get("subscription_item_details")
        item = details and item_of(subscription, details["subscription_item"])
        if item and line["amount"] >= 0 and item["price"]["recurring"]["usage_type"] == "licensed":
            net = line["amount"] - sum(one["amount"] for one in line["discount_amounts"])
            item["_billed"] = {"amount": net, "start": line["period"]["start"], "end": line["period"]["end"]}


@route("GET", "/v1/subscriptions")
def subscription_list(account: Account, params: Json) -> Json:
    """Without a status: all that haven't ended."""
    status = params.get("status")
    over = ("canceled", "incomplete_expired")

    def fits(one: Json) -> bool:
        right = one["status"] not in ("canceled",) if status is None else status == "all" or one["status"] == status
        ended = status == "ended" and one["status"] in over
        prices = {item["price"]["id"] for item in one["items"]["data"]}
        return (
            (right or ended)
            and params.get("customer") in (None, one["customer"])
            and params.get("price") in (None, *prices)
        )

    return listing(account, "subscription", params, "/v1/subscriptions", where=fits)


@route("GET", "/v1/subscriptions/{subscription_exposed_id}")
def subscription_read(account: Account, params: Json, subscription_exposed_id: str) -> Json:
    return account.get("subscription", subscription_exposed_id)
