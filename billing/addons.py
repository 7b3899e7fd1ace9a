"""Add-ons: more or fewer of what comes on top of a plan, as items of the same subscription.

More begins at once and is charged for the rest of the period, to the cent that was shown. Fewer ends at once, and what
was paid for the rest of the period is credited on the next invoice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from billing.acting import account_of, change, note, running, unanswered
from billing.addonprices import add_on_charge, add_on_price, goes_with, running_items
from billing.catalog import price_ensure
from billing.changing import SHOWN_FOR, began_at
from billing.customers import customer_of
from billing.errors import NotPossibleNow, PaymentNeeded, PlanNotFound, PreviewStale, PriceNotOffered
from billing.gateway import ask
from billing.models import MembershipPlan, PlanPrice, Subscription, SubscriptionItem
from billing.plans import ADD_ON, add_ons_offered
from billing.syncing import subscription_sync
from billing.times import not_before, seconds_of
from core import clock
from core.actor import Actor
from core.errors import InvalidInput

Json = dict[str, Any]
Billing = Subscription.Billing


class AddOnChoice(Struct, frozen=True, kw_only=True):
    """An add-on as the member of a subscription can have it. quantity: how many they have; most: how many they can."""

    plan: MembershipPlan
    price: PlanPrice
    quantity: int
    most: int


class AddOnPreview(Struct, frozen=True, kw_only=True):
    """due_minor: charged on confirming. credit_minor: taken off the next invoice. next_minor: what the next invoice
    comes to with it, before credit, discounts and tax. shown_at: to be given back on confirming."""

    plan: MembershipPlan
    price: PlanPrice
    quantity: int
    due_minor: int
    credit_minor: int
    next_minor: int
    currency: str
    shown_at: datetime
    lines: list[Json]


def add_ons_for(subscription: Subscription) -> list[AddOnChoice]:
    """What can be added to the subscription, and what it has, in the document's order."""
    if subscription.price is None or subscription.plan.kind != "recurring":
        return []
    held = {each.plan_id: each for each in running_items(subscription) if each.plan.kind == ADD_ON}
    plans = {each.pk: each for each in add_ons_offered(subscription.plan.program_id).prefetch_related("prices")}
    plans |= {each.plan_id: each.plan for each in held.values() if each.plan_id not in plans}
    found = []
    for plan in plans.values():
        mine = held.get(plan.pk)
        price = mine.price if mine is not None else add_on_price(plan, subscription)
        if price is None or (mine is None and not goes_with(plan, subscription.plan)):
            continue
        found.append(
            AddOnChoice(plan=plan, price=price, quantity=mine.quantity if mine else 0, most=add_on_charge(plan).most)
        )
    return found


# --- more, or fewer --------------------------------------------------------------------------------------------------
class _Wanted(Struct, frozen=True):
    row: Subscription
    add_on: MembershipPlan
    price: PlanPrice
    mine: SubscriptionItem | None
    quantity: int

    @property
    def more(self) -> bool:
        return self.quantity > (self.mine.quantity if self.mine is not None else 0)


def _wanted(subscription: Subscription, add_on: MembershipPlan, quantity: int) -> _Wanted:
    row = running(subscription)
    if add_on.kind != ADD_ON:
        raise PlanNotFound(_("This isn’t an add-on."), field="add_on")
    mine = next((each for each in running_items(row) if each.plan_id == add_on.pk), None)
    most = add_on_charge(add_on).most
    if not 0 <= quantity <= most:
        raise InvalidInput(_("At most %(n)d of it.") % {"n": most}, field="quantity")
    price = mine.price if mine is not None else add_on_price(add_on, row)
    more = quantity > (mine.quantity if mine is not None else 0)
    if more and not (add_on.for_sale and goes_with(add_on, row.plan)):
        raise NotPossibleNow(_("This can’t be added to the plan."), field="add_on")
    if price is None:
        raise PriceNotOffered(_("It has no price for the period and currency of the plan."), field="add_on")
    if row.billing not in (Billing.ACTIVE, Billing.TRIALING) or row.collection_paused:
        raise NotPossibleNow(_("Pay what is open, or go on, before you change the plan."), state=row.billing)
    if row.schedule_id:
        raise NotPossibleNow(_("Another plan is to begin with the next period. Take that back first."))
    if more and row.cancel_scheduled:
        raise NotPossibleNow(_("It ends anyway. Take that back first."), state="cancel_scheduled")
    return _Wanted(row, add_on, price, mine, quantity)


