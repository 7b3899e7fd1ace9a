"""Mails about rewards: to the team when a pool or a stock runs low, to a member whose turn it is on a waiting list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.outbox import Message, handler
from members.letters import letter_queue
from members.models import Member, User
from members.roles import MARKETER, OWNER
from members.selectors import member_by_public_id
from rewards.models import CodePool, Redemption, Reward
from rewards.pieces import zone_of


@handler("pool.low")
def pool_low(message: Message) -> None:
    """To everybody who can import more; told once until there are enough again, see CodePool.warned."""
    pool = CodePool.objects.filter(pk=message.payload["pool_id"]).first()
    if pool is None:
        return
    for user in team():
        letter_queue(
            kind="pool_low", to=user.email, language=user.language, pool=pool.name, left=message.payload["left"],
            path=f"/admin/rewards/codepool/{pool.pk}/change/",
        )  # fmt: skip


@handler("stock.low")
def stock_low(message: Message) -> None:
    """To everybody who can order more; told once until there is more again, see rewards/lowstock.py."""
    reward = Reward.objects.filter(pk=message.payload["reward_id"]).first()
    if reward is None:
        return
    for user in team():
        letter_queue(
            kind="stock_low", to=user.email, language=user.language,
            reward=reward.name_nl if user.language == "nl" and reward.name_nl else reward.name,
            left=message.payload["left"], path=f"/admin/rewards/reward/{reward.pk}/change/",
        )  # fmt: skip


def team() -> Iterable[User]:
    """Who sees to it that there is something to take."""
    return User.objects.filter(groups__name__in=(OWNER, MARKETER), is_active=True).distinct().order_by("pk")


@handler("waiting.promoted")
def seat_free(message: Message) -> None:
    """It is theirs, or held until they confirm: with the moment, in the program's time zone."""
    member = member_by_public_id(message.payload["member_id"])
    rows = Redemption.objects.select_related("reward").filter(pk=message.payload["redemption_id"])
    redemption = rows.first()
    if member is None or redemption is None or not member.email or member.status != Member.Status.ACTIVE:
        return
    reward, until = redemption.reward, message.payload.get("until")
    letter_queue(
        kind="seat_free",
        to=member.email,
        language=member.language,
        name=member.name,
        reward=reward.name_nl if member.language == "nl" and reward.name_nl else reward.name,
        until=datetime.fromisoformat(until).astimezone(zone_of(reward.program_id)) if until else None,
        money=redemption.money_state == "due",
        path=f"/my-rewards/{redemption.pk}/",
    )
