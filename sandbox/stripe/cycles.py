"""What time does to a subscription: trials end, periods end, it is canceled, it resumes, it is given up."""

import copy
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.collecting import method_for, quietly_collect
from sandbox.stripe.coupons import mark_used
from sandbox.stripe.customers import living_customer
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import changed, emit
from sandbox.stripe.invoices import draw_up, finalize, keep, void
from sandbox.stripe.lines import metered_left, period_lines, proration_lines
from sandbox.stripe.pending import add_pending, take_pending
from sandbox.stripe.periods import period_end
from sandbox.stripe.routing import route
from sandbox.stripe.subscriptions import plan_renewal, record_billed
from sandbox.stripe.work import worker

Json = dict[str, Any]
OVER = ("canceled", "incomplete_expired")


def running(account: Account, target: str) -> Json | None:
    """The subscription, unless it is over."""
    found = account.find("subscription", target)
    return None if found is None or found["status"] in OVER else found


@worker("trial_will_end")
def trial_will_end(account: Account, target: str, at: int) -> None:
    subscription = running(account, target)
    if subscription and subscription["status"] == "trialing":
        emit(account, "customer.subscription.trial_will_end", subscription)


@worker("upcoming")
def announce(account: Account, target: str, at: int) -> None:
    """A week before: `invoice.upcoming`, whose invoice has no identifier since it isn't one yet."""
    subscription = running(account, target)
    if subscription is None or subscription["cancel_at_period_end"] or subscription["status"] == "paused":
        return
    invoice = next_invoice(account, subscription)
    invoice.pop("id")
    emit(account, "invoice.upcoming", invoice)


def next_invoice(account: Account, subscription: Json) -> Json:
    """What the next renewal would bring, as things stand; not kept."""
    start = subscription["_renews_at"]
    customer = account.customer_of(subscription)
    lines = period_lines(account, subscription, start, _next_end(subscription, start))
    lines += take_pending(account, customer, subscription, keep=True)
    return draw_up(
        account,
        customer,
        lines,
        "upcoming",
        currency=subscription["currency"],
        subscription=subscription,
        period=(subscription["items"]["data"][0]["current_period_start"], start),
        discounts=lasting_discounts(account, subscription, start),
        identifier=f"upcoming_in_{subscription['id'][4:]}",
    )


def _next_end(subscription: Json, start: int) -> int:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return period_end(subscription["billing_cycle_anchor"], start, recurring["interval"], recurring["interval_count"])


def lasting_discounts(account: Account, subscription: Json, at: int) -> list[str]:
    """The discounts that hold for an invoice of that moment: `once` is over after the first that it was used on."""
    lasting = []
    for name in subscription["discounts"] or account.customer_of(subscription).get("_discounts", []):
        discount = account.get("discount", name)
        used = discount["_coupon"]["duration"] == "once" and discount.get("_used")
        if not used and (discount["end"] is None or discount["end"] > at):
            lasting.append(name)
    return lasting


@worker("renew")
def renew(account: Account, target: str, at: int) -> None:
    """The period is over: the end, or the next one and its invoice."""
    subscription = running(account, target)
    if (
        subscription is None
        or subscription.get("_renews_at") != at
        or subscription["status"] in ("paused", "incomplete")
    ):
        return
    if subscription["cancel_at"] and subscription["cancel_at"] <= at:
        end_now(account, subscription, reason=subscription["cancellation_details"]["reason"], with_period=True)
        return
    before = copy.deepcopy(subscription)
    if subscription["status"] == "trialing" and not leave_trial(account, subscription, before):
        return
    new_period(account, subscription, at)
    bill_period(account, subscription, before, "subscription_cycle")


