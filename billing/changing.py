"""Another plan or price: more begins at once, charged to the cent that was shown; less begins with the next period."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from django.utils.translation import gettext as _
from msgspec import Struct

from billing.acting import account_of, change, note, reread, running, schedule_release, unanswered
from billing.addonprices import items_with, running_items
from billing.boxes.charged import extras_refuse
from billing.customers import customer_of
from billing.errors import (
    NotPossibleNow,
    PaymentNeeded,
    PlanNotOffered,
    PreviewStale,
    PriceNotOffered,
)
from billing.gateway import ask
from billing.itemchanges import items_now, uses_told
from billing.models import MembershipPlan, PlanPrice, Subscription
from billing.planned import change_forget, change_planned, change_put_off
from billing.plans import price_chosen
from billing.syncing import subscription_sync
from billing.times import not_before, seconds_of
from core import clock
from core.actor import Actor

Json = dict[str, Any]
Billing = Subscription.Billing
LENGTH = {"week": 1, "month": 2, "quarter": 3, "year": 4}
# How long an amount that was shown can be confirmed.
SHOWN_FOR = timedelta(minutes=30)


class Preview(Struct, frozen=True, kw_only=True):
    """What a change would cost. at: now or period_end. due_minor: what is charged on confirming. shown_at: to be given
    back on confirming. begins_at: when the new price holds."""

    price: PlanPrice
    at: Literal["now", "period_end"]
    due_minor: int
    currency: str
    credit_minor: int
    shown_at: datetime
    begins_at: datetime
    lines: list[Json]


def subscription_preview(*, subscription: Subscription, plan: MembershipPlan, price: str = "") -> Preview:
    """Asked of Stripe, to the cent; nothing is changed. Not in a transaction.

    PlanNotOffered, PriceNotOffered, NotPossibleNow, billing.errors.
    """
    row, chosen = _wanted(subscription, plan, price)
    now = not_before(row.period_start, clock.now().replace(microsecond=0))
    if price_direction(row, chosen) == "down":
        assert row.period_end is not None
        return Preview(
            price=chosen, at="period_end", due_minor=0, currency=chosen.currency, credit_minor=0, shown_at=now,
            begins_at=row.period_end, lines=[],
        )  # fmt: skip
    return _asked(row, chosen, now)


def _wanted(subscription: Subscription, plan: MembershipPlan, code: str) -> tuple[Subscription, PlanPrice]:
    row = running(subscription)
    if not plan.for_sale:
        raise PlanNotOffered(field="plan")
    if plan.group != row.group or plan.program_id != row.plan.program_id or plan.kind != "recurring":
        raise PriceNotOffered(_("This plan isn’t one to change to."), field="plan")
    assert row.price is not None
    chosen = price_chosen(plan, code, member=row.member, currency=row.price.currency)
    assert chosen is not None
    if chosen.pk == row.price.pk or same_for_more(row, chosen):
        raise NotPossibleNow(_("This is the plan that you have."), field="plan")
    if chosen.currency != row.price.currency:
        raise PriceNotOffered(_("The currency of a subscription can’t change."), field="price")
    if row.billing not in (Billing.ACTIVE, Billing.TRIALING) or row.collection_paused:
        raise NotPossibleNow(_("Pay what is open, or go on, before you change the plan."), state=row.billing)
    if row.cancel_scheduled:
        raise NotPossibleNow(_("It ends anyway. Take that back first."), state="cancel_scheduled")
    items_with(row, chosen, running_items(row))
    if price_direction(row, chosen) == "up":
        extras_refuse(row, chosen)
    return row, chosen


def same_for_more(row: Subscription, chosen: PlanPrice) -> bool:
    """Whether it took the place of the price that they pay, and isn't less: who pays the old one goes on paying it."""
    assert row.price is not None
    same = (chosen.plan_id, chosen.code) == (row.price.plan_id, row.price.code)
    return same and chosen.pk != row.price.pk and chosen.amount_minor >= row.price.amount_minor


def price_direction(row: Subscription, chosen: PlanPrice) -> Literal["up", "down"]:
    """A higher level is up; on one level the longer period is, and of equal ones the higher amount."""
    assert row.price is not None
    now = (row.plan.level, LENGTH[row.price.every], row.price.amount_minor)
    return "up" if (chosen.plan.level, LENGTH[chosen.every], chosen.amount_minor) > now else "down"


