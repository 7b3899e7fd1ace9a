"""Our rows follow what was read of a customer at Stripe. The same reading twice changes nothing; a newer one wins.

Readings of one customer come one after the other (billing.locking), so the order of events, repetitions and losses make
no difference to where it ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from billing.access import access_follow
from billing.boxes.planning import boxes_follow
from billing.bundles import parts_follow
from billing.catalog import price_of
from billing.customers import member_of
from billing.disputes import disputes_follow
from billing.items import items_follow
from billing.locking import member_locked
from billing.models import (
    BillingProfile,
    Checkout,
    PlanPrice,
    StripeConnection,
    Subscription,
)
from billing.money import gives_way, invoices_follow
from billing.reading import ReadCustomer, ReadInvoice, ReadSubscription
from billing.timeline import happened
from billing.winback import winback_redeemed
from core import clock
from members.models import Member

Billing = Subscription.Billing
FIELDS = (
    "billing", "price", "plan", "group", "item_id", "quantity", "period_start", "period_end", "trial_end", "cancel_at",
    "canceled_at", "ended_at", "collection_paused", "resumes_at", "has_card", "card_brand", "card_last4",
    "card_until", "schedule_id", "paid_until",
    "first_failed_at", "charged_at", "disputed", "duplicate", "pause_began_at", "next_price",
)  # fmt: skip


class Followed:
    """What came out of it. changed: rows that weren't what Stripe says. strange: subscriptions that aren't ours."""

    def __init__(self) -> None:
        self.changed: list[tuple[str, str, str]] = []
        self.strange: list[str] = []
        self.duplicates: list[Subscription] = []


def customer_follow(connection: StripeConnection, read: ReadCustomer) -> Followed:
    """Write what was read. In one transaction, under the member's billing lock."""
    followed = Followed()
    with transaction.atomic():
        member = member_of(connection, read.id)
        if member is None:
            followed.strange = [each.id for each in read.subscriptions]
            return followed
        member_locked(member)
        for each in read.subscriptions:
            _subscription_follow(connection, member, each, read, followed)
        if read.gone:
            _gone(connection, member)
        followed.duplicates += invoices_follow(connection, member, read)
        disputes_follow(connection, member, read)
        access_follow(member)
        boxes_follow(member)
    return followed


def _subscription_follow(
    connection: StripeConnection, member: Member, read: ReadSubscription, customer: ReadCustomer, followed: Followed
) -> None:
    price = price_of(connection, read.price)
    row = Subscription.objects.select_related("plan__program", "member").filter(stripe_id=read.id).first()
    if row is None and price is None:
        followed.strange.append(read.id)
        return
    fresh = row is None
    if row is None:
        row = Subscription(
            member=member, connection=connection, stripe_id=read.id, started_at=read.created_at, created_at=clock.now()
        )
    before = {name: getattr(row, name) for name in FIELDS if name not in ("plan", "price")} if not fresh else {}
    old_price = row.price if not fresh else None
    was_live = not fresh and row.live
    _take_over(row, read, price, [each for each in customer.invoices if each.subscription == read.id], customer)
    again = False
    if _counts(row) and (row.duplicate or not was_live):
        again = _trial_again(row, read)
        row.duplicate = again or _make_room(row)
    row.synced_at = clock.now()
    changed = fresh or old_price != row.price or any(getattr(row, name) != value for name, value in before.items())
    row.save()
    changed |= items_follow(connection, row, read)
    changed |= parts_follow(connection, row, read.others)
    if changed:
        followed.changed.append((read.id, str(before.get("billing", "")), row.billing))
    if row.duplicate and row.ended_at is None:
        followed.duplicates.append(row)
    if again:
        happened(row, "trial_refused")
    _note(row, before, old_price, fresh)


def _trial_again(row: Subscription, read: ReadSubscription) -> bool:
    """Whether it is a second trial, as from two pages that were open at once. Only of what was joined over a page of
    ours: what staff begin in the dashboard, they mean."""
    if read.status != Billing.TRIALING or not read.metadata.get("member"):
        return False
    tried = Subscription.objects.filter(member=row.member, trial_end__isnull=False, duplicate=False)
    return tried.exclude(pk=row.pk).exists()


def _counts(row: Subscription) -> bool:
    """Whether it would be the member's one of the group, if it is no duplicate."""
    return row.ended_at is None and row.billing not in (*Subscription.OVER_STATES, Billing.INCOMPLETE)


