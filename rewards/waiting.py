"""Waiting for a seat: who comes too late joins a line, and a seat that is freed goes to the first who can take it.

A seat is freed under the locks of whoever gives it back, so the next in line gets it outside of them, by the outbox,
one per message. As long as somebody waits, nobody overtakes them.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.actor import Actor, system
from core.errors import Conflict, DomainError
from core.outbox import Message, handler, outbox_add
from loyalty import ledger
from loyalty.models import Enrollment
from rewards.errors import NotReserved, SoldOut
from rewards.kinds.shapes import Experience
from rewards.models import Redemption, Reward, WaitingPlace
from rewards.offering import offer_check, option_chosen, options_of, standing_of
from rewards.pieces import kind_of
from rewards.reserving import redemption_capture
from rewards.services import reward_redeem
from rewards.stock import stock_left

State = WaitingPlace.State
FREED = "seat.freed"
# Hours, where the brand doesn't say.
PAY_WITHIN = 24


class NoWaitingList(Conflict):
    code = "no_waiting_list"
    title = _("There is no waiting list for this.")


class SeatsLeft(Conflict):
    code = "seats_left"
    title = _("There are seats left: take one.")


def waiting_join(*, enrollment: Enrollment, reward: Reward, pay_with: str = "", actor: Actor) -> WaitingPlace:
    """A place at the end of the line; who has one keeps it. NoWaitingList, SeatsLeft, and what offer_check refuses."""
    now = clock.now()
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        known = WaitingPlace.objects.filter(reward=reward, enrollment=enrollment, state=State.WAITING).first()
        if known is not None:
            return known
        kind = kind_of(reward)
        if not isinstance(kind, Experience) or not kind.waiting_list:
            raise NoWaitingList()
        standing = standing_of(enrollment, now, [reward.pk])
        offer_check(reward, standing)
        option_chosen(options_of(reward, standing), pay_with)
        in_line = WaitingPlace.objects.filter(reward=reward, state=State.WAITING).exists()
        if _free(reward) and not in_line:
            raise SeatsLeft()
        place = WaitingPlace.objects.create(reward=reward, enrollment=enrollment, option=pay_with, joined_at=now)
        outbox_add("waiting.joined", _told(place, actor))
        # One that was freed while this was being written told nobody: there was nobody in line.
        outbox_add(FREED, {"reward_id": reward.pk})
    return place


def waiting_leave(*, enrollment: Enrollment, reward: Reward, actor: Actor) -> bool:
    """Whether there was a place to leave."""
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        place = WaitingPlace.objects.filter(reward=reward, enrollment=enrollment, state=State.WAITING).first()
        if place is None:
            return False
        _decide(place, State.LEFT)
        outbox_add("waiting.left", _told(place, actor))
    return True


def _told(place: WaitingPlace, actor: Actor) -> dict[str, str]:
    member = place.enrollment.member
    return {"member_id": str(member.public_id), "reward": place.reward.code, "by": actor.name}


def _decide(place: WaitingPlace, state: str, note: str = "") -> None:
    place.state, place.note, place.decided_at = state, note, clock.now()
    place.save(update_fields=["state", "note", "decided_at", "redemption"])


def place_in_line(place: WaitingPlace) -> int:
    """1 for who comes next."""
    before = WaitingPlace.objects.filter(reward_id=place.reward_id, state=State.WAITING, pk__lt=place.pk)
    return before.count() + 1


def _free(reward: Reward) -> bool:
    """Without a limit there is always a seat."""
    left = stock_left(reward)
    return left is None or left > 0


def _waiting_locked(pk: int) -> WaitingPlace:
    rows = WaitingPlace.objects.select_for_update(of=("self",)).select_related("reward", "enrollment__member")
    return rows.get(pk=pk)


def _held_for(place: WaitingPlace) -> timedelta | None:
    """How long a seat waits for its next owner to confirm it; None: it is theirs at once. One that costs money besides
    is held in any case, and nobody sits at the page when their turn comes."""
    kind = kind_of(place.reward)
    hours = kind.confirm_hours if isinstance(kind, Experience) else None
    if hours is None and "+" in place.option:
        hours = PAY_WITHIN
    return timedelta(hours=hours) if hours is not None else None


def seat_promote(reward_id: int) -> bool:
    """Give one free seat to the first in line. Who can't take it is passed over. False: no seat, or nobody waits.

    In the caller's transaction, or its own.
    """
    first = WaitingPlace.objects.filter(reward_id=reward_id, state=State.WAITING).order_by("pk").first()
    if first is None or not _free(Reward.objects.get(pk=reward_id)):
        return False
    actor = system("waiting_list")
    with transaction.atomic():
        ledger.enrollment_lock(first.enrollment_id)
        row = _waiting_locked(first.pk)
        if row.state != State.WAITING:
            return True
        try:
            with transaction.atomic():
                row.redemption = reward_redeem(
                    enrollment=row.enrollment,
                    reward=row.reward,
                    actor=actor,
                    key=f"waiting:{row.pk}",
                    pay_with=row.option,
                    promoted=True,
                    reserve=_held_for(row),
                )
        except SoldOut:
            return False
        except DomainError as refusal:
            if refusal.status >= 500:
                raise
            row.redemption = None
            _decide(row, State.PASSED, refusal.code[:60])
            outbox_add("waiting.passed", {**_told(row, actor), "reason": refusal.code})
        else:
            _decide(row, State.PROMOTED)
            until = row.redemption.reserved_until
            held = {"redemption_id": str(row.redemption.pk), "until": until.isoformat() if until is not None else None}
            outbox_add("waiting.promoted", {**_told(row, actor), **held})
    return True


@handler(FREED)
def seat_freed(message: Message) -> None:
    """One promotion per message, so that only one member's locks are held at a time."""
    reward_id = int(message.payload["reward_id"])
    if seat_promote(reward_id):
        outbox_add(FREED, {"reward_id": reward_id})


def seat_confirm(*, redemption: Redemption, actor: Actor) -> Redemption:
    """Who was next in line takes the seat that is held for them. A reservation of another kind isn't the member's to
    make final: a partner captures it with the order. NotReserved, and what redemption_capture refuses."""
    if not seat_confirmable(redemption):
        raise NotReserved()
    return redemption_capture(redemption=redemption, actor=actor)


def seat_confirmable(redemption: Redemption) -> bool:
    return WaitingPlace.objects.filter(redemption=redemption, state=State.PROMOTED).exists()