def leave_trial(account: Account, subscription: Json, before: Json) -> bool:
    """Whether it goes on after the trial."""
    subject = {
        "parent": {"subscription_details": {"subscription": subscription["id"]}},
        "customer": subscription["customer"],
    }
    has_card = method_for(account, subject) is not None
    without = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if has_card or without == "create_invoice" or subscription["collection_method"] == "send_invoice":
        subscription["status"] = "active"
        return True
    if without == "cancel":
        end_now(account, subscription, reason="payment_failed")
        return False
    subscription["status"] = "paused"
    changed(account, "customer.subscription.updated", subscription, before)
    emit(account, "customer.subscription.paused", subscription)
    return False


def new_period(account: Account, subscription: Json, at: int) -> None:
    """Every item's next period begins."""
    end = _next_end(subscription, at)
    for item in subscription["items"]["data"]:
        item |= {"current_period_start": at, "current_period_end": end}
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = end
    plan_renewal(account, subscription, end)


def bill_period(account: Account, subscription: Json, before: Json, reason: str) -> Json:
    """The invoice of the period that has just begun: a draft that finalizes itself in an hour."""
    customer = account.customer_of(subscription)
    item = subscription["items"]["data"][0]
    start, end = item["current_period_start"], item["current_period_end"]
    lines = period_lines(account, subscription, start, end) + take_pending(account, customer, subscription)
    for one in subscription["items"]["data"]:
        one["_metered_since"] = start
    discounts = lasting_discounts(account, subscription, start)
    invoice = draw_up(
        account,
        customer,
        lines,
        reason,
        currency=subscription["currency"],
        subscription=subscription,
        period=(before["items"]["data"][0]["current_period_start"], start),
        discounts=discounts,
    )
    mark_used(account, discounts)
    record_billed(subscription, lines)
    invoice["_paused"] = subscription["pause_collection"]
    if (invoice["_paused"] or {}).get("behavior") == "keep_as_draft" or subscription["status"] == "unpaid":
        invoice["auto_advance"] = False
    subscription["latest_invoice"] = invoice["id"]
    keep(account, invoice)
    changed(account, "customer.subscription.updated", subscription, before)
    return invoice


@worker("cancel_at")
def cancel_at(account: Account, target: str, at: int) -> None:
    subscription = running(account, target)
    if subscription and subscription["cancel_at"] == at:
        end_now(account, subscription, reason=subscription["cancellation_details"]["reason"])


@worker("end_unpaid")
def end_unpaid(account: Account, target: str, at: int) -> None:
    subscription = running(account, target)
    if subscription and subscription["status"] in ("past_due", "unpaid"):
        end_now(account, subscription, reason="payment_failed")


def end_now(
    account: Account, subscription: Json, *, reason: str | None, prorate: bool = False, invoice_now: bool = False,
    with_period: bool = False,
) -> Json:  # fmt: skip
    """It is canceled. Drafts stay drafts; what is open may still be paid, but isn't asked for any more. with_period:
    it ends with its period, so what was used in it is on a last invoice."""
    now = account.now(account.customer_of(subscription))
    items = subscription["items"]["data"]
    lines = proration_lines(account, subscription, items, [], now, restarts=False) if prorate else []
    used = metered_left(account, subscription, [], now) if with_period and subscription["status"] != "trialing" else []
    subscription |= {
        "status": "canceled",
        "ended_at": now,
        "canceled_at": subscription["canceled_at"] or now,
        "pause_collection": None,
    }
    subscription["cancellation_details"]["reason"] = reason or "cancellation_requested"
    if schedule := account.find("subscription_schedule", subscription["schedule"]):
        schedule |= {"status": "canceled", "canceled_at": now}
        subscription["schedule"] = None
    for invoice in account.objects["invoice"].values():
        details = (invoice["parent"] or {}).get("subscription_details") or {}
        if details.get("subscription") == subscription["id"] and invoice["status"] in ("draft", "open"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None}
    owed = [line for line in used if line["amount"]]
    _final_invoice(account, subscription, lines + owed, invoice_now=invoice_now or bool(owed))
    emit(account, "customer.subscription.deleted", subscription)
    return subscription


