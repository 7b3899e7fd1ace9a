"""Leaving, and staying after all. Leaving is at the end of what is paid for, unless it is said otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.access import access_follow
from billing.acting import account_of, change, note, reread, running
from billing.errors import NotPossibleNow, StripeRefused
from billing.locking import member_locked
from billing.models import BillingOperation, Invoice, StripeConnection, Subscription
from billing.operations import operation_run
from billing.planned import change_put_off
from billing.plans import section_now
from billing.promising import promises_of, refund_key, refund_promise
from billing.refunding import invoice_refund
from billing.sharing import unused_since
from billing.syncing import subscription_sync
from billing.timeline import happened
from core import clock
from core.actor import Actor
from core.errors import InvalidInput

Billing = Subscription.Billing
When = Literal["period_end", "now"]
# Stripe's own words for why; ours are kept beside them.
FEEDBACK = {
    "too_expensive": "too_expensive",
    "unused": "unused",
    "missing_features": "missing_features",
    "switched": "switched_service",
    "hard_to_use": "too_complex",
    "service": "customer_service",
    "quality": "low_quality",
    "other": "other",
}
# What only the team's own acts are counted under: no member was asked.
BY_STAFF = "staff"
LONGEST = 500
# The wish that the brand leaves an account (billing.disconnecting), while that is under way.
ACCOUNT_LEAVE = "account_leave"
# A period and the invoice that begins it are seconds apart.
BEFORE_PERIOD = timedelta(hours=1)


def reasons_known(program_id: int) -> dict[str, str]:
    """Every reason that is taken, with what Stripe calls it: the product's own, and the brand's beside them."""
    own = {each.code: FEEDBACK[each.means] for each in section_now(program_id).leave_reasons}
    return {**FEEDBACK, **own}


def subscription_cancel(
    *,
    subscription: Subscription,
    when: When = "period_end",
    reason: str = "other",
    comment: str = "",
    actor: Actor,
) -> Subscription:
    """End it with the period that is paid for, or at once (nothing is paid back by that alone: see refunding).

    One that is to end already stays so. Not in a transaction. NotPossibleNow, InvalidInput, billing.errors.
    """
    known = reasons_known(subscription.plan.program_id)
    if actor.initiated_by == "staff":
        known = {**known, BY_STAFF: "other"}
    if reason not in known:
        raise InvalidInput(_("Choose one of the reasons."), field="reason", hint=", ".join(known))
    if len(comment) > LONGEST:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": LONGEST}, field="comment")
    row = reread(subscription)
    if row.plan.kind == "free":
        return _free_end(row, reason, comment, actor)
    row = running(subscription)
    said = {"cancellation_details": {"feedback": known[reason], "comment": comment or None}}
    said["cancellation_details"] = {k: v for k, v in said["cancellation_details"].items() if v}
    with change_put_off(row, actor):
        if when == "now":
            _end_now(row, said, actor)
        elif not row.cancel_scheduled:
            change(row, "cancel_at_end", {"cancel_at_period_end": True, **said}, actor)
    note(row, "cancel_asked", actor, key=clock.now().isoformat(), when=when, reason=reason, comment=comment)
    return subscription_sync(row)


def _end_now(row: Subscription, said: dict[str, Any], actor: Actor) -> None:
    """At once, and what is owed for it isn't asked for any more."""
    named = str(row.stripe_id)
    operation_run(
        connection=account_of(row), kind="cancel_now", subject=named, actor=actor,
        params={"prorate": False, "invoice_now": False, **said},
        request=lambda v1, given, options: v1.subscriptions.cancel(named, given, options),
    )  # fmt: skip
    invoices_void(row, actor)


def invoices_void(row: Subscription, actor: Actor) -> None:
    """What is open of it is owed no more."""
    for invoice in Invoice.objects.filter(subscription=row, status=Invoice.Status.OPEN):
        named = invoice.stripe_id
        try:
            operation_run(
                connection=account_of(row), kind="invoice_void", subject=named, params={}, actor=actor,
                request=lambda v1, given, options: v1.invoices.void_invoice(named, given, options),  # noqa: B023  (called at once)
            )  # fmt: skip
        except StripeRefused:
            # Paid or void meanwhile; reading tells.
            continue


def _free_end(row: Subscription, reason: str, comment: str, actor: Actor) -> Subscription:
    if not row.live:
        raise NotPossibleNow(_("The subscription doesn’t run."), state=row.billing)
    now = clock.now()
    with transaction.atomic():
        member_locked(row.member)
        row.billing, row.ended_at, row.canceled_at = Billing.CANCELED, now, now
        row.save(update_fields=["billing", "ended_at", "canceled_at"])
        note(row, "cancel_asked", actor, key=now.isoformat(), when="now", reason=reason, comment=comment)
        happened(row, "ended", at=now, actor=actor)
        access_follow(row.member)
    return reread(row)


