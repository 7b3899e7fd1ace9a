"""Taking a reward, at once or reserved first, and giving it back. All take the member's lock first and stock last."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import IdempotencyKeyReused, InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.errors import InsufficientPoints
from loyalty.holding import points_hold, points_release
from loyalty.models import Enrollment
from loyalty.selectors import accounts_of, document_now, regrant_end
from rewards import stock
from rewards.errors import (
    AlreadyCanceled,
    AlreadyUsed,
    CodeShown,
    ContentSeen,
    DonationGiven,
    ReservationOver,
    SoldOut,
    StillReserved,
    UseTooLate,
)
from rewards.handing import Deal, hand_out, hand_over, take_back
from rewards.kinds import readiers
from rewards.kinds.shapes import Experience
from rewards.models import Donation, PoolCode, Redemption, Reward, Voucher, WaitingPlace
from rewards.offering import Option, offer_check, option_chosen, options_of, order_limit_check, standing_of
from rewards.opening import content_shown
from rewards.pieces import kind_of, piece_of

State = Redemption.State
# Who keeps the holds of reservations: the API of holds leaves them alone.
KEPT_FOR = "redemption"


def reward_redeem(
    *,
    enrollment: Enrollment,
    reward: Reward,
    actor: Actor,
    key: str,
    pay_with: str = "",
    reserve: timedelta | None = None,
    promoted: bool = False,
    order_number: str = "",
    at: datetime | None = None,
) -> Redemption:
    """Take a reward: points, code and stock together or nothing. What costs money besides is reserved until it is paid.

    key: makes the request unique to the member; the same key gives the same redemption again, with another reward, way
    to pay, time to hold it or order it is refused. pay_with: one of the ways to pay, the first when empty. reserve:
    hold everything for so long, to be captured or canceled. order_number: the order that it is taken for. promoted:
    from the waiting list, which others don't overtake. at: the night that issues it.

    IdempotencyKeyReused, InsufficientPoints, SoldOut, LimitReached, TierTooLow, NotForSegment, NotInCountry,
    NotOffered, PayUnknown, MemberSuspended, Busy.
    """
    now = at or clock.now()
    request = "redeem:" + hashlib.sha256(f"{actor.initiated_by}:{enrollment.pk}:{key}".encode()).hexdigest()[:40]
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        asked = _asked(pay_with, reserve, order_number)
        if (earlier := _earlier(enrollment, request, reward, asked)) is not None:
            return earlier
        fresh = Reward.objects.select_related("pool").get(pk=reward.pk)
        standing = standing_of(enrollment, now, [fresh.pk])
        offer_check(fresh, standing)
        order_limit_check(fresh, order_number)
        option = option_chosen(options_of(fresh, standing), pay_with)
        deal = Deal(fresh, enrollment, actor, now, option, request, asked, order_number)
        if not promoted and WaitingPlace.objects.filter(reward=fresh, state=WaitingPlace.State.WAITING).exists():
            raise SoldOut()
        if reserve is None and not option.money_minor:
            return _taken(deal, option)
        return _reserved(deal, option, reserve or timedelta(minutes=piece_of(fresh).hold_minutes))


def _asked(pay_with: str, reserve: timedelta | None, order_number: str) -> dict[str, Any]:
    seconds = reserve.total_seconds() if reserve is not None else None
    return {"pay_with": pay_with, "reserve_seconds": seconds, "order_number": order_number}


def _earlier(enrollment: Enrollment, request: str, reward: Reward, asked: dict[str, Any]) -> Redemption | None:
    """What the same request made before. IdempotencyKeyReused where it asked for something else."""
    rows = Redemption.objects.filter(enrollment=enrollment)
    found = rows.filter(request=request).first() or rows.filter(entry__effect=request).first()
    if found is not None and (found.reward_id != reward.pk or found.asked not in (None, asked)):
        raise IdempotencyKeyReused()
    return found


def _taken(deal: Deal, option: Option) -> Redemption:
    entry_id = _spend(deal, option) if option.points else None
    row = hand_out(deal, entry_id=entry_id)
    hand_over(row, actor=deal.actor, now=deal.now)
    return row


def _spend(deal: Deal, option: Option) -> int:
    account = accounts_of(deal.enrollment).filter(currency=option.currency).first()
    if account is None:
        raise InsufficientPoints(balance=0, price=option.points)
    effect = deal.request or ""
    entry = ledger.entry_fields(kind="spend", actor=deal.actor, effect=effect, reason=_named(deal.reward))
    return ledger.points_spend(account_id=account.pk, points=option.points, now=deal.now, entry=entry)


def _named(reward: Reward) -> dict[str, str]:
    return {"en": reward.name, "nl": reward.name_nl or reward.name}


def _reserved(deal: Deal, option: Option, lasts: timedelta) -> Redemption:
    """Points held, code and stock set aside, until it is captured, canceled, or the time is up."""
    hold = None
    if option.points:
        hold = points_hold(
            enrollment=deal.enrollment,
            currency=option.currency,
            points=option.points,
            actor=deal.actor,
            key=deal.request or "",
            lasts=lasts,
            reason=_named(deal.reward),
        )
    until = hold.expires_at if hold is not None else deal.now + lasts
    row = hand_out(deal, hold_id=hold.pk if hold is not None else None, reserved_until=until)
    outbox_add("reward.reserved", told_of(row))
    return row


def told_of(row: Redemption, **more: Any) -> dict[str, Any]:
    return {
        "member_id": str(row.enrollment.member.public_id),
        "redemption_id": str(row.pk),
        "reward": row.reward.code,
        **more,
    }


def _locked(redemption: Redemption) -> Redemption:
    """The redemption as it stands, under its member's lock and its own."""
    ledger.enrollment_lock(redemption.enrollment_id)
    return (
        Redemption.objects.select_for_update(of=("self",))
        .select_related("reward__pool", "enrollment__member", "hold__account", "code")
        .get(pk=redemption.pk)
    )


