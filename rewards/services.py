"""Taking a reward and giving it back. Both take the member's lock first and the stock last."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import IdempotencyKeyReused, InvalidInput
from core.outbox import outbox_add
from core.secrets import unseal
from loyalty import ledger
from loyalty.errors import InsufficientPoints, MemberSuspended
from loyalty.models import Enrollment, TierStanding
from loyalty.selectors import accounts_of, document_now, regrant_end
from members.models import Member
from rewards import stock
from rewards.errors import AlreadyCanceled, AlreadyUsed, CodeShown, LimitReached, NotOffered, TierTooLow, UseTooLate
from rewards.models import PoolCode, Redemption, Reward


def reward_redeem(*, enrollment: Enrollment, reward: Reward, actor: Actor, key: str) -> Redemption:
    """Take a reward at once: points, code and stock together or nothing.

    key: makes the request unique to the member; the same key gives the same redemption again, with another reward it
    is refused. Errors: InsufficientPoints, SoldOut, LimitReached, TierTooLow, NotOffered, MemberSuspended, Busy.
    """
    now = clock.now()
    effect = "redeem:" + hashlib.sha256(f"{actor.initiated_by}:{enrollment.pk}:{key}".encode()).hexdigest()[:40]
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        earlier = Redemption.objects.filter(enrollment=enrollment, entry__effect=effect).first()
        if earlier is not None:
            if earlier.reward_id != reward.pk:
                raise IdempotencyKeyReused()
            return earlier
        offer_check(reward=reward, enrollment=enrollment, now=now)
        account = accounts_of(enrollment).filter(currency=reward.currency).first()
        if account is None:
            raise InsufficientPoints(balance=0, price=reward.price)
        entry = ledger.entry_fields(
            kind="spend",
            actor=actor,
            effect=effect,
            reason={"en": reward.name, "nl": reward.name_nl or reward.name},
        )
        spend_id = ledger.points_spend(account_id=account.pk, points=reward.price, now=now, entry=entry)
        redemption = hand_out(reward, enrollment, actor=actor, now=now, entry_id=spend_id)
        member = Member.objects.only("public_id").get(pk=enrollment.member_id)
        outbox_add(
            "reward.redeemed",
            {"member_id": str(member.public_id), "redemption_id": str(redemption.pk), "reward": reward.code},
        )
    return redemption


def offer_check(*, reward: Reward, enrollment: Enrollment, now: datetime) -> None:
    """Refuse what this member can't take now, points and stock aside. Under the member's lock the limit is exact."""
    if not reward.active or reward.program_id != enrollment.program_id:
        raise NotOffered()
    if (reward.starts_at and now < reward.starts_at) or (reward.ends_at and now >= reward.ends_at):
        raise NotOffered()
    if enrollment.member.status != Member.Status.ACTIVE:
        raise MemberSuspended()
    if reward.tiers and not _tier_held(enrollment, reward.tiers, now):
        raise TierTooLow(tiers=list(reward.tiers))
    if reward.limit_per_member is not None:
        # What a rule gave isn't of the member's own taking.
        taken = Redemption.objects.filter(reward=reward, enrollment=enrollment, given_for__isnull=True)
        taken = taken.exclude(state=Redemption.State.CANCELED)
        if taken.count() >= reward.limit_per_member:
            raise LimitReached(limit=reward.limit_per_member)


def _tier_held(enrollment: Enrollment, tiers: list[str], now: datetime) -> bool:
    """A tier whose time is over counts no more, also before the night's work has looked at it."""
    standings = TierStanding.objects.filter(enrollment=enrollment, tier__in=tiers)
    return standings.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now)).exists()


