"""Skipping a cycle, pausing for some, and going on. A skip is exactly one cycle and can be taken back before it begins.

All of it stands behind this module: Stripe's newer API has a pause of its own, which can take this one's place here.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from billing.acting import account_of, change, note, running
from billing.boxes.charged import extras_charged_note
from billing.boxes.closing import closed_refuse, skipped_refuse
from billing.errors import NotPossibleNow
from billing.models import Subscription
from billing.operations import operation_run
from billing.planned import change_put_off
from billing.plans import definition_of, section_now
from billing.renewing import renewal_at as renewal_at
from billing.syncing import subscription_sync
from billing.times import months_later, seconds_of
from core import clock
from core.actor import Actor
from core.errors import InvalidInput

Billing = Subscription.Billing
# Collection begins again a day after the last renewal that is left out, long before the next.
AFTER = timedelta(days=1)


def subscription_skip(*, subscription: Subscription, actor: Actor, cycles: int = 1) -> Subscription:
    """Leave out the next cycle, or as many of a plan with boxes as it allows: they aren't charged, and give nothing.
    Not in a transaction.

    NotPossibleNow: in a trial, late with a payment, to end anyway, or paused already; BoxClosed; InvalidInput.
    """
    box = definition_of(subscription.plan).box
    most = max(1, box.most_skips) if box is not None else 1
    if not 1 <= cycles <= most:
        raise InvalidInput(_("Skip 1 to %(n)d.") % {"n": most}, field="cycles")
    row = _pausable(subscription)
    return _pause(row, cycles=cycles, kind="skip_asked", actor=actor)


def subscription_pause(*, subscription: Subscription, months: int, actor: Actor) -> Subscription:
    """Leave out the cycles that begin within so many months. Not in a transaction. InvalidInput, NotPossibleNow."""
    most = section_now(subscription.plan.program_id).most_pause_months
    if not 1 <= months <= most:
        raise InvalidInput(_("Pause for 1 to %(n)d months.") % {"n": most}, field="months")
    row = _pausable(subscription)
    assert row.period_end is not None
    until, cycles = months_later(row.period_end, months), 0
    while renewal_at(row, cycles + 1) <= until:
        cycles += 1
    if not cycles:
        raise NotPossibleNow(_("Nothing is charged in that time, so there is nothing to pause."))
    return _pause(row, cycles=cycles, kind="pause_asked", actor=actor)


def _pausable(subscription: Subscription) -> Subscription:
    row = running(subscription)
    if row.billing != Billing.ACTIVE or row.period_end is None or row.price is None:
        raise NotPossibleNow(_("Only a subscription that is paid up can be paused."), state=row.billing)
    if row.cancel_scheduled:
        raise NotPossibleNow(_("It ends anyway. Take that back first."), state="cancel_scheduled")
    if row.collection_paused:
        raise NotPossibleNow(_("It is paused already."), state="paused")
    closed_refuse(row)
    return row


def _pause(row: Subscription, *, cycles: int, kind: str, actor: Actor) -> Subscription:
    extras_charged_note(row)
    resumes = renewal_at(row, cycles - 1) + AFTER
    params = {"pause_collection": {"behavior": "void", "resumes_at": seconds_of(resumes)}}
    with change_put_off(row, actor):
        change(row, "pause", params, actor)
    note(row, kind, actor, key=clock.now().isoformat(), cycles=cycles, resumes_at=renewal_at(row, cycles).isoformat())
    return subscription_sync(row)


def subscription_resume(*, subscription: Subscription, actor: Actor) -> Subscription:
    """Go on: before the time that is left out has begun, as if nothing had been; within it, with a new period that is
    charged now. After a trial that ended without a card, once there is one. Not in a transaction.

    NotPossibleNow, CardDeclined, billing.errors.
    """
    row = running(subscription)
    if row.billing == Billing.PAUSED:
        return _begin_again(row, actor)
    if not row.collection_paused and row.pause_began_at is None:
        return row
    params: dict[str, object] = {"pause_collection": ""} if row.collection_paused else {}
    within = row.paid_until is not None and row.paid_until <= clock.now()
    if not within:
        skipped_refuse(row)
    if within:
        params |= {
            "billing_cycle_anchor": "now",
            "proration_behavior": "none",
            "payment_behavior": "error_if_incomplete",
        }
    change(row, "resume", params, actor)
    note(row, "resume_asked", actor, key=clock.now().isoformat(), charged=within)
    return subscription_sync(row)


def _begin_again(row: Subscription, actor: Actor) -> Subscription:
    if not row.has_card:
        raise NotPossibleNow(_("Give a card first."), state=row.billing)
    named = str(row.stripe_id)
    operation_run(
        connection=account_of(row), kind="resume_paused", subject=named, actor=actor,
        params={"billing_cycle_anchor": "now"},
        request=lambda v1, given, options: v1.subscriptions.resume(named, given, options),
    )  # fmt: skip
    note(row, "resume_asked", actor, key=clock.now().isoformat(), charged=True)
    return subscription_sync(row)