def redemption_cancel(*, redemption: Redemption, actor: Actor, reason: str) -> Redemption:
    """Give an unused reward back: points to the lots that they came from, stock freed, the code voided.

    A member can't give a reward with a code out of a pool back: it was shown to them and works outside of this product;
    nor content that is open to them, nor a donation. Staff and partners may. Money that was paid besides is the
    partner's to give back; the message says how much.

    Errors: AlreadyUsed, AlreadyCanceled, CodeShown, ContentSeen, DonationGiven, ParcelSent, InvalidInput without a
    reason, Busy.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why the reward is canceled."), field="reason")
    now = clock.now()
    with transaction.atomic():
        row = _locked(redemption)
        _cancelable(row, actor)
        unseen = row.state == State.RESERVED
        if unseen:
            _release(row, actor)
        else:
            take_back(row, actor=actor, now=now)
            # What was refunded while it was used, before the use was put back, isn't given twice.
            if row.entry_id is not None and row.refunded_at is None:
                ledger.points_undo_spend(spend_id=row.entry_id, now=now, entry=undo_entry(row, actor))
        row.state, row.canceled_at, row.cancel_reason = State.CANCELED, now, reason[:200]
        row.save(update_fields=["state", "canceled_at", "cancel_reason"])
        audit_record(
            actor=actor.name,
            action="redemption.cancel",
            object_type="redemption",
            object_id=str(row.pk),
            changes={"reason": reason[:200]},
        )
        outbox_add("redemption.canceled", told_of(row, **_money_back(row)))
        free_up(row, unseen=unseen)
    return row


def _cancelable(row: Redemption, actor: Actor) -> None:
    if row.state == State.USED:
        raise AlreadyUsed()
    if row.state == State.CANCELED:
        raise AlreadyCanceled()
    if row.state == State.LAPSED:
        raise ReservationOver()
    # Of a reservation nothing was ever shown.
    if actor.initiated_by == "member" and row.state == State.REDEEMED:
        if row.code_id is not None:
            raise CodeShown()
        if content_shown(row.reward):
            raise ContentSeen()
        if Donation.objects.filter(redemption=row).exists():
            raise DonationGiven()


def _release(row: Redemption, actor: Actor) -> None:
    """The points of a reservation go back. ReservationOver when its time was up: the sweep closes it."""
    if row.reserved_until is not None and clock.now() >= row.reserved_until:
        raise ReservationOver()
    if row.hold is not None:
        points_release(hold=row.hold, actor=actor, kept_for=KEPT_FOR)


def _money_back(row: Redemption) -> dict[str, Any]:
    if row.money_state != Redemption.Money.CONFIRMED:
        return {}
    money = {"amount_minor": row.money_minor, "currency": row.money_currency, "reference": row.money_reference}
    return {"money_back": money}


def free_up(row: Redemption, *, unseen: bool) -> None:
    """The stock is back; whoever waits for a seat is told by the outbox, outside of these locks.

    unseen: of a reservation, whose code nobody was shown: the pool has it again. Any other code is void.
    """
    if row.code is not None and unseen:
        stock.code_return(code_id=row.code.pk, pool_id=row.code.pool_id)
        row.code = None
        row.save(update_fields=["code"])
    elif row.code_id is not None:
        PoolCode.objects.filter(pk=row.code_id).update(state=PoolCode.State.VOID)
    # Whoever joins the line at this moment isn't seen from here, and was told that there is no seat.
    kind = kind_of(row.reward)
    waits = WaitingPlace.objects.filter(reward_id=row.reward_id, state=WaitingPlace.State.WAITING)
    if (isinstance(kind, Experience) and kind.waiting_list) or waits.exists():
        outbox_add("seat.freed", {"reward_id": row.reward_id})
    if row.stock_bucket is not None:
        stock.stock_return(reward_id=row.reward_id, bucket=row.stock_bucket)


def undo_entry(row: Redemption, actor: Actor) -> dict[str, Any]:
    reward = row.reward
    reason = {"en": f"Canceled: {reward.name}", "nl": f"Geannuleerd: {reward.name_nl or reward.name}"}
    # Where a return takes what it finds in the balance, it also takes what comes back to it now.
    currency = row.currency or reward.currency
    known = next((each for each in document_now(reward.program_id).currencies if each.code == currency), None)
    collect = known is None or known.refund_policy == "within_balance"
    return ledger.entry_fields(
        kind="reverse",
        actor=actor,
        effect="",
        reason=reason,
        collect_forgiven=collect,
        regrant_until=regrant_end(reward.program_id, known.restore_policy) if known is not None else None,
    )


def redemption_use(*, redemption: Redemption, actor: Actor) -> Redemption:
    """Mark a reward as used at the till. Errors: AlreadyUsed, AlreadyCanceled, UseTooLate, StillReserved."""
    now = clock.now()
    with transaction.atomic():
        row = _locked(redemption)
        usable_check(row, now)
        if Voucher.objects.filter(redemption=row, balance_minor__isnull=False).exists():
            raise InvalidInput(_("This has a balance: say by its code how much of it is used."), field="redemption")
        mark_used(row, actor=actor, now=now)
    return row


def usable_check(row: Redemption, now: datetime) -> None:
    if row.state == State.USED:
        raise AlreadyUsed()
    if row.state == State.CANCELED:
        raise AlreadyCanceled()
    if row.state == State.LAPSED:
        raise ReservationOver()
    if row.state == State.RESERVED:
        raise StillReserved()
    if row.use_until is not None and now >= row.use_until:
        raise UseTooLate()
    for ready in readiers():
        ready(row)


def mark_used(row: Redemption, *, actor: Actor, now: datetime) -> None:
    """Used up, and the word of it; under the redemption's lock. A voucher of it goes with it."""
    row.state, row.used_at = State.USED, now
    row.save(update_fields=["state", "used_at"])
    Voucher.objects.filter(redemption=row, state=Voucher.State.ACTIVE).update(state=Voucher.State.USED)
    outbox_add("redemption.used", told_of(row, by=actor.name))
