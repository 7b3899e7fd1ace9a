"""Rewards that rules give: free of points, once per act, taken back with the order that gave them while unused."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.acts import ActCall
from loyalty.definition.acteffects import IssueReward
from loyalty.definition.document import Document
from loyalty.definition.problems import Problems, unknown
from loyalty.definition.walking import parts_of
from loyalty.models import Enrollment, Program
from rewards.errors import NotOffered
from rewards.models import Redemption, Reward
from rewards.services import hand_out, redemption_cancel


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
                row = hand_out(reward, enrollment, actor=actor, now=now, given_for=key)
                outbox_add(
                    "reward.redeemed",
                    {
                        "member_id": str(enrollment.member.public_id),
                        "redemption_id": str(row.pk),
                        "reward": reward.code,
                    },
                )
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
    """What was used stays used."""
    rows = Redemption.objects.filter(given_for__startswith=f"{call.key}:", state=Redemption.State.REDEEMED)
    for row in rows.order_by("pk"):
        redemption_cancel(redemption=row, actor=call.actor, reason=_("The order was returned."))


def document_rewards_known(program: Program, document: Document) -> Problems:
    """A rule that gives a reward which isn't there would give nothing. A program without any rewards yet is let be."""
    known = set(Reward.objects.filter(program=program).values_list("code", flat=True))
    if not known:
        return
    for path, effect in parts_of(document, IssueReward):
        if effect.reward not in known:
            yield unknown(f"{path}.reward", "reward", effect.reward, known)
