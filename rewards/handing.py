"""Handing a reward out: the row of it, what its kind does, code and stock last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from core.actor import Actor
from core.outbox import outbox_add
from loyalty.definition.expiry import After
from loyalty.models import Enrollment
from loyalty.rules.dates import expiry_at, local_day
from rewards import stock
from rewards.kinds import Handing, handler_of, revokers
from rewards.models import Redemption, Reward
from rewards.offering import Option
from rewards.pieces import kind_of, piece_of, zone_of


class Deal(NamedTuple):
    """What, to whom, by whom, when, and for what; option None: for nothing. request, asked: what makes it one and the
    same request, see Redemption; order_number: the order that it is for."""

    reward: Reward
    enrollment: Enrollment
    actor: Actor
    now: datetime
    option: Option | None = None
    request: str | None = None
    asked: dict[str, Any] | None = None
    order_number: str = ""


def hand_out(
    deal: Deal,
    *,
    entry_id: int | None = None,
    hold_id: UUID | None = None,
    reserved_until: datetime | None = None,
    given_for: str | None = None,
) -> Redemption:
    """The redemption with its code and its piece of the stock, which are locked last. SoldOut."""
    reward, option = deal.reward, deal.option
    row = Redemption(
        reward=reward,
        enrollment=deal.enrollment,
        entry_id=entry_id,
        request=deal.request,
        asked=deal.asked,
        order_number=deal.order_number,
        hold_id=hold_id,
        reserved_until=reserved_until,
        given_for=given_for,
        price=option.points if option is not None else 0,
        currency=option.currency if option is not None else "",
        unit_cost_minor=reward.unit_cost_minor,
        state=Redemption.State.RESERVED if reserved_until is not None else Redemption.State.REDEEMED,
        source=deal.actor.source,
        initiated_by=deal.actor.initiated_by,
        actor=deal.actor.name,
        redeemed_at=deal.now,
        use_until=use_until(reward, deal.now),
    )
    if option is not None and option.money_minor:
        row.money_minor, row.money_currency = option.money_minor, option.money_currency
        row.money_state = Redemption.Money.DUE
    if reward.pool_id is not None:
        row.code = stock.code_take(pool_id=reward.pool_id)
    if reward.stock_total is not None:
        start = entry_id if entry_id is not None else deal.enrollment.pk
        row.stock_bucket = stock.stock_take(reward_id=reward.pk, start=start % stock.BUCKETS)
    row.save(force_insert=True)
    return row


def hand_over(row: Redemption, *, actor: Actor, now: datetime) -> None:
    """It is final: what its kind does now, and the word of it to everybody."""
    kind = kind_of(row.reward)
    issue = handler_of(kind).issue
    if issue is not None:
        issue(Handing(row, kind, actor, now))
    _tell("reward.redeemed", row)


def take_back(row: Redemption, *, actor: Actor, now: datetime) -> None:
    """Undo what was done for it; refuses what can't be undone any more."""
    handing = Handing(row, kind_of(row.reward), actor, now)
    for revoke in revokers():
        revoke(handing)


def _tell(topic: str, row: Redemption) -> None:
    told: dict[str, Any] = {"member_id": str(row.enrollment.member.public_id), "redemption_id": str(row.pk)}
    outbox_add(topic, {**told, "reward": row.reward.code})


def use_until(reward: Reward, now: datetime) -> datetime | None:
    """The first moment at which it can't be used any more. Months go by local days: through the day of that date."""
    piece = piece_of(reward)
    if piece.valid_months is not None:
        zone = zone_of(reward.program_id)
        return expiry_at(After(n=piece.valid_months, unit="months"), local_day(now, zone), zone)
    return now + timedelta(days=piece.valid_days) if piece.valid_days is not None else None
