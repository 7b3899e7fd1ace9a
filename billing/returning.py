"""Back from Stripe's page: what it brought is read at once, so that nobody waits for a webhook to see it."""

from __future__ import annotations

from billing.cards import card_taken
from billing.errors import SubscriptionNotFound
from billing.gateway import ask
from billing.models import Checkout, Subscription
from billing.syncing import customer_sync
from members.models import Member

State = Checkout.State


def checkout_return(*, member: Member, session: str) -> Checkout:
    """The page as it stands now, and the member's rows in line with it. The webhook does the same again, which is
    nothing. Not in a transaction. SubscriptionNotFound where the page is none of the member's; StripeUnavailable."""
    rows = Checkout.objects.select_related("connection", "subscription")
    row = rows.filter(member=member, stripe_id=session[:120]).first()
    if row is None:
        raise SubscriptionNotFound()
    named = row.stripe_id
    told = ask(row.connection, lambda v1: v1.checkout.sessions.retrieve(named))
    if told["status"] == State.COMPLETE:
        Checkout.objects.filter(pk=row.pk).update(state=State.COMPLETE)
        if row.purpose == Checkout.Purpose.CARD:
            card_taken(row.connection, named)
        elif told.get("customer"):
            customer_sync(row.connection, str(told["customer"]))
    elif told["status"] == State.EXPIRED:
        Checkout.objects.filter(pk=row.pk, state=State.OPEN).update(state=State.EXPIRED)
    return rows.get(pk=row.pk)


def trial_refused(page: Checkout) -> bool:
    """Whether what the page brought was a second trial, which was ended again at once: nothing was charged."""
    rows = Subscription.objects.filter(member_id=page.member_id, price_id=page.price_id, duplicate=True)
    return rows.filter(created_at__gte=page.created_at, changes__kind="trial_refused").exists()
