"""What staff do to a member's subscription: the same services as the member's own, with the reason for it kept."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext as _
from msgspec import Struct

from billing.acting import note, reread
from billing.changing import subscription_change_withdraw
from billing.giving import period_give
from billing.leaving import BY_STAFF, subscription_cancel, subscription_keep
from billing.models import Subscription, SubscriptionChange
from billing.pausing import subscription_pause, subscription_resume, subscription_skip
from billing.syncing import subscription_sync
from core.actor import Actor
from core.errors import InvalidInput

Act = Literal["cancel", "cancel_now", "keep", "pause", "skip", "resume", "withdraw", "give", "reread"]
KIND = "staff_act"
LONGEST = 200


class Wish(Struct, frozen=True, kw_only=True):
    """key: the form's own, so that it is done once however often it is sent. months: of a pause."""

    act: Act
    reason: str
    key: str
    months: int = 1


def subscription_act(*, subscription: Subscription, wish: Wish, actor: Actor) -> Subscription:
    """Do it, and keep why on the timeline and in the audit trail. Sent again it does nothing more.

    Not in a transaction: Stripe is asked. InvalidInput, NotPossibleNow, billing.errors; nothing is kept then.
    """
    reason = wish.reason.strip()
    if not reason or len(reason) > LONGEST:
        raise InvalidInput(_("Say why, in 200 characters at most."), field="reason")
    if SubscriptionChange.objects.filter(subscription=subscription, kind=KIND, key=wish.key[:120]).exists():
        return reread(subscription)
    row = _done(reread(subscription), wish, actor)
    note(row, KIND, actor, key=wish.key, act=wish.act, reason=reason)
    return row


def _done(row: Subscription, wish: Wish, actor: Actor) -> Subscription:
    match wish.act:
        case "cancel":
            return subscription_cancel(subscription=row, when="period_end", reason=BY_STAFF, actor=actor)
        case "cancel_now":
            return subscription_cancel(subscription=row, when="now", reason=BY_STAFF, actor=actor)
        case "keep":
            return subscription_keep(subscription=row, actor=actor)
        case "pause":
            return subscription_pause(subscription=row, months=wish.months, actor=actor)
        case "skip":
            return subscription_skip(subscription=row, actor=actor)
        case "resume":
            return subscription_resume(subscription=row, actor=actor)
        case "withdraw":
            return subscription_change_withdraw(subscription=row, actor=actor)
        case "give":
            return period_give(subscription=row, actor=actor)
        case "reread":
            return subscription_sync(row)


def acts_possible(row: Subscription) -> list[Act]:
    """What makes sense as it stands by what is known here; the services have the last word."""
    if row.duplicate or not row.live:
        return ["reread"] if row.connection_id is not None else []
    if row.plan.kind == "free":
        return ["cancel_now"]
    if row.plan.kind != "recurring":
        return ["reread"]
    active = row.billing == Subscription.Billing.ACTIVE
    paused = row.collection_paused or row.pause_began_at is not None or row.billing == Subscription.Billing.PAUSED
    found: list[Act] = []
    if row.cancel_scheduled:
        found.append("keep")
    elif paused:
        found.append("resume")
    elif active:
        found += ["skip", "pause", "give"]
    elif row.billing == Subscription.Billing.TRIALING:
        found.append("give")
    if row.schedule_id:
        found.append("withdraw")
    if not row.cancel_scheduled:
        found.append("cancel")
    return [*found, "cancel_now", "reread"]
