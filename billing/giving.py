"""A period for nothing, given by staff to make something good: the next invoice comes to zero, and then it goes on."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.acting import account_of, change, note, running
from billing.catalog import coupon_ensure
from billing.errors import NotPossibleNow
from billing.gateway import ask
from billing.models import Subscription, SubscriptionChange
from billing.section import Intro
from billing.syncing import subscription_sync
from core.actor import Actor

Billing = Subscription.Billing
WHOLE = Intro(percent=Decimal(100), duration="once")


def period_give(*, subscription: Subscription, actor: Actor) -> Subscription:
    """The next period costs nothing; what else is taken off stays. Once for each period: again does nothing more.

    Not in a transaction. NotPossibleNow, billing.errors.
    """
    row = running(subscription)
    if row.billing not in (Billing.ACTIVE, Billing.TRIALING) or row.collection_paused or row.period_end is None:
        raise NotPossibleNow(_("Only of a subscription that is paid up a period can be given."), state=row.billing)
    if row.cancel_scheduled:
        raise NotPossibleNow(_("It ends anyway. Take that back first."), state="cancel_scheduled")
    begins = row.period_end.isoformat()
    if SubscriptionChange.objects.filter(subscription=row, kind="period_given", key=begins).exists():
        return row
    named = str(row.stripe_id)
    there = ask(account_of(row), lambda v1: v1.subscriptions.retrieve(named))["discounts"] or []
    coupon = coupon_ensure(account_of(row), row.plan, WHOLE, actor)
    kept = [{"discount": str(each)} for each in there]
    change(row, "period_give", {"discounts": [*kept, {"coupon": coupon}]}, actor)
    note(row, "period_given", actor, key=begins, **{"from": begins})
    return subscription_sync(row)
