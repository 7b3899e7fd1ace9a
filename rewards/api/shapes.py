"""What the API reads and answers about rewards and redemptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.api.shapes import Body
from rewards.models import Redemption, Reward
from rewards.offering import Option, option_of
from rewards.pieces import money_currency_of, piece_of
from rewards.selectors import reward_left

Program = Annotated[str, Meta(max_length=40, description="Where there are several programs.")]
MemberName = Annotated[
    str, Meta(min_length=1, max_length=130, description="The member's id, or `ext:` and your own id.")
]
State = Literal["reserved", "redeemed", "used", "canceled", "lapsed"]
PayWith = Annotated[str, Meta(max_length=60, description="A key of the reward's options; empty: the first.")]


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
        "not_for_segment",
        "not_in_country",
        "limit_reached",
        "reward_not_offered",
        "member_suspended",
    ] | None  # fmt: skip


class OptionOut(Struct):
    """A way to pay. money_minor: what it costs besides points, 0 for nothing."""

    key: Annotated[str, Meta(description="For `pay_with`: the currency, with money `points+EUR`, or `free`.")]
    points: int
    currency: str
    money_minor: int
    money_currency: str


class RewardOut(Struct):
    """A reward on offer. left null: unlimited. tiers, segments and countries empty: for everyone. options: the ways to
    pay, for the member that was asked for; without one, everybody's. member: only when one was asked for."""

    code: str
    program: str
    name: str
    name_nl: str
    description: str
    description_nl: str
    terms: str
    emoji: str
    picture: Annotated[str, Meta(description="Its address on the brand's host; empty: none.")]
    kind: str
    currency: str
    price: Annotated[int, Meta(description="In minor units of the currency.")]
    options: list[OptionOut]
    tiers: list[str]
    segments: list[str]
    countries: list[str]
    left: int | None
    waiting: Annotated[int, Meta(description="How many wait for a seat.")]
    limit_per_member: int | None
    limit_per_order: int | None
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
    pay_with: PayWith = ""
    reserve_minutes: (
        Annotated[int, Meta(ge=1, le=43_200, description="Hold it for so long, to be captured.")] | None
    ) = None
    order: Annotated[str, Meta(max_length=200, description="Your order that it is taken for.")] = ""


class RedemptionCancel(Body):
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class RedemptionUse(Body):
    """Nothing needs to be said."""


class RedemptionFilters(Struct):
    member: MemberName | None = None
    reward: Annotated[str, Meta(max_length=40)] | None = None
    state: State | None = None


class RedemptionOut(Struct):
    """price: what it cost, in minor units. use_until null: no limit. reserved_until: when a reservation ends by itself.

    money_state: `due` until you confirm the money part, `confirmed` then, empty without one.
    """

    id: UUID
    member: UUID
    program: str
    reward: str
    reward_name: str
    state: State
    currency: str
    price: int
    money_minor: int
    money_currency: str
    money_state: Literal["", "due", "confirmed"]
    reserved_until: datetime | None
    order: Annotated[str, Meta(description="The order that it was taken for, or used on.")]
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


def reward_out(reward: Reward, program: str, member: AffordOut | None, options: Sequence[Option] = ()) -> RewardOut:
    piece = piece_of(reward)
    money = money_currency_of(reward.program_id)
    everyones = [option_of(each, money) for each in piece.prices if not each.tiers and not each.segments]
    first = next(iter(options or everyones), None)
    return RewardOut(
        code=reward.code,
        program=program,
        name=reward.name,
        name_nl=reward.name_nl,
        description=reward.description,
        description_nl=reward.description_nl,
        terms=reward.terms,
        emoji=reward.emoji,
        picture=f"/reward-pictures/{reward.picture}/" if reward.picture else "",
        kind=reward.kind,
        currency=first.currency if first is not None else reward.currency,
        price=first.points if first is not None else reward.price,
        options=[option_out(each) for each in options or everyones],
        tiers=list(reward.tiers),
        segments=list(piece.segments),
        countries=list(piece.countries),
        left=reward_left(reward),
        waiting=getattr(reward, "in_line", 0) or 0,
        limit_per_member=reward.limit_per_member,
        limit_per_order=piece.limit_per_order,
        valid_days=reward.valid_days,
        starts_at=reward.starts_at,
        ends_at=reward.ends_at,
        member=member,
    )


def option_out(option: Option) -> OptionOut:
    return OptionOut(option.key, option.points, option.currency, option.money_minor, option.money_currency)


def redemption_out(redemption: Redemption) -> RedemptionOut:
    """Expects reward, enrollment, its member and program to be fetched."""
    return RedemptionOut(
        id=redemption.pk,
        member=redemption.enrollment.member.public_id,
        program=redemption.enrollment.program.slug,
        reward=redemption.reward.code,
        reward_name=redemption.reward.name,
        state=redemption.state,  # type: ignore[arg-type]  # one of the model's choices
        currency=redemption.currency or redemption.reward.currency,
        price=redemption.price,
        money_minor=redemption.money_minor,
        money_currency=redemption.money_currency,
        money_state=redemption.money_state,  # type: ignore[arg-type]  # one of the model's choices
        reserved_until=redemption.reserved_until,
        order=redemption.order_number,
        source=redemption.source,
        initiated_by=redemption.initiated_by,
        redeemed_at=redemption.redeemed_at,
        use_until=redemption.use_until,
        used_at=redemption.used_at,
        canceled_at=redemption.canceled_at,
        cancel_reason=redemption.cancel_reason,
    )
