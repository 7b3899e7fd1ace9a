"""Subscription schedules: what a subscription becomes later, phase by phase."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.coupons import make_discounts
from sandbox.stripe.cycles import OVER, end_now, running
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.items import make_item
from sandbox.stripe.lines import metered_left
from sandbox.stripe.pending import add_pending
from sandbox.stripe.periods import after_months
from sandbox.stripe.routing import listing, route
from sandbox.stripe.subscriptions import subscription_create
from sandbox.stripe.work import worker

Json = dict[str, Any]
STEPS = {"day": 86400, "week": 7 * 86400}


@route("POST", "/v1/subscription_schedules")
def schedule_create(account: Account, params: Json) -> Json:
    """From a subscription that runs, or of phases that start now or later."""
    if name := params.get("from_subscription"):
        subscription = account.get("subscription", name, param="from_subscription")
        if subscription["status"] in OVER:
            raise invalid("The subscription is canceled.", param="from_subscription")
        if subscription["schedule"]:
            raise invalid(
                "You cannot migrate a subscription that is already attached to a schedule.", param="from_subscription"
            )
        if subscription["cancel_at"]:
            raise invalid("You cannot migrate a subscription that is set to cancel.", param="from_subscription")
        schedule = _make(account, subscription["customer"], params, [_phase_now(subscription)])
        schedule |= {"status": "active", "subscription": subscription["id"]}
        subscription["schedule"] = schedule["id"]
        _set_current(schedule)
    else:
        schedule = _of_phases(account, params)
    emit(account, "subscription_schedule.created", schedule)
    return schedule


def _make(account: Account, customer: str, params: Json, phases: list[Json]) -> Json:
    return account.add(
        "subscription_schedule",
        {
            "customer": customer,
            "billing_mode": {"type": "flexible", "flexible": None},
            "current_phase": None,
            "default_settings": {
                "billing_cycle_anchor": "automatic",
                "collection_method": "charge_automatically",
                "invoice_settings": {"issuer": {"type": "self"}},
                "default_payment_method": None,
            },
            "end_behavior": params.get("end_behavior", "release"),
            "metadata": params.get("metadata") or {},
            "phases": phases,
            "status": "not_started",
            "subscription": None,
            "released_subscription": None,
            "canceled_at": None,
            "completed_at": None,
            "released_at": None,
            "test_clock": account.objects["customer"].get(customer, {}).get("test_clock"),
        },
        at=account.now(account.find("customer", customer)),
    )


def _phase(start: int, end: int, items: list[Json], given: Json, currency: str) -> Json:
    return {
        "add_invoice_items": [],
        "currency": currency,
        "discounts": [
            dict.fromkeys(("coupon", "discount", "promotion_code")) | one for one in given.get("discounts") or []
        ],
        "items": items,
        "metadata": given.get("metadata") or {},
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "end_date": end,
        "default_tax_rates": [],
        "trial_end": given.get("trial_end"),
        "default_payment_method": given.get("default_payment_method"),
    }


def _phase_item(price: str, quantity: int | None) -> Json:
    item: Json = {"price": price, "discounts": [], "metadata": {}, "tax_rates": [], "billing_thresholds": None}
    return item if quantity is None else {**item, "quantity": quantity}


def _phase_now(subscription: Json) -> Json:
    item = subscription["items"]["data"][0]
    items = [_phase_item(one["price"]["id"], one.get("quantity")) for one in subscription["items"]["data"]]
    given = {
        "discounts": [{"discount": name} for name in subscription["discounts"]],
        "trial_end": subscription["trial_end"] if subscription["status"] == "trialing" else None,
    }
    return _phase(item["current_period_start"], item["current_period_end"], items, given, subscription["currency"])


def _of_phases(account: Account, params: Json) -> Json:
    customer = account.get("customer", params.get("customer"), param="customer")
    start = params.get("start_date", "now")
    begins = account.now(customer) if start == "now" else int(start)
    phases = _read_phases(account, params.get("phases") or [], begins)
    schedule = _make(account, customer["id"], params, phases)
    account.clock_of(customer).plan(begins, "phase", schedule["id"])
    return schedule


def _read_phases(account: Account, given: list[Json], begins: int) -> list[Json]:
    phases: list[Json] = []
    for place, one in enumerate(given):
        start = phases[-1]["end_date"] if phases else _moment(one.get("start_date"), begins)
        items = []
        for number, item in enumerate(one.get("items") or []):
            price = account.get("price", item.get("price"), param=f"phases[{place}][items][{number}][price]")
            licensed = price["recurring"]["usage_type"] == "licensed"
            items.append(_phase_item(price["id"], int(item.get("quantity", 1)) if licensed else None))
        if not items:
            raise invalid("A phase needs items.", param=f"phases[{place}][items]", code="parameter_missing")
        currency = account.get("price", items[0]["price"])["currency"]
        end = _end(account, one, start, items)
        if end <= start:
            raise invalid("A phase must end after it starts.", param=f"phases[{place}][end_date]")
        phases.append(_phase(start, end, items, one, currency))
    return phases


def _moment(given: Any, otherwise: int) -> int:
    return int(given) if str(given or "").isdigit() else otherwise


def _end(account: Account, given: Json, start: int, items: list[Json]) -> int:
    if "end_date" in given:
        return int(given["end_date"])
    duration = given.get("duration")
    if duration is None:
        duration = account.get("price", items[0]["price"])["recurring"]
    count = int(duration.get("interval_count", 1))
    if duration["interval"] in STEPS:
        return start + STEPS[duration["interval"]] * count
    return after_months(start, count * (12 if duration["interval"] == "year" else 1))


def _set_current(schedule: Json) -> None:
    phase = schedule["phases"][0]
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}


@route("GET", "/v1/subscription_schedules")
def schedule_list(account: Account, params: Json) -> Json:
    return listing(
        account,
        "subscription_schedule",
        params,
        "/v1/subscription_schedules",
        where=lambda one: params.get("customer") in (None, one["customer"]),
    )


@route("GET", "/v1/subscription_schedules/{schedule}")
def schedule_read(account: Account, params: Json, schedule: str) -> Json:
    return account.get("subscription_schedule", schedule, param="schedule")


@route("POST", "/v1/subscription_schedules/{schedule}")
def schedule_update(account: Account, params: Json, schedule: str) -> Json:
    """New phases; the running one is named first and keeps its start."""
    found = _open(account, schedule)
    before = copy.deepcopy(found)
    if "phases" in params:
        begins = (found["current_phase"] or {}).get("start_date") or found["phases"][0]["start_date"]
        found["phases"] = _read_phases(account, params["phases"], begins)
        for phase in found["phases"]:
            account.clock_of(account.customer_of(found)).plan(phase["end_date"], "phase", found["id"])
        subscription = running(account, str(found["subscription"])) if found["subscription"] else None
        if subscription is not None:
            _discounted(account, subscription, found["phases"][0])
    found["end_behavior"] = params.get("end_behavior", found["end_behavior"])
    found["metadata"] |= params.get("metadata") or {}
    changed(account, "subscription_schedule.updated", found, before)
    return found


def _open(account: Account, name: str) -> Json:
    found = account.get("subscription_schedule", name, param="schedule")
    if found["status"] not in ("not_started", "active"):
        raise invalid(
            f"You cannot update a subscription schedule that is currently in the `{found['status']}` status.",
            param="schedule",
        )
    return found


@route("POST", "/v1/subscription_schedules/{schedule}/release")
def schedule_release(account: Account, params: Json, schedule: str) -> Json:
    """The subscription goes on as it is now."""
    return release(account, _open(account, schedule))


def release(account: Account, schedule: Json, status: str = "released") -> Json:
    """Let the subscription go."""
    now = account.now(account.customer_of(schedule))
    subscription = account.find("subscription", schedule["subscription"])
    schedule |= {"status": status, f"{status}_at": now, "current_phase": None}
    if status == "released":
        schedule |= {"released_subscription": schedule["subscription"], "subscription": None}
    emit(account, f"subscription_schedule.{status}", schedule)
    if subscription:
        before = copy.deepcopy(subscription)
        subscription["schedule"] = None
        changed(account, "customer.subscription.updated", subscription, before)
    return schedule


@route("POST", "/v1/subscription_schedules/{schedule}/cancel")
def schedule_cancel(account: Account, params: Json, schedule: str) -> Json:
    found = _open(account, schedule)
    subscription = running(account, str(found["subscription"]))
    if subscription:
        end_now(account, subscription, reason="cancellation_requested")
    found |= {"status": "canceled", "canceled_at": account.now(account.customer_of(found))}
    emit(account, "subscription_schedule.canceled", found)
    return found


@worker("phase")
def phase_due(account: Account, target: str, at: int) -> None:
    """A phase begins, or the last one is over."""
    schedule = account.find("subscription_schedule", target)
    if schedule is None or schedule["status"] not in ("not_started", "active"):
        return
    phase = next((one for one in schedule["phases"] if one["start_date"] == at), None)
    if phase is None:
        if schedule["phases"][-1]["end_date"] <= at:
            _last_is_over(account, schedule)
        return
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    subscription = running(account, str(schedule["subscription"])) if schedule["subscription"] else None
    if subscription is None and schedule["status"] == "not_started":
        items = [{"price": item["price"], "quantity": item.get("quantity", 1)} for item in phase["items"]]
        subscription = subscription_create(account, {"customer": schedule["customer"], "items": items})
        subscription["schedule"] = schedule["id"]
        schedule |= {"status": "active", "subscription": subscription["id"]}
    elif subscription is not None:
        _enter(account, subscription, phase)
    emit(account, "subscription_schedule.updated", schedule)


def _discounted(account: Account, subscription: Json, phase: Json) -> None:
    """A phase has the discounts that it names, and no others."""
    customer, named = account.customer_of(subscription), subscription["id"]
    subscription["discounts"] = make_discounts(account, phase["discounts"], customer, subscription=named)


def phase_items(account: Account, subscription: Json, phase: Json) -> list[Json]:
    """The subscription's items as the phase has them: its own, moved to the phase's prices."""
    old, fresh = subscription["items"]["data"], []
    for place, wanted in enumerate(phase["items"]):
        same = next((item for item in old if item["price"]["id"] == wanted["price"]), None)
        item = same or (old[place] if place < len(old) else make_item(account, wanted, "items"))
        if same is None:
            item["_metered_since"] = phase["start_date"]
        item |= {"price": account.get("price", wanted["price"]), "subscription": subscription["id"]}
        item |= {name: old[0][name] for name in ("current_period_start", "current_period_end")}
        if "quantity" in wanted:
            item["quantity"] = wanted["quantity"]
        fresh.append(item)
    return fresh


def _enter(account: Account, subscription: Json, phase: Json) -> None:
    """Take on the phase's items at the period's end, before the renewal of the same moment bills them."""
    before = copy.deepcopy(subscription)
    fresh = phase_items(account, subscription, phase)
    if phase["proration_behavior"] != "none":
        left = metered_left(account, before, fresh, phase["start_date"])
        add_pending(account, account.customer_of(subscription), subscription, left)
    interval = before["items"]["data"][0]["price"]["recurring"]["interval"]
    subscription["items"]["data"] = fresh
    _discounted(account, subscription, phase)
    if fresh[0]["price"]["recurring"]["interval"] != interval:
        subscription["billing_cycle_anchor"] = phase["start_date"]
    changed(account, "customer.subscription.updated", subscription, before)


def _last_is_over(account: Account, schedule: Json) -> None:
    subscription = running(account, str(schedule["subscription"]))
    if schedule["end_behavior"] == "cancel" and subscription:
        schedule |= {"status": "completed", "completed_at": account.now(account.customer_of(schedule))}
        subscription["schedule"] = None
        end_now(account, subscription, reason=None)
        emit(account, "subscription_schedule.completed", schedule)
        return
    release(account, schedule)
