"""What the actions on a subscription share: it is looked at anew, Stripe is asked once, and read again afterwards."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.errors import NotPossibleNow, StripeRefused
from billing.gateway import ask
from billing.models import BillingOperation, BillingProfile, StripeConnection, Subscription
from billing.operations import operation_open, operation_run
from billing.syncing import subscription_sync
from billing.timeline import happened
from core.actor import Actor
from core.audit import audit_record

Billing = Subscription.Billing
Json = dict[str, Any]


def reread(subscription: Subscription) -> Subscription:
    """The row as it is now, with what belongs to it."""
    rows = Subscription.objects.select_related(
        "plan__program", "member", "price__plan", "connection", "next_price", "kept_price__plan"
    )
    return rows.get(pk=subscription.pk)


def running(subscription: Subscription) -> Subscription:
    """The same, of one that runs at Stripe. NotPossibleNow for all others."""
    row = reread(subscription)
    if _unread(row):
        subscription_sync(row)
        row = reread(subscription)
    if row.plan.kind != "recurring" or not row.live or row.connection is None:
        raise NotPossibleNow(_("The subscription doesn’t run."), state=row.billing, plan=row.plan.code)
    return row


def _unread(row: Subscription) -> bool:
    """Whether Stripe carried something out since it was read last: a process ended in between. Going by what was
    before, the same would be asked for, and charged, once more."""
    done = BillingOperation.objects.filter(subject=row.stripe_id or "", state=BillingOperation.State.DONE)
    return row.synced_at is not None and done.filter(done_at__gt=row.synced_at).exists()


def account_of(row: Subscription) -> StripeConnection:
    assert row.connection is not None
    return row.connection


def change(row: Subscription, kind: str, params: Json, actor: Actor) -> Json:
    """Ask for a change of the subscription. StripeRefused, CardDeclined, StripeUnavailable, StripeKeyRefused."""
    named = str(row.stripe_id)
    return operation_run(
        connection=account_of(row), kind=kind, subject=named, params=params, actor=actor,
        request=lambda v1, given, options: v1.subscriptions.update(named, given, options),
    )  # fmt: skip


def unanswered(row: Subscription, kind: str, params: Json) -> bool:
    """Whether this change was asked for, as it was shown, and Stripe's answer was lost. What it costs can't be asked
    again, since it may be there already; asking for it again is safe, and tells how it ended."""
    return operation_open(connection=account_of(row), kind=kind, subject=str(row.stripe_id), params=params)


def discounts_with(row: Subscription, coupon: str) -> list[Json]:
    """What is taken off already, and this coupon once: what isn't named again would be gone."""
    named = str(row.stripe_id)
    there = ask(account_of(row), lambda v1: v1.subscriptions.retrieve(named, {"expand": ["discounts"]}))["discounts"]
    kept = [{"discount": str(each["id"])} for each in there]
    taken = {str((each.get("source") or {}).get("coupon")) for each in there}
    return kept if coupon in taken else [*kept, {"coupon": coupon}]


def schedule_release(row: Subscription, actor: Actor) -> None:
    """What was to follow isn't to any more: nothing else can be changed while a schedule holds the subscription."""
    if not row.schedule_id:
        return
    named = row.schedule_id
    try:
        operation_run(
            connection=account_of(row), kind="schedule_release", subject=named, params={}, actor=actor,
            request=lambda v1, given, options: v1.subscription_schedules.release(named, given, options),
        )  # fmt: skip
    except StripeRefused:
        # It was over already; reading the subscription tells.
        subscription_sync(row)
        return
    with transaction.atomic():
        BillingProfile.objects.select_for_update().get(member=row.member)
        Subscription.objects.filter(pk=row.pk).update(schedule_id="", next_price=None)
    row.schedule_id, row.next_price = "", None


def note(row: Subscription, kind: str, actor: Actor, *, key: str, **details: Any) -> None:
    """A line of the timeline that says who asked for it; of staff also in the audit trail."""
    with transaction.atomic():
        new = happened(row, kind, key=key, actor=actor, topic="", **details)
        if new and actor.initiated_by != "member":
            audit_record(
                actor=actor.name,
                action=f"subscription.{kind}",
                object_type="subscription",
                object_id=str(row.public_id),
                changes={name: value for name, value in details.items() if name != "comment"},
            )
