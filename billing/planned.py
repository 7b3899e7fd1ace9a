"""A change that is planned for the period's end: made at Stripe as a schedule, put off while something else is asked
for that a schedule is in the way of, and put back where that came to nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from billing.acting import account_of, reread, schedule_release
from billing.boxes.planning import boxes_follow
from billing.errors import StripeRefused, StripeUnavailable
from billing.gateway import ask
from billing.itemchanges import items_then, meters_end
from billing.locking import member_locked
from billing.models import PlanPrice, Subscription
from billing.operations import operation_run
from billing.sweeping import one_by_one
from billing.syncing import subscription_sync
from billing.times import at_known
from core import clock
from core.actor import Actor, system
from core.errors import DomainError

log = logging.getLogger(__name__)

Json = dict[str, Any]
ACTOR = system("billing")
# A request that broke off is over by then; one that waits for a payment is looked at as often.
LOOK_AFTER, LOOK_AGAIN = timedelta(minutes=5), timedelta(hours=1)
# What isn't paid so long before the period's end gives way: the change that was planned must be there by then.
BEFORE_END = timedelta(hours=1)


@contextmanager
def change_put_off(row: Subscription, actor: Actor) -> Iterator[None]:
    """What was to follow is let go of, and forgotten once what is asked for within has been done. What fails puts it
    back, at once or, where the outcome isn't known or a payment is waited for, by the sweep. Not in a transaction."""
    if row.next_price_id is not None and row.schedule_id:
        # First of all, so that it isn't lost with the process either.
        _keep(row, row.next_price_id, clock.now() + LOOK_AFTER)
    try:
        schedule_release(row, actor)
        yield
    except StripeUnavailable:
        raise
    except DomainError:
        try:
            change_put_back(row)
        except DomainError as error:
            log.warning("the change planned for %s waits to be put back: %s", row.pk, error.code)
        raise
    change_forget(row)


def change_forget(row: Subscription) -> None:
    """What was put off isn't wanted any more."""
    _keep(row, None, None)


def _keep(row: Subscription, price_id: int | None, look_at: datetime | None) -> None:
    """Under the lock of who reads the customer anew, who writes the whole row."""
    with transaction.atomic():
        member_locked(row.member)
        Subscription.objects.filter(pk=row.pk).update(kept_price=price_id, kept_look_at=look_at)


def change_planned(row: Subscription, chosen: PlanPrice, actor: Actor) -> datetime:
    """A schedule of two phases: what is paid for now, then the other price; then it lets go. When it begins."""
    connection, named = account_of(row), str(row.stripe_id)
    items, ends = items_then(row, chosen), meters_end(row, chosen)
    made = operation_run(
        connection=connection, kind="schedule_create", subject=named, actor=actor,
        params={"from_subscription": named, "metadata": {"price": str(chosen.pk)}},
        request=lambda v1, given, options: v1.subscription_schedules.create(
            {"from_subscription": given["from_subscription"]}, options
        ),
    )  # fmt: skip
    first = made["phases"][0]
    phases = _phases(first, items, meters=ends)
    try:
        operation_run(
            connection=connection, kind="schedule_update", subject=made["id"], actor=actor,
            params={"phases": phases, "end_behavior": "release", "metadata": {"price": str(chosen.pk)}},
            request=lambda v1, given, options: v1.subscription_schedules.update(made["id"], given, options),
        )  # fmt: skip
    except StripeRefused:
        row.schedule_id = made["id"]
        schedule_release(row, actor)
        raise
    row = subscription_sync(row)
    with transaction.atomic():
        member_locked(row.member)
        Subscription.objects.filter(pk=row.pk).update(next_price=chosen, schedule_id=made["id"])
        boxes_follow(row.member)
    return at_known(first["end_date"])


def _phases(first: Json, then: list[Json], *, meters: bool) -> list[Json]:
    """What runs as it is, and what follows it. What a phase doesn't repeat is lost: money off in both, the days of a
    trial. A meter has no quantity. meters: whether one ends: not prorated, Stripe would forget what was used of it; at
    a period's end nothing else is prorated."""
    off = [{name: told for name, told in each.items() if told} for each in first.get("discounts") or []]
    kept: Json = {"discounts": off} if off else {}
    running_now: Json = {
        "items": [{name: each[name] for name in ("price", "quantity") if name in each} for each in first["items"]],
        "start_date": first["start_date"],
        "end_date": first["end_date"],
        **kept,
    }
    if first.get("trial_end"):
        running_now["trial_end"] = first["trial_end"]
    return [running_now, {"items": then, "proration_behavior": "create_prorations" if meters else "none", **kept}]


# --- put back --------------------------------------------------------------------------------------------------------
def change_put_back(row: Subscription) -> None:
    """As things stand at Stripe now: planned again; looked at later, where a payment decides; or forgotten, since what
    was asked for has happened after all. Not in a transaction. StripeRefused, StripeUnavailable."""
    subscription_sync(row)
    row = reread(row)
    price = row.kept_price
    if price is None:
        return
    if row.schedule_id and row.next_price_id is None:
        # One that was begun and never said what is to follow.
        schedule_release(row, ACTOR)
    if not row.live or row.cancel_scheduled or row.collection_paused or row.schedule_id or price.pk == row.price_id:
        change_forget(row)
        return
    if not _payment_waits(row):
        change_planned(row, price, ACTOR)
        change_forget(row)


def _payment_waits(row: Subscription) -> bool:
    """Whether a change may still be paid for, which takes the planned one's place then."""
    account, named, now = account_of(row), str(row.stripe_id), clock.now()
    there = ask(account, lambda v1: v1.subscriptions.retrieve(named))
    if not there.get("pending_update"):
        return False
    if row.period_end is None or row.period_end - now > BEFORE_END:
        at = now + LOOK_AGAIN if row.period_end is None else min(now + LOOK_AGAIN, row.period_end - BEFORE_END)
        _keep(row, row.kept_price_id, at)
        return True
    invoice = str(there["latest_invoice"])
    try:
        operation_run(
            connection=account, kind="invoice_void", subject=invoice, params={}, actor=ACTOR,
            request=lambda v1, given, options: v1.invoices.void_invoice(invoice, given, options),
        )  # fmt: skip
    except StripeRefused:
        # Paid this moment: the next look finds the other plan.
        return True
    return False


def changes_put_back() -> int:
    """The sweep's part: what was put off by what broke off, or wasn't paid. How many were looked at."""
    due = Subscription.objects.filter(kept_price__isnull=False, kept_look_at__lte=clock.now())
    return one_by_one(due.select_related("member", "connection").order_by("pk"), _looked_at, "the change planned for")


def _looked_at(row: Subscription) -> None:
    _keep(row, row.kept_price_id, clock.now() + LOOK_AFTER)
    change_put_back(row)
