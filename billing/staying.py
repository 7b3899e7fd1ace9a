"""The brand's ladder for who is about to leave: reason, pause or skip, one offer, confirm. Leaving is one click away on
every step, and each step is counted."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.acting import account_of, change, discounts_with, note, reread, running
from billing.catalog import coupon_ensure
from billing.errors import NotPossibleNow
from billing.leaving import MoneyBack, money_back
from billing.models import Subscription, SubscriptionChange
from billing.plans import section_now
from billing.section import Intro
from billing.syncing import subscription_sync
from billing.timeline import happened
from core import clock
from core.actor import Actor

Step = Literal["reason", "pause", "offer", "confirm"]
STEPS: tuple[Step, ...] = ("reason", "pause", "offer", "confirm")


class Ladder(Struct, frozen=True, kw_only=True):
    """What is put to this member, in its order. offer: only to who never took one. back: what leaving now pays back."""

    steps: tuple[Step, ...]
    offer: Intro | None
    most_pause_months: int
    back: MoneyBack | None


def ladder_of(subscription: Subscription) -> Ladder:
    """By the brand's terms and how the subscription stands."""
    row = reread(subscription)
    section = section_now(row.plan.program_id)
    pausable = row.billing == Subscription.Billing.ACTIVE and not row.collection_paused and not row.cancel_scheduled
    offer = None if offer_taken(row) else _offer_for(row)
    can = {
        "reason": True,
        "pause": pausable and bool(section.most_pause_months) and row.plan.kind == "recurring",
        "offer": offer is not None,
    }
    steps: list[Step] = [each for each in section.leave_steps if can[each]]
    return Ladder(
        steps=(*steps, "confirm"),
        offer=offer if "offer" in steps else None,
        most_pause_months=section.most_pause_months,
        back=money_back(row),
    )


def _offer_for(row: Subscription) -> Intro | None:
    """The brand's offer, where it takes something off this member's price."""
    offer = section_now(row.plan.program_id).stay_offer
    fits = offer is not None and row.price is not None and offer.fits(row.price.currency)
    return offer if fits and row.plan.kind == "recurring" else None


def offer_taken(row: Subscription) -> bool:
    """By the member, on whatever subscription: once is once."""
    return SubscriptionChange.objects.filter(subscription__member_id=row.member_id, kind="offer_taken").exists()


def offer_take(*, subscription: Subscription, actor: Actor) -> Subscription:
    """Stay, with the money off besides what is taken off already. Once per member. Not in a transaction.
    NotPossibleNow, billing.errors."""
    row = running(subscription)
    offer = _offer_for(row)
    if offer is None or offer_taken(row) or "offer" not in section_now(row.plan.program_id).leave_steps:
        raise NotPossibleNow(_("There is no offer, or it was taken already."))
    coupon = coupon_ensure(account_of(row), row.plan, offer, actor)
    params = {"discounts": discounts_with(row, coupon), "cancel_at_period_end": False}
    change(row, "stay_offer", params, actor)
    note(row, "offer_taken", actor, key="")
    return subscription_sync(row)


def step_note(*, subscription: Subscription, step: Step, actor: Actor) -> None:
    """A step of the ladder was shown, counted once a day for each subscription."""
    if step not in STEPS:
        return
    row = reread(subscription)
    with transaction.atomic():
        happened(row, "cancel_step", key=f"{step}:{clock.now().date()}", actor=actor, topic="", step=step)
