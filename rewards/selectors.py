"""What a member can take, and what it would still need."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from core import clock
from core.errors import DomainError
from loyalty.models import Enrollment
from loyalty.selectors import Balance, balances_of
from rewards.models import Redemption, Reward, RewardStock, WaitingPlace
from rewards.offering import Option, Standing, offer_check, option_of, options_of, standing_of
from rewards.pieces import piece_of
from rewards.reading import rewards_read


class Offer(msgspec.Struct, frozen=True):
    """A reward as one member sees it. missing: points still needed, 0 when affordable.

    reason: why it can't be taken, as a stable code (`insufficient_points`, `sold_out`, `tier_too_low`,
    `limit_reached`, …), None when it can. left: pieces left, None for unlimited. option: the first of the options, or
    what it would cost where there is none for the member.
    """

    reward: Reward
    affordable: bool
    missing: int
    reason: str | None
    left: int | None
    option: Option
    options: tuple[Option, ...] = ()
    waiting: int = 0


def rewards_offered(program_id: int) -> QuerySet[Reward]:
    """Rewards that can be taken now, with `bucket_left` (pieces) and `in_line` (who waits) of the same query."""
    now = clock.now()
    waiting = WaitingPlace.objects.filter(reward=OuterRef("pk"), state=WaitingPlace.State.WAITING)
    pieces = RewardStock.objects.filter(reward=OuterRef("pk")).order_by()
    return (
        Reward.objects.filter(program_id=program_id, active=True, takeable=True)
        .filter(Q(starts_at__isnull=True) | Q(starts_at__lte=now), Q(ends_at__isnull=True) | Q(ends_at__gt=now))
        .annotate(
            bucket_left=Subquery(pieces.values("reward").annotate(n=Sum("remaining")).values("n")),
            in_line=Subquery(waiting.order_by().values("reward").annotate(n=Count("pk")).values("n")),
        )
        .select_related("pool")
    )


def reward_left(reward: Reward) -> int | None:
    """Pieces left of a reward from rewards_offered(); None for unlimited."""
    left: int | None = None
    if reward.stock_total is not None:
        left = getattr(reward, "bucket_left", 0) or 0
    if reward.pool is not None:
        left = reward.pool.left if left is None else min(left, reward.pool.left)
    return left


def rewards_for(enrollment: Enrollment, known: Iterable[Balance] | None = None) -> list[Offer]:
    """Every reward on offer as this member sees it: what can be taken first, then by what is missing.

    known: their balances, where they were just read.
    """
    balances = {each.currency: each.balance for each in (balances_of(enrollment) if known is None else known)}
    now = clock.now()
    standing = standing_of(enrollment, now)
    offers = [offer_seen(reward, standing, balances) for reward in rewards_read(enrollment.program_id, now)]
    return sorted(
        offers, key=lambda each: (each.reason is not None, each.missing, each.reward.position, each.reward.pk)
    )


def offer_seen(reward: Reward, standing: Standing, balances: dict[str, int]) -> Offer:
    """One reward as this member sees it. The redemption itself checks again under the lock."""
    left = reward_left(reward)
    options = options_of(reward, standing)
    # The first that can be paid, else the one that the least is missing for.
    ranked = sorted(options, key=lambda each: max(0, each.points - balances.get(each.currency, 0)))
    option = ranked[0] if ranked else option_of(piece_of(reward).prices[0], standing.money_currency)
    missing = max(0, option.points - balances.get(option.currency, 0))
    reason: str | None = None
    try:
        offer_check(reward, standing)
    except DomainError as refusal:
        reason = refusal.code
    if reason is None and not options:
        reason = "reward_not_offered"
    waiting = getattr(reward, "in_line", 0) or 0
    if reason is None and ((left is not None and left <= 0) or waiting):
        reason = "sold_out"
    if reason is None and missing:
        reason = "insufficient_points"
    return Offer(reward, missing == 0, missing, reason, left, option, tuple(options), waiting)


def offer_of(reward: Reward, enrollment: Enrollment, balances: dict[str, int]) -> Offer:
    return offer_seen(reward, standing_of(enrollment, clock.now(), [reward.pk]), balances)


def redemptions_of(enrollment: Enrollment) -> QuerySet[Redemption]:
    """A member's redemptions, newest first."""
    return (
        Redemption.objects.filter(enrollment=enrollment)
        .select_related("reward__pool", "code", "voucher", "fulfilment", "supplier_order")
        .order_by("-redeemed_at", "-id")
    )


def reward_name(code: str) -> dict[str, str] | None:
    """The name of the reward of that code, by language; None when there is none."""
    row = Reward.objects.filter(code=code).values_list("name", "name_nl").first()
    return {"en": row[0], "nl": row[1] or row[0]} if row is not None else None