def hand_out(
    reward: Reward,
    enrollment: Enrollment,
    *,
    actor: Actor,
    now: datetime,
    entry_id: int | None = None,
    given_for: str | None = None,
) -> Redemption:
    """Code, then stock, then the row that ties them to the spend, or to what they were given for. SoldOut."""
    code = stock.code_take(pool_id=reward.pool_id) if reward.pool_id is not None else None
    bucket = None
    if reward.stock_total is not None:
        start = entry_id if entry_id is not None else enrollment.pk
        bucket = stock.stock_take(reward_id=reward.pk, start=start % stock.BUCKETS)
    return Redemption.objects.create(
        reward=reward,
        enrollment=enrollment,
        entry_id=entry_id,
        given_for=given_for,
        code=code,
        stock_bucket=bucket,
        price=reward.price if entry_id is not None else 0,
        unit_cost_minor=reward.unit_cost_minor,
        source=actor.source,
        initiated_by=actor.initiated_by,
        actor=actor.name,
        redeemed_at=now,
        use_until=now + timedelta(days=reward.valid_days) if reward.valid_days else None,
    )


def _locked(redemption: Redemption) -> Redemption:
    """The redemption as it stands, under its member's lock and its own."""
    ledger.enrollment_lock(redemption.enrollment_id)
    return (
        Redemption.objects.select_for_update(of=("self",))
        .select_related("reward", "enrollment__member")
        .get(pk=redemption.pk)
    )


def redemption_cancel(*, redemption: Redemption, actor: Actor, reason: str) -> Redemption:
    """Give an unused reward back: points to the lots that they came from, stock freed, the code voided.

    A member can't give a reward with a code back: it was shown to them and works outside of this product. Staff and
    partners may.

    Errors: AlreadyUsed, AlreadyCanceled, CodeShown, InvalidInput without a reason, Busy.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why the reward is canceled."), field="reason")
    now = clock.now()
    with transaction.atomic():
        row = _locked(redemption)
        if row.state == Redemption.State.USED:
            raise AlreadyUsed()
        if row.state == Redemption.State.CANCELED:
            raise AlreadyCanceled()
        if row.code_id is not None and actor.initiated_by == "member":
            raise CodeShown()
        if row.entry_id is not None:
            ledger.points_undo_spend(spend_id=row.entry_id, now=now, entry=_undo_entry(row.reward, actor))
        row.state, row.canceled_at, row.cancel_reason = Redemption.State.CANCELED, now, reason[:200]
        row.save(update_fields=["state", "canceled_at", "cancel_reason"])
        audit_record(
            actor=actor.name,
            action="redemption.cancel",
            object_type="redemption",
            object_id=str(row.pk),
            changes={"reason": reason[:200]},
        )
        member_id = str(row.enrollment.member.public_id)
        outbox_add("redemption.canceled", {"member_id": member_id, "redemption_id": str(row.pk)})
        if row.code_id is not None:
            PoolCode.objects.filter(pk=row.code_id).update(state=PoolCode.State.VOID)
        # A reward that became unlimited meanwhile has its buckets emptied; they don't count then.
        if row.stock_bucket is not None and row.reward.stock_total is not None:
            stock.stock_return(reward_id=row.reward_id, bucket=row.stock_bucket)
    return row


def _undo_entry(reward: Reward, actor: Actor) -> dict[str, Any]:
    reason = {"en": f"Canceled: {reward.name}", "nl": f"Geannuleerd: {reward.name_nl or reward.name}"}
    # Where a return takes what it finds in the balance, it also takes what comes back to it now.
    known = next((each for each in document_now(reward.program_id).currencies if each.code == reward.currency), None)
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
    """Mark a reward as used at the till. Errors: AlreadyUsed, AlreadyCanceled, UseTooLate."""
    now = clock.now()
    with transaction.atomic():
        row = _locked(redemption)
        if row.state == Redemption.State.USED:
            raise AlreadyUsed()
        if row.state == Redemption.State.CANCELED:
            raise AlreadyCanceled()
        if row.use_until is not None and now >= row.use_until:
            raise UseTooLate()
        row.state, row.used_at = Redemption.State.USED, now
        row.save(update_fields=["state", "used_at"])
        member_id = str(row.enrollment.member.public_id)
        outbox_add("redemption.used", {"member_id": member_id, "redemption_id": str(row.pk), "by": actor.name})
    return row


def code_of(redemption: Redemption) -> str | None:
    """The code in the clear, for its owner alone; None when the reward has none or the redemption was canceled."""
    if redemption.code is None or redemption.state == Redemption.State.CANCELED:
        return None
    return unseal(redemption.code.sealed, purpose="pool_code")