def _take_over(
    row: Subscription, read: ReadSubscription, price: PlanPrice | None, invoices: list[ReadInvoice],
    customer: ReadCustomer,
) -> None:  # fmt: skip
    before = row.price_id
    if price is not None:
        row.price, row.plan, row.group = price, price.plan, price.plan.group
    row.billing, row.item_id, row.quantity = read.status, read.item, read.quantity
    row.period_start, row.period_end, row.trial_end = read.period_start, read.period_end, read.trial_end
    row.cancel_at, row.canceled_at, row.ended_at = read.cancel_at, read.canceled_at, read.ended_at
    row.collection_paused, row.resumes_at = read.collection_paused, read.resumes_at
    row.has_card, row.schedule_id = read.has_card, read.schedule
    row.card_brand, row.card_last4, row.card_until = read.card.brand, read.card.last4, read.card.until
    paid = [each for each in invoices if each.status == "paid"]
    if paid:
        row.paid_until = paid[-1].covers
    charged = [each.paid_at for each in paid if each.paid > 0 and each.paid_at is not None]
    row.charged_at = max(charged, default=row.charged_at)
    late = [each.finalized_at or each.created_at for each in invoices if each.status == "open" and each.attempts]
    row.first_failed_at = min(late) if late and read.status in ("past_due", "unpaid", "incomplete") else None
    payments = {name for each in invoices for name in each.payment_intents}
    row.disputed = any(each.dispute == "open" for each in customer.charges if each.payment_intent in payments)
    left_out = _left_out(read, invoices)
    if not read.collection_paused and not left_out:
        row.pause_began_at = None
    elif row.pause_began_at is None:
        row.pause_began_at = row.paid_until
    if left_out and not read.collection_paused:
        row.resumes_at = read.period_end
    if not read.schedule or row.next_price_id == row.price_id:
        row.next_price = None
    if read.ended_at is not None or (price is not None and price.pk != before):
        # Another price holds, or none: what was put off for it has lost its ground.
        row.kept_price = row.kept_look_at = None


def _left_out(read: ReadSubscription, invoices: list[ReadInvoice]) -> bool:
    """Whether the period that runs was left out: its invoice is void, and nothing else was paid for it."""
    cycles = [each for each in invoices if each.reason in ("subscription_cycle", "subscription_update") and each.covers]
    if not cycles or read.status != "active" or read.period_start is None:
        return False
    last = cycles[-1]
    return last.status == "void" and last.covers is not None and last.covers > read.period_start


def _make_room(row: Subscription) -> bool:
    """Whether the member has another one of the group already, so that this is a second one. A free plan gives way to
    one that is paid for."""
    others = Subscription.objects.filter(member=row.member, group=row.group, ended_at__isnull=True, duplicate=False)
    others = others.exclude(pk=row.pk).exclude(billing__in=(*Subscription.OVER_STATES, Billing.INCOMPLETE))
    for other in others.select_related("plan__program", "member"):
        if other.stripe_id is None:
            gives_way(other, at=row.started_at, to=row.plan.code)
        else:
            return True
    return False


def _note(row: Subscription, before: dict[str, Any], old_price: PlanPrice | None, fresh: bool) -> None:
    """What others hear of: each by a key of its own, so that it is heard once whatever comes again."""
    if row.duplicate:
        happened(row, "duplicated", topic="")
        return
    if row.billing in (Billing.INCOMPLETE, Billing.INCOMPLETE_EXPIRED):
        return
    if happened(row, "started", at=row.started_at, trial=row.trial_end is not None, billing=row.billing):
        _joined(row)
    if not fresh:
        _note_changes(row, before, old_price)
    if row.ended_at is not None:
        happened(row, "ended", at=row.ended_at)


def _joined(row: Subscription) -> None:
    if row.trial_end is not None:
        BillingProfile.objects.filter(member=row.member, trial_used_at__isnull=True).update(
            trial_used_at=row.started_at
        )
    Checkout.objects.filter(
        member=row.member, group=row.group, purpose=Checkout.Purpose.JOIN, price=row.price, subscription=None
    ).update(subscription=row)
    winback_redeemed(row)


def _note_changes(row: Subscription, before: dict[str, Any], old_price: PlanPrice | None) -> None:
    now = clock.now()
    mark = _mark(now)
    if old_price is not None and row.price is not None and old_price.pk != row.price.pk:
        happened(row, "changed", key=mark, from_plan=old_price.plan.code, to_plan=row.plan.code)
    if before["cancel_at"] is None and row.cancel_at is not None and row.ended_at is None:
        happened(row, "canceled", key=_mark(row.canceled_at or now), ends_at=row.cancel_at.isoformat())
    if before["cancel_at"] is not None and row.cancel_at is None and row.ended_at is None:
        happened(row, "kept", key=mark)
    if not before["collection_paused"] and row.collection_paused:
        happened(row, "paused", key=mark, resumes_at=row.resumes_at.isoformat() if row.resumes_at else None)
    if before["collection_paused"] and not row.collection_paused and row.ended_at is None:
        happened(row, "resumed", key=mark)
    if before["billing"] != row.billing:
        happened(row, "moved", key=f"{mark}:{row.billing}", topic="", before=before["billing"], after=row.billing)
        if before["billing"] in (Billing.PAST_DUE, Billing.UNPAID) and row.billing == Billing.ACTIVE:
            happened(row, "recovered", key=mark)
        if before["billing"] == Billing.TRIALING and row.billing == Billing.ACTIVE:
            happened(row, "converted")
    if before["disputed"] != row.disputed:
        happened(row, "disputed" if row.disputed else "dispute_closed", key=mark)


def _mark(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _gone(connection: StripeConnection, member: Member) -> None:
    """The customer was deleted in the dashboard: Stripe ended their subscriptions with it. What was paid for once goes
    on: it never was one there."""
    now = clock.now()
    rows = Subscription.objects.filter(
        member=member, connection=connection, plan__kind="recurring", ended_at__isnull=True
    )
    for row in rows.select_related("plan__program", "member"):
        row.billing, row.ended_at = Billing.CANCELED, now
        row.save(update_fields=["billing", "ended_at"])
        happened(row, "ended", at=now, because="customer_deleted")
