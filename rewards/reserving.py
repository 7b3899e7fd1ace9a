"""What becomes of a reservation: captured, its money confirmed, or over because nobody did either in time."""

from __future__ import annotations

from django.db import transaction

from core import clock
from core.actor import Actor, system
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.errors import HoldClosed
from loyalty.holding import points_capture
from rewards import services
from rewards.errors import AlreadyCanceled, MoneyDiffers, MoneyDue, NotReserved, ReservationOver
from rewards.handing import hand_over
from rewards.models import Redemption
from rewards.services import free_up

State = Redemption.State
AT_ONCE = 200


def redemption_capture(*, redemption: Redemption, actor: Actor) -> Redemption:
    """Make a reservation final: the points are spent, the kind does its work, the code is shown.

    NotReserved, AlreadyCanceled, ReservationOver, MoneyDue, Busy.
    """
    with transaction.atomic():
        row = _open(redemption)
        if row.money_state == Redemption.Money.DUE:
            raise MoneyDue(amount_minor=row.money_minor, currency=row.money_currency)
        _final(row, actor)
    return row


def redemption_paid(
    *, redemption: Redemption, amount_minor: int, currency: str, reference: str, actor: Actor
) -> Redemption:
    """The partner has the money of it; the reservation becomes final with that. Otherwise as redemption_capture.

    MoneyDiffers when it isn't the amount that is due, or none is.
    """
    with transaction.atomic():
        row = _open(redemption)
        if row.money_state != Redemption.Money.DUE or (amount_minor, currency) != (row.money_minor, row.money_currency):
            raise MoneyDiffers(field="amount_minor", due_minor=row.money_minor, currency=row.money_currency)
        row.money_state, row.money_reference = Redemption.Money.CONFIRMED, reference[:120]
        _final(row, actor)
    return row


def _open(redemption: Redemption) -> Redemption:
    row = services._locked(redemption)
    if row.state == State.CANCELED:
        raise AlreadyCanceled()
    if row.state in (State.REDEEMED, State.USED):
        raise NotReserved()
    if row.state == State.LAPSED or (row.reserved_until is not None and clock.now() >= row.reserved_until):
        raise ReservationOver()
    return row


def _final(row: Redemption, actor: Actor) -> None:
    now = clock.now()
    if row.hold is not None:
        try:
            row.entry_id = points_capture(hold=row.hold, actor=actor, kept_for=services.KEPT_FOR).entry_id
        except HoldClosed as error:
            raise ReservationOver() from error
    row.state = State.REDEEMED
    row.save(update_fields=["state", "entry", "money_state", "money_reference"])
    hand_over(row, actor=actor, now=now)


def reservations_sweep() -> int:
    """Close the reservations whose time is up: points, stock, seat and code go back. How many."""
    due = Redemption.objects.filter(state=State.RESERVED, reserved_until__lte=clock.now())
    swept = 0
    for redemption in due.order_by("reserved_until")[:AT_ONCE]:
        with transaction.atomic():
            row = services._locked(redemption)
            if row.state == State.RESERVED:
                reservation_lapse(row)
                swept += 1
    return swept


def reservation_lapse(row: Redemption) -> None:
    """Under its locks."""
    now = clock.now()
    if row.hold is not None:
        # The hold is on the account that the points are in, which may be one that is shared.
        ledger.points_settle(enrollment_id=row.hold.account.enrollment_id, now=now)
    row.state, row.canceled_at = State.LAPSED, now
    row.save(update_fields=["state", "canceled_at"])
    told = {"member_id": str(row.enrollment.member.public_id), "redemption_id": str(row.pk), "reward": row.reward.code}
    outbox_add("reservation.lapsed", {**told, "by": system("reservations").name})
    free_up(row, unseen=True)
