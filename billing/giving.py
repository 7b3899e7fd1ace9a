"""A period for nothing, given by staff to make something good: the next invoice comes to zero, and then it goes on."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.acting import account_of, change, discounts_with, note, running
from billing.catalog import coupon_ensure
from billing.errors import NotPossibleNow
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
    coupon = coupon_ensure(account_of(row), row.plan, WHOLE, actor)
    change(row, "period_give", {"discounts": discounts_with(row, coupon)}, actor)
    note(row, "period_given", actor, key=begins, **{"from": begins})
    return subscription_sync(row)
