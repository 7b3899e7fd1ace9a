"""What the API reads and answers about rewards and redemptions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.api.shapes import Body
from rewards.models import Redemption, Reward
from rewards.selectors import reward_left

Program = Annotated[str, Meta(max_length=40, description="Where there are several programs.")]
MemberName = Annotated[
    str, Meta(min_length=1, max_length=130, description="The member's id, or `ext:` and your own id.")
]
State = Literal["redeemed", "used", "canceled"]


class RewardFilters(Struct):
    member: Annotated[MemberName | None, Meta(description="Say for this member what can be taken.")] = None
    program: Program | None = None


class AffordOut(Struct):
    """For the member that was asked for. reason: why it can't be taken, as a code; null when it can."""

    affordable: bool
    missing: Annotated[int, Meta(description="Points still needed, in minor units.")]
    reason: Literal[
        "insufficient_points",
        "sold_out",
        "tier_too_low",
        "limit_reached",
        "reward_not_offered",
        "member_suspended",
    ] | None  # fmt: skip


class RewardOut(Struct):
    """A reward on offer. left null: unlimited. tiers empty: for everyone. member: only when one was asked for."""

    code: str
    program: str
    name: str
    name_nl: str
    description: str
    description_nl: str
    terms: str
    emoji: str
    currency: str
    price: Annotated[int, Meta(description="In minor units of the currency.")]
    tiers: list[str]
    left: int | None
    limit_per_member: int | None
    valid_days: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    member: AffordOut | None


class RewardsOut(Struct):
    results: list[RewardOut]


class RedemptionCreate(Body):
    member: MemberName
    reward: Annotated[str, Meta(min_length=1, max_length=40, description="The reward's code.")]
    program: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class RedemptionCancel(Body):
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class RedemptionUse(Body):
    """Nothing needs to be said."""


class RedemptionFilters(Struct):
    member: MemberName | None = None
    reward: Annotated[str, Meta(max_length=40)] | None = None
    state: State | None = None


class RedemptionOut(Struct):
    """price: what it cost, in minor units. use_until null: no limit."""

    id: UUID
    member: UUID
    program: str
    reward: str
    reward_name: str
    state: State
    currency: str
    price: int
    source: str
    initiated_by: str
    redeemed_at: datetime
    use_until: datetime | None
    used_at: datetime | None
    canceled_at: datetime | None
    cancel_reason: str


class RedemptionDetail(RedemptionOut):
    """code: what the member shows or types in; null when the reward has none or the redemption was canceled."""

    code: str | None


def reward_out(reward: Reward, program: str, member: AffordOut | None) -> RewardOut:
    return RewardOut(
        code=reward.code,
        program=program,
        name=reward.name,
        name_nl=reward.name_nl,
        description=reward.description,
        description_nl=reward.description_nl,
        terms=reward.terms,
        emoji=reward.emoji,
        currency=reward.currency,
        price=reward.price,
        tiers=list(reward.tiers),
        left=reward_left(reward),
        limit_per_member=reward.limit_per_member,
        valid_days=reward.valid_days,
        starts_at=reward.starts_at,
        ends_at=reward.ends_at,
        member=member,
    )


def redemption_out(redemption: Redemption) -> RedemptionOut:
    """Expects reward, enrollment, its member and program to be fetched."""
    return RedemptionOut(
        id=redemption.pk,
        member=redemption.enrollment.member.public_id,
        program=redemption.enrollment.program.slug,
        reward=redemption.reward.code,
        reward_name=redemption.reward.name,
        state=redemption.state,  # type: ignore[arg-type]
        currency=redemption.reward.currency,
        price=redemption.price,
        source=redemption.source,
        initiated_by=redemption.initiated_by,
        redeemed_at=redemption.redeemed_at,
        use_until=redemption.use_until,
        used_at=redemption.used_at,
        canceled_at=redemption.canceled_at,
        cancel_reason=redemption.cancel_reason,
    )