def _final_invoice(account: Account, subscription: Json, lines: list[Json], *, invoice_now: bool) -> None:
    customer = account.customer_of(subscription)
    if not invoice_now:
        add_pending(account, customer, subscription, lines)
        return
    lines = lines + take_pending(account, customer, subscription)
    if lines:
        invoice = draw_up(
            account,
            customer,
            lines,
            "subscription_update",
            currency=subscription["currency"],
            subscription=subscription,
        )
        subscription["latest_invoice"] = invoice["id"]
        keep(account, invoice, finalize_after=None)
        finalize(account, invoice)
        if invoice["status"] == "open":
            quietly_collect(account, invoice)


@worker("incomplete_over")
def incomplete_over(account: Account, target: str, at: int) -> None:
    """23 hours without the first payment: it never was."""
    subscription = running(account, target)
    if subscription is None or subscription["status"] != "incomplete":
        return
    before = copy.deepcopy(subscription)
    subscription |= {"status": "incomplete_expired", "ended_at": at, "canceled_at": at}
    invoice = account.find("invoice", subscription["latest_invoice"])
    if invoice and invoice["status"] == "open":
        void(account, invoice)
    changed(account, "customer.subscription.updated", subscription, before)


@worker("resume")
def resume_collection(account: Account, target: str, at: int) -> None:
    """The pause of collecting is over by itself."""
    subscription = running(account, target)
    if subscription and (subscription["pause_collection"] or {}).get("resumes_at") == at:
        before = copy.deepcopy(subscription)
        subscription["pause_collection"] = None
        changed(account, "customer.subscription.updated", subscription, before)


@route("DELETE", "/v1/subscriptions/{subscription_exposed_id}")
def subscription_cancel(account: Account, params: Json, subscription_exposed_id: str) -> Json:
    subscription = account.get("subscription", subscription_exposed_id)
    if subscription["status"] in OVER:
        raise invalid(
            f"No such subscription: '{subscription_exposed_id}'", code="resource_missing", param="id", status=404
        )
    for name, value in (params.get("cancellation_details") or {}).items():
        subscription["cancellation_details"][name] = value or None
    return end_now(
        account,
        subscription,
        reason="cancellation_requested",
        prorate=bool(params.get("prorate")),
        invoice_now=bool(params.get("invoice_now")),
    )


@route("POST", "/v1/subscriptions/{subscription}/resume")
def subscription_resume(account: Account, params: Json, subscription: str) -> Json:
    """From `paused` (a trial that ended without a card): a new period from now, billed at once."""
    found = account.get("subscription", subscription)
    if found["status"] != "paused":
        raise invalid(
            f"Only paused subscriptions can be resumed; this one is {found['status']}.", code="subscription_not_paused"
        )
    before = copy.deepcopy(found)
    now = account.now(account.customer_of(found))
    found |= {"status": "active", "billing_cycle_anchor": now}
    new_period(account, found, now)
    invoice = bill_period(account, found, before, "subscription_update")
    finalize(account, invoice)
    if invoice["status"] == "open":
        quietly_collect(account, invoice)
    emit(account, "customer.subscription.resumed", found)
    return found


@route("DELETE", "/v1/customers/{customer}")
def customer_delete(account: Account, params: Json, customer: str) -> Json:
    """Its subscriptions end at once; what is left says that it was deleted."""
    found = living_customer(account, customer)
    for subscription in list(account.objects["subscription"].values()):
        if subscription["customer"] == customer and subscription["status"] not in OVER:
            end_now(account, subscription, reason="cancellation_requested")
    emit(account, "customer.deleted", found)
    stone = {
        "id": customer,
        "object": "customer",
        "deleted": True,
        "created": found["created"],
        "test_clock": found["test_clock"],
    }
    account.objects["customer"][customer] = stone
    return stone