def add_on_preview(*, subscription: Subscription, add_on: MembershipPlan, quantity: int) -> AddOnPreview:
    """Asked of Stripe, to the cent; nothing is changed. Not in a transaction.

    InvalidInput, PriceNotOffered, NotPossibleNow, billing.errors.
    """
    wanted = _wanted(subscription, add_on, quantity)
    return _asked(wanted, not_before(wanted.row.period_start, clock.now().replace(microsecond=0)))


def _asked(wanted: _Wanted, at: datetime) -> AddOnPreview:
    row = wanted.row
    params = {
        "customer": customer_of(account_of(row), row.member),
        "subscription": str(row.stripe_id),
        "subscription_details": _details(wanted, at, behavior="always_invoice"),
    }
    told = ask(account_of(row), lambda v1: v1.invoices.create_preview(params))
    lines = told["lines"]["data"]
    total = sum(int(each["amount"]) for each in lines if began_at(each, at))
    return AddOnPreview(
        plan=wanted.add_on, price=wanted.price, quantity=wanted.quantity,
        due_minor=int(told["amount_due"]) if wanted.more else 0,
        credit_minor=-total if not wanted.more else 0,
        next_minor=_next_minor(wanted), currency=wanted.price.currency, shown_at=at,
        lines=[{"description": each.get("description") or "", "amount_minor": int(each["amount"])} for each in lines],
    )  # fmt: skip


def _next_minor(wanted: _Wanted) -> int:
    base = wanted.row.next_price or wanted.row.price
    assert base is not None
    others = [each for each in running_items(wanted.row) if each.plan_id != wanted.add_on.pk]
    return (
        base.amount_minor * wanted.row.quantity
        + sum(each.price.amount_minor * each.quantity for each in others)
        + wanted.price.amount_minor * wanted.quantity
    )


def _details(wanted: _Wanted, at: datetime, *, behavior: str) -> Json:
    if wanted.mine is None:
        item: Json = {"price": price_ensure(account_of(wanted.row), wanted.price), "quantity": wanted.quantity}
    elif wanted.quantity == 0:
        item = {"id": wanted.mine.item_id, "deleted": True}
    else:
        item = {"id": wanted.mine.item_id, "quantity": wanted.quantity}
    return {"items": [item], "proration_behavior": behavior, "proration_date": seconds_of(at)}


def add_on_set(
    *,
    subscription: Subscription,
    add_on: MembershipPlan,
    quantity: int,
    shown_at: datetime,
    due_minor: int,
    actor: Actor,
) -> Subscription:
    """Have so many of it, as it was shown; 0: none. A second click changes nothing more. Not in a transaction.

    PreviewStale (ask for a new one), PaymentNeeded (it stays as it was until it is paid), and what add_on_preview
    raises.
    """
    wanted = _wanted(subscription, add_on, quantity)
    row = wanted.row
    if quantity == (wanted.mine.quantity if wanted.mine is not None else 0):
        return row
    now = clock.now()
    if not now - SHOWN_FOR <= shown_at <= now + timedelta(minutes=1):
        raise PreviewStale(field="shown_at")
    params = _details(wanted, shown_at, behavior="always_invoice" if wanted.more else "create_prorations")
    if wanted.more:
        params |= {"payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]}
    if not unanswered(row, "add_on", params) and _asked(wanted, shown_at).due_minor != due_minor:
        raise PreviewStale(field="due_minor")
    answer = change(row, "add_on", params, actor)
    note(row, "add_on_asked", actor, key=now.isoformat(), add_on=add_on.code, quantity=quantity)
    after = subscription_sync(row)
    if answer.get("pending_update"):
        raise PaymentNeeded(url=(answer.get("latest_invoice") or {}).get("hosted_invoice_url"))
    return after
