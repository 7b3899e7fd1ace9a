"""A brand leaves an account that the platform opened for it: nothing renews there any more, then it isn't asked again.

What was decided stands as an open request to Stripe (a BillingOperation) from the beginning, so a process that dies on
the way leaves it to the sweep. Stripe would go on charging what renews, and nobody would hear of it: so each membership
is told to end with the period that is paid for first, and a page that somebody may still pay is waited for.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.connecting import account_gone
from billing.errors import NotPossibleNow
from billing.leaving import ACCOUNT_LEAVE, BY_STAFF, subscription_cancel
from billing.models import BillingOperation, Checkout, StripeConnection, Subscription
from billing.sweeping import one_by_one
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput

KIND = ACCOUNT_LEAVE
LONGEST = 200
# Of one account in a round of the sweep: each is a few requests to Stripe.
AT_ONCE = 50
Health, Mode, State = StripeConnection.Health, StripeConnection.Mode, BillingOperation.State


def account_disconnect(*, connection: StripeConnection, reason: str, actor: Actor) -> BillingOperation:
    """Nobody joins there from now on, and the sweep does the rest. Asked for again it is the same wish.

    NotPossibleNow of an account with a key of its own, or one that is disconnected; InvalidInput without a reason.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise InvalidInput(_("Say why, in 200 characters at most."), field="reason")
    with transaction.atomic():
        row = StripeConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.mode != Mode.CONNECT or row.health == Health.DISCONNECTED:
            raise NotPossibleNow(_("Only an account that the platform opened can be disconnected, and once."))
        wish = leaving_now(row)
        if wish is not None:
            return wish
        StripeConnection.objects.filter(pk=row.pk).update(current=False)
        audit_record(
            actor=actor.name, action="stripe.disconnect", object_type="stripeconnection", object_id=row.pk,
            changes={"account": row.account_id, "livemode": row.livemode, "reason": reason},
        )  # fmt: skip
        return BillingOperation.objects.create(
            connection=row, kind=KIND, subject=str(row.public_id), digest="", actor=actor.name[:120],
            made_at=clock.now(),
        )  # fmt: skip


def leaving_now(connection: StripeConnection) -> BillingOperation | None:
    """The wish that is under way."""
    return BillingOperation.objects.filter(connection=connection, kind=KIND, state=State.OPEN).first()


def renewing_at(connection: StripeConnection) -> QuerySet[Subscription]:
    """Memberships that Stripe would charge again."""
    rows = Subscription.objects.filter(connection=connection, plan__kind="recurring", ended_at=None)
    return rows.filter(duplicate=False, cancel_at=None)


def leaves_work() -> int:
    """The sweep's part. How many accounts were left."""
    wishes = BillingOperation.objects.filter(kind=KIND, state=State.OPEN).select_related("connection").order_by("pk")
    return sum(_leave(each) for each in wishes)


def _leave(wish: BillingOperation) -> bool:
    account = wish.connection
    if account.health != Health.DISCONNECTED:
        actor = Actor("staff", wish.actor, "admin")
        rows = list(renewing_at(account).select_related("plan").order_by("pk")[:AT_ONCE])
        ended = one_by_one(
            rows,
            lambda row: subscription_cancel(subscription=row, when="period_end", reason=BY_STAFF, actor=actor),
            "the end of a subscription",
        )
        if ended < len(rows) or _still_open(account):
            return False
        account_gone(connection=account, actor=actor)
    BillingOperation.objects.filter(pk=wish.pk).update(state=State.DONE, done_at=clock.now())
    return True


def _still_open(account: StripeConnection) -> bool:
    """Something renews, or a page is open that may yet be paid: what comes of it has to be heard."""
    pages = Checkout.objects.filter(connection=account, state="open", expires_at__gt=clock.now())
    return renewing_at(account).exists() or pages.exists()