def subscription_keep(*, subscription: Subscription, actor: Actor) -> Subscription:
    """Take back that it is to end. Not in a transaction. NotPossibleNow, billing.errors."""
    row = running(subscription)
    if not row.cancel_scheduled:
        return row
    if account_left(row):
        raise NotPossibleNow(
            _("It ends with what is paid for: the account that it is paid through is being closed."),
            state="cancel_scheduled",
        )
    # cancel_at alone is how Stripe's own portal says it; false takes back the one, an empty text the other.
    try:
        change(row, "cancel_undo", {"cancel_at_period_end": False}, actor)
    except StripeRefused:
        change(row, "cancel_undo", {"cancel_at": ""}, actor)
    row = subscription_sync(row)
    if row.cancel_scheduled:
        change(row, "cancel_undo", {"cancel_at": ""}, actor)
        row = subscription_sync(row)
    note(row, "keep_asked", actor, key=clock.now().isoformat())
    return row


def account_left(row: Subscription) -> bool:
    """Whether the brand is leaving the account that this is paid through, or has: all that renews there is to end."""
    if row.connection is not None and row.connection.health == StripeConnection.Health.DISCONNECTED:
        return True
    wishes = BillingOperation.objects.filter(kind=ACCOUNT_LEAVE, state=BillingOperation.State.OPEN)
    return wishes.filter(connection=row.connection_id).exists()


# --- money back on leaving -------------------------------------------------------------------------------------------
class MoneyBack(Struct, frozen=True):
    """What who leaves now gets back, and why: withdrawal (within so many days of the first payment) or unused."""

    invoices: tuple[Invoice, ...]
    why: Literal["withdrawal", "unused"]

    @property
    def amount_minor(self) -> int:
        return sum(each.paid_minor - each.refunded_minor for each in self.invoices)

    @property
    def currency(self) -> str:
        return self.invoices[0].currency


def money_back(subscription: Subscription) -> MoneyBack | None:
    """By the brand's terms, as of now; None where leaving brings nothing back. Who withdraws gets all that was paid
    since joining, with what was added or changed meanwhile; it is one contract. What was paid at an account that was
    disconnected can't be paid back from here."""
    row = reread(subscription)
    rows = Invoice.objects.filter(subscription=row, status=Invoice.Status.PAID, paid_minor__gt=0)
    paid = list(rows.select_related("connection"))
    if not paid or not row.live or row.charged_at is None:
        return None
    section, now, first = section_now(row.plan.program_id), clock.now(), paid[-1]
    if section.withdrawal_days and now < _paid_at(first) + timedelta(days=section.withdrawal_days):
        return _back(paid, "withdrawal")
    if not section.refund_unused:
        return None
    period = [each for each in paid if row.period_start and each.created_at >= row.period_start - BEFORE_PERIOD]
    if period and unused_since(row, _paid_at(period[-1])):
        return _back(period, "unused")
    return _back(paid[:1], "unused") if unused_since(row, row.charged_at) else None


def _paid_at(invoice: Invoice) -> datetime:
    return invoice.paid_at or invoice.created_at


def _back(invoices: list[Invoice], why: Literal["withdrawal", "unused"]) -> MoneyBack | None:
    """Of those of which something is left; None where nothing is."""
    gone = StripeConnection.Health.DISCONNECTED
    left = tuple(each for each in invoices if each.refunded_minor < each.paid_minor and each.connection.health != gone)
    return MoneyBack(left, why) if left else None


def subscription_leave_refunded(
    *, subscription: Subscription, reason: str = "other", comment: str = "", actor: Actor
) -> Subscription:
    """Leave at once and get money back, where the terms say so. Not in a transaction. NotPossibleNow where they don't;
    what was left and not paid back, since the answer was lost on the way, is paid back then."""
    back = money_back(subscription)
    if back is None:
        if promises_of(subscription=reread(subscription), actor=actor):
            return reread(subscription)
        raise NotPossibleNow(_("Leaving now brings no money back. Leave at the end of the period instead."))
    row = subscription
    if row.plan.kind == "recurring":
        for invoice in back.invoices:
            refund_promise(subscription=row, invoice=invoice, why=back.why, actor=actor)
        row = subscription_cancel(subscription=row, when="now", reason=reason, comment=comment, actor=actor)
    for invoice in back.invoices:
        key = refund_key(back.why, invoice)
        invoice_refund(invoice=invoice, amount_minor=None, reason=back.why, key=key, actor=actor)
    return subscription_sync(row)
