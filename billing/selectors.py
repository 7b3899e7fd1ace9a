"""What pages, the API and the admin read of billing. Nothing here writes or asks Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from msgspec import Struct

from billing.access import state_now
from billing.addonprices import items_with, running_items
from billing.errors import NotPossibleNow, SubscriptionNotFound
from billing.joining import live_of, trial_of
from billing.metering import usage_of
from billing.models import Invoice, MembershipPlan, PlanPrice, Subscription, SubscriptionItem
from billing.plans import definition_of, plans_offered
from billing.pricing import prices_for
from billing.renewing import renewal_at
from billing.section import Plan, Recurring
from billing.standing import State
from core import clock
from members.models import Member

WITH = ("plan__program", "price", "next_price__plan", "kept_price__plan", "member", "connection")


class Offered(Struct, frozen=True, kw_only=True):
    """A plan as this member can join it. trial_days: 0 where they get none. mine: they are on it."""

    plan: MembershipPlan
    definition: Plan
    prices: Sequence[PlanPrice]
    trial_days: int
    mine: bool


class NextCharge(Struct, frozen=True):
    """What is charged next, before credit, coupons and tax, which Stripe alone knows; and when. What was used so far
    and is paid afterwards is in it."""

    amount_minor: int
    currency: str
    at: datetime


class Held(Struct, frozen=True, kw_only=True):
    """A subscription as its member sees it. next_charge None: nothing more is charged as things stand."""

    row: Subscription
    state: State
    definition: Plan
    next_charge: NextCharge | None


def offered_to(member: Member) -> list[Offered]:
    """What can be joined, in the document's order; not what has no price for the member's country."""
    found = []
    for plan in plans_offered().prefetch_related("prices"):
        definition, prices = definition_of(plan), prices_for(plan.prices.all(), member)
        if plan.kind != "free" and not prices:
            continue
        there = live_of(member, plan.group)
        trial = trial_of(member, plan)
        found.append(
            Offered(
                plan=plan,
                definition=definition,
                prices=prices,
                trial_days=trial.days if trial is not None else 0,
                mine=there is not None and there.plan_id == plan.pk,
            )
        )
    return found


def subscriptions_of(member: Member) -> QuerySet[Subscription]:
    """All that there ever were, newest first; not those that came into being by mistake."""
    rows = Subscription.objects.filter(member=member, duplicate=False)
    return rows.select_related(*WITH).order_by("-pk")


def held_by(member: Member) -> list[Held]:
    """Those that count, as they stand now."""
    rows = [row for row in subscriptions_of(member) if row.live]
    return [held(row) for row in rows]


def held(row: Subscription) -> Held:
    return Held(row=row, state=state_now(row), definition=definition_of(row.plan), next_charge=next_charge(row))


def next_charge(row: Subscription) -> NextCharge | None:
    """By what is known here. A cycle that is left out isn't charged."""
    price = row.then_price or row.price
    if not row.live or row.cancel_scheduled or price is None or not price.every:
        return None
    if row.billing == Subscription.Billing.TRIALING and not row.has_card:
        charge = definition_of(row.plan).charge
        if isinstance(charge, Recurring) and charge.trial is not None and charge.trial.at_end != "invoice":
            return None
    at = row.resumes_at if row.collection_paused and row.resumes_at is not None else row.period_end
    if at is None or at <= clock.now():
        return None
    if row.collection_paused:
        # Collection goes on a day after the last renewal that is left out; what is charged is the one after that.
        number = 0
        while renewal_at(row, number) <= at:
            number += 1
        at = renewal_at(row, number)
    return NextCharge(price.amount_minor * row.quantity + _on_top(row, price), price.currency, at)


def _on_top(row: Subscription, price: PlanPrice) -> int:
    """What the add-ons come to with that price; as they are now where the program doesn't have them go with it. And
    what was used: of a period that is left out nothing is charged."""
    items = running_items(row)
    if not items:
        return 0
    used = 0 if row.collection_paused else sum(each.due_minor for each in usage_of(row))
    return used + _add_ons(row, price, items)


def charged_each_time(row: Subscription, price: PlanPrice) -> int:
    """What a period costs by that price, with add-ons, and without what is used in it."""
    return price.amount_minor * row.quantity + _add_ons(row, price, running_items(row))


def _add_ons(row: Subscription, price: PlanPrice, items: list[SubscriptionItem]) -> int:
    try:
        priced = items_with(row, price, items)
    except NotPossibleNow:
        priced = [(each, each.price) for each in items]
    return sum(each.amount_minor * item.quantity for item, each in priced if each is not None)


def subscription_named(public_id: UUID, *, member: Member | None = None) -> Subscription:
    """SubscriptionNotFound, also for another member's."""
    rows = Subscription.objects.select_related(*WITH)
    found = rows.filter(public_id=public_id, duplicate=False)
    if member is not None:
        found = found.filter(member=member)
    row = found.first()
    if row is None:
        raise SubscriptionNotFound()
    return row


def invoices_of(member: Member) -> QuerySet[Invoice]:
    """Newest first, without drafts."""
    return (
        Invoice.objects.filter(member=member).exclude(status=Invoice.Status.DRAFT).select_related("subscription__plan")
    )
