"""Holding points for an order that isn't final: hold, then capture what was really used, or release."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import IdempotencyKeyReused, InvalidInput
from core.ids import uuid7
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.currencies import Currency
from loyalty.errors import HoldClosed, HoldKept, NotSpendable
from loyalty.models import Enrollment, PointsAccount, PointsHold
from loyalty.selectors import account_of, accounts_of, document_now, regrant_end
from members.models import Member

LEAST, LONGEST, USUAL = timedelta(minutes=1), timedelta(days=30), timedelta(minutes=30)
AT_ONCE = 500


def points_hold(
    *,
    enrollment: Enrollment,
    currency: str,
    points: int,
    actor: Actor,
    key: str,
    lasts: timedelta = USUAL,
    reason: Mapping[str, str] | None = None,
    order_number: str = "",
) -> PointsHold:
    """Set points aside, in minor units; the same key gives the member's same hold again.

    InsufficientPoints, NotSpendable, InvalidInput, IdempotencyKeyReused, Busy.
    """
    _check(points, lasts)
    now = clock.now()
    known = _currency(enrollment, currency)
    effect = hold_effect(actor, enrollment.pk, key)
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        account = account_of(enrollment, currency)
        earlier = PointsHold.objects.filter(account=account, effect=effect).first()
        if earlier is not None:
            if (earlier.points, earlier.order_number) != (points, order_number):
                raise IdempotencyKeyReused()
            return earlier
        said = {"effect": effect, "reason": dict(reason or _reason(order_number)), "order_number": order_number}
        fields = {"id": uuid7(), **said, **_ends(enrollment, known, now + lasts), **_by(actor)}
        ledger.points_hold(account_id=account.pk, points=points, now=now, hold=fields)
        hold = PointsHold.objects.get(pk=fields["id"])
        _tell("points.held", hold, account, points)
    return hold


def hold_effect(actor: Actor, enrollment_id: int, key: str) -> str:
    """What the hold of a key is known by: the same for the same key of the same member."""
    return "hold:" + hashlib.sha256(f"{actor.initiated_by}:{enrollment_id}:{key}".encode()).hexdigest()[:40]


def _check(points: int, lasts: timedelta) -> None:
    if points <= 0:
        raise InvalidInput(_("Say how many points, more than 0."), field="points")
    if not LEAST <= lasts <= LONGEST:
        raise InvalidInput(_("A hold lasts from a minute to 30 days."), field="minutes")


def _ends(enrollment: Enrollment, currency: Currency, at: datetime) -> dict[str, Any]:
    """When its time is up, and how its points go back then."""
    return {
        "expires_at": at,
        "regrant_until": regrant_end(enrollment.program_id, currency.restore_policy, at=at),
        "collect": currency.refund_policy == "within_balance",
    }


def _by(actor: Actor) -> dict[str, str]:
    return {"source": actor.source, "initiated_by": actor.initiated_by, "actor": actor.name}


def hold_keeper(name: str, keeps: Callable[[UUID], bool]) -> None:
    """A room whose own rows stand on holds says which are its own: nobody else closes these. Called in ready()."""
    _keepers[name] = keeps


_keepers: dict[str, Callable[[UUID], bool]] = {}


def _kept(hold_id: UUID, kept_for: str) -> None:
    for name, keeps in _keepers.items():
        if name != kept_for and keeps(hold_id):
            raise HoldKept(kept_for=name)


def points_capture(
    *, hold: PointsHold, actor: Actor, points: int | None = None, order_number: str | None = None, kept_for: str = ""
) -> PointsHold:
    """Spend what was held, or `points` of it; the rest goes back. The same again gives the same.

    HoldClosed, HoldKept, Busy. kept_for: the room that closes a hold of its own, see hold_keeper().
    order_number: the order that it was for, where that is known only now.
    """
    take = hold.points if points is None else points
    if not 0 < take <= hold.points:
        raise InvalidInput(_("From 1 up to what is held can be captured; release it to take nothing."), field="points")
    _kept(hold.pk, kept_for)
    return _close(hold, take, PointsHold.State.CAPTURED, actor, order_number)


def points_release(*, hold: PointsHold, actor: Actor, kept_for: str = "") -> PointsHold:
    """Give everything back to the lots that it came from. The same again gives the same. HoldClosed, HoldKept, Busy."""
    _kept(hold.pk, kept_for)
    return _close(hold, 0, PointsHold.State.RELEASED, actor)


def _close(hold: PointsHold, take: int, state: str, actor: Actor, order_number: str | None = None) -> PointsHold:
    now = clock.now()
    with transaction.atomic():
        account = PointsAccount.objects.select_related("enrollment").get(pk=hold.account_id)
        place = account.enrollment
        ledger.enrollment_lock(place.pk)
        ledger.points_settle(enrollment_id=place.pk, now=now)
        row = PointsHold.objects.get(pk=hold.pk)
        if row.state != PointsHold.State.HELD:
            if (row.state, row.captured) == (state, take) and order_number in (None, row.order_number):
                return row
            state_shown = row.get_state_display()
            raise HoldClosed(
                _("This hold is closed: %(state)s.") % {"state": state_shown}, state=row.state, captured=row.captured
            )
        known = _currency(place, account.currency)
        if order_number is not None and order_number != row.order_number:
            row.order_number, row.reason = order_number, _reason(order_number)
            row.save(update_fields=["order_number", "reason"])
        entry = ledger.entry_fields(kind="spend", actor=actor, effect="", reason=row.reason)
        ledger.points_hold_close(
            hold_id=row.pk,
            take=take,
            state=state,
            regrant_until=regrant_end(place.program_id, known.restore_policy),
            now=now,
            entry=entry,
        )
        row.refresh_from_db()
        _tell("points.captured" if take else "points.released", row, account, take or row.points)
    return row


def holds_sweep() -> int:
    """Give back the holds whose time is up, a batch at a time. How many members were looked at."""
    swept = 0
    while count := ledger.points_holds_sweep(now=clock.now(), limit=AT_ONCE):
        swept += count
        if count < AT_ONCE:
            break
    return swept


def _currency(enrollment: Enrollment, code: str) -> Currency:
    try:
        known = document_now(enrollment.program_id).currency(code)
    except KeyError as error:
        raise InvalidInput(_("The program has no such point currency."), field="currency") from error
    if known.kind == "qualifying":
        raise NotSpendable(field="currency")
    return known


def _reason(order_number: str) -> dict[str, str]:
    if order_number:
        return {"en": f"Used on order {order_number}", "nl": f"Gebruikt bij bestelling {order_number}"}
    return {"en": "Used", "nl": "Gebruikt"}


def _tell(topic: str, hold: PointsHold, account: PointsAccount, points: int) -> None:
    member = Member.objects.only("public_id").get(enrollments=account.enrollment_id)
    told: dict[str, Any] = {"member_id": str(member.public_id), "hold_id": str(hold.pk)}
    outbox_add(topic, {**told, "currency": account.currency, "points": points})


def holds_of(enrollment: Enrollment) -> QuerySet[PointsHold]:
    """A member's holds, newest first."""
    found = PointsHold.objects.filter(account__in=accounts_of(enrollment))
    return found.select_related("account").order_by("-held_at", "-pk")
