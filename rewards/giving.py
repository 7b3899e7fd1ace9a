"""Rewards that rules give: free of points, once per act, taken back with the order that gave them while unused."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from draws.errors import SweepstakeClosed
from loyalty import ledger
from loyalty.acts import ActCall
from loyalty.models import Enrollment
from rewards.errors import AlreadyUsed, NotOffered, ParcelSent
from rewards.handing import Deal, hand_out, hand_over
from rewards.models import Redemption, Reward
from rewards.services import redemption_cancel
from rewards.suppliers.errors import DeliveredBySupplier


def reward_give(
    *, enrollment: Enrollment, reward: Reward, quantity: int, given_for: str, actor: Actor
) -> list[Redemption]:
    """Give so many pieces of a reward for nothing. given_for names the cause: again for the same gives the same.

    Neither the tier nor the limit per member is asked: the rule decided. NotOffered of another program's, SoldOut.
    """
    if reward.program_id != enrollment.program_id:
        raise NotOffered()
    now = clock.now()
    given = []
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        for number in range(quantity):
            key = f"{given_for}:{number}"
            row = Redemption.objects.filter(given_for=key).first()
            if row is None:
                row = hand_out(Deal(reward, enrollment, actor, now), given_for=key)
                hand_over(row, actor=actor, now=now)
            given.append(row)
    return given


def act_give(call: ActCall) -> None:
    """`issue_reward`. Sold out or unknown: it is tried again for a day, then left for a person to look at."""
    place = call.enrollment()
    if place is None:
        return
    with transaction.atomic():
        # A return is booked under the same lock: one that comes now finds what was given.
        ledger.enrollment_lock(place.pk)
        if call.undone():
            return
        reward = Reward.objects.filter(program_id=place.program_id, code=call.params["reward"]).first()
        if reward is None:
            raise NotOffered()
        quantity = int(call.params.get("quantity", 1))
        reward_give(enrollment=place, reward=reward, quantity=quantity, given_for=call.key, actor=call.actor)


def act_take_back(call: ActCall) -> None:
    """What was used stays used, and what was delivered, is on its way or in a closed draw is as good as that."""
    rows = Redemption.objects.filter(given_for__startswith=f"{call.key}:", state=Redemption.State.REDEEMED)
    for row in rows.order_by("pk"):
        with suppress(AlreadyUsed, DeliveredBySupplier, ParcelSent, SweepstakeClosed):
            redemption_cancel(redemption=row, actor=call.actor, reason=_("The order was returned."))