def _asked(row: Subscription, chosen: PlanPrice, at: datetime) -> Preview:
    uses_told(row, chosen)
    params = {
        "customer": customer_of(account_of(row), row.member),
        "subscription": str(row.stripe_id),
        "subscription_details": _details(row, chosen, at),
    }
    told = ask(account_of(row), lambda v1: v1.invoices.create_preview(params))
    lines = told["lines"]["data"]
    return Preview(
        price=chosen,
        at="now",
        due_minor=int(told["amount_due"]),
        currency=chosen.currency,
        credit_minor=-sum(int(each["amount"]) for each in lines if each["amount"] < 0 and began_at(each, at)),
        shown_at=at,
        begins_at=at,
        lines=[{"description": each.get("description") or "", "amount_minor": int(each["amount"])} for each in lines],
    )


def began_at(line: Json, at: datetime) -> bool:
    """Whether a line is of the change that is looked at, and so begins at its proration date; others waited for an
    invoice before, and come with it."""
    return bool(line["period"]["start"] == seconds_of(at))


def _details(row: Subscription, chosen: PlanPrice, at: datetime) -> Json:
    return {
        "items": items_now(row, chosen),
        "proration_behavior": "always_invoice",
        "proration_date": seconds_of(at),
    }


def subscription_change(
    *,
    subscription: Subscription,
    plan: MembershipPlan,
    price: str = "",
    shown_at: datetime,
    due_minor: int,
    actor: Actor,
) -> Subscription:
    """Change as it was shown: shown_at and due_minor are the preview's. A second click changes nothing more.

    Not in a transaction. PreviewStale (ask for a new one), PaymentNeeded (the old plan holds until it is paid),
    CardDeclined, and what subscription_preview raises.
    """
    there = reread(subscription)
    mine = there.price
    if mine is not None and mine.plan_id == plan.pk and price in ("", mine.code) and mine.replaced_at is None:
        return there
    row, chosen = _wanted(subscription, plan, price)
    now = clock.now()
    if not now - SHOWN_FOR <= shown_at <= now + timedelta(minutes=1):
        raise PreviewStale(field="shown_at")
    if price_direction(row, chosen) == "down":
        if due_minor:
            raise PreviewStale(field="due_minor")
        if chosen.since.replace(microsecond=0) > shown_at:
            # Another price than the one that stood there, which this one has taken the place of.
            raise PreviewStale(field="shown_at")
        return _later(row, chosen, actor)
    params = {
        **_details(row, chosen, shown_at),
        "payment_behavior": "pending_if_incomplete",
        "expand": ["latest_invoice"],
    }
    if not unanswered(row, "upgrade", params) and _asked(row, chosen, shown_at).due_minor != due_minor:
        raise PreviewStale(field="due_minor")
    return _now(row, chosen, params, shown_at, actor)


def _now(row: Subscription, chosen: PlanPrice, params: Json, at: datetime, actor: Actor) -> Subscription:
    """What was planned for the period's end gives way to it, and is kept where it isn't paid."""
    with change_put_off(row, actor):
        answer = change(row, "upgrade", params, actor)
        note(row, "change_asked", actor, key=at.isoformat(), to_plan=chosen.plan.code, price=chosen.code, when="now")
        after = subscription_sync(row)
        if answer.get("pending_update"):
            invoice = answer.get("latest_invoice") or {}
            raise PaymentNeeded(url=invoice.get("hosted_invoice_url"))
    return after


def _later(row: Subscription, chosen: PlanPrice, actor: Actor) -> Subscription:
    if row.next_price_id == chosen.pk:
        return row
    with change_put_off(row, actor):
        begins_at = change_planned(row, chosen, actor)
    note(
        row, "change_asked", actor, key=clock.now().isoformat(), to_plan=chosen.plan.code, price=chosen.code,
        when="period_end", begins_at=begins_at.isoformat(),
    )  # fmt: skip
    return reread(row)


def subscription_change_withdraw(*, subscription: Subscription, actor: Actor) -> Subscription:
    """What was to follow with the next period doesn't. Not in a transaction."""
    row = running(subscription)
    planned = bool(row.schedule_id) or row.kept_price is not None
    change_forget(row)
    schedule_release(row, actor)
    if planned:
        note(row, "change_withdrawn", actor, key=clock.now().isoformat())
        row = subscription_sync(row)
    return reread(row)
