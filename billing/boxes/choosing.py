"""What a member changes of a box until its cut-off, without money: what is in it, where it goes, when it leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.boxes.addressing import address_sealed
from billing.boxes.closing import closed
from billing.boxes.contents import contents_of
from billing.boxes.planning import member_locked
from billing.boxes.shape import Box
from billing.boxes.timing import leaves_from
from billing.boxes.words import box_told
from billing.errors import NotPossibleNow
from billing.models import BoxHabit, Shipment
from billing.plans import definition_of
from core import clock
from core.actor import Actor
from core.addresses import Address
from core.audit import audit_record
from core.errors import InvalidInput

State = Shipment.State


def box_reread(shipment: Shipment) -> Shipment:
    """The row as it is now, locked, with what belongs to it. In a transaction, under the member's lock."""
    rows = Shipment.objects.select_for_update(of=("self",)).select_related(
        "subscription__plan__program", "subscription__member", "subscription__price"
    )
    return rows.get(pk=shipment.pk)


def box_open(row: Shipment) -> Box:
    """What the plan says of a box that can still be changed. BoxClosed, NotPossibleNow."""
    if row.state not in Shipment.OPEN_STATES:
        raise NotPossibleNow(_("This box isn’t on its way to you."), state=row.state)
    if row.state == State.LOCKED or row.cut_off_at <= clock.now():
        raise closed(row)
    box = definition_of(row.subscription.plan).box
    if box is None:
        raise NotPossibleNow(_("The plan sends no boxes any more."))
    return box


def _changed(shipment: Shipment, actor: Actor, what: str, act: Callable[[Shipment], None]) -> Shipment:
    with transaction.atomic():
        member_locked(shipment.subscription.member)
        row = box_reread(shipment)
        act(row)
        row.changed_at = clock.now()
        row.save()
        box_told(row, row.subscription, "changed", row.changed_at)
        if actor.initiated_by != "member":
            audit_record(
                actor=actor.name, action=f"shipment.{what}", object_type="shipment", object_id=str(row.public_id),
                changes={},
            )  # fmt: skip
    return row


def box_swap(*, shipment: Shipment, item: str, choice: str, keep: bool, actor: Actor) -> Shipment:
    """Have a choice in an item's place; the item itself takes that back. keep: in the boxes to come too.

    BoxClosed, NotPossibleNow, InvalidInput.
    """

    def act(row: Shipment) -> None:
        box = box_open(row)
        if box.item(item) is None:
            raise InvalidInput(_("There is no such item in the box."), field="item")
        if box.choice(choice) is None:
            raise InvalidInput(_("This can’t be chosen."), field="choice")
        row.swaps = _swapped(row.swaps, item, choice)
        row.items = contents_of(box, row.swaps)
        if keep:
            habit, _new = BoxHabit.objects.get_or_create(subscription=row.subscription)
            habit.swaps = _swapped(habit.swaps, item, choice)
            habit.save(update_fields=["swaps"])
            for later in _later(row):
                later.swaps = _swapped(later.swaps, item, choice)
                later.items = contents_of(box, later.swaps)
                later.save(update_fields=["swaps", "items"])

    return _changed(shipment, actor, "swap", act)


def _later(row: Shipment) -> QuerySet[Shipment]:
    """The boxes after it that are made already and can still be changed."""
    rows = Shipment.objects.filter(subscription=row.subscription, cycle_at__gt=row.cycle_at, cut_off_at__gt=clock.now())
    return rows.filter(state__in=(State.PLANNED, State.SKIPPED))


def _swapped(swaps: dict[str, str], item: str, choice: str) -> dict[str, str]:
    found = {key: value for key, value in swaps.items() if key != item}
    return found if choice == item else {**found, item: choice}


def box_address_set(*, shipment: Shipment, address: Address, actor: Actor) -> Shipment:
    """Where this box goes, and those to come. A closed one that has no address yet still takes one.

    BoxClosed, NotPossibleNow, NotSentThere.
    """

    def act(row: Shipment) -> None:
        if row.state == State.LOCKED and not row.address:
            box = definition_of(row.subscription.plan).box
        else:
            box = box_open(row)
        row.address, row.country = address_sealed(address, box), address.country
        habit, _new = BoxHabit.objects.get_or_create(subscription=row.subscription)
        habit.address, habit.country = row.address, row.country
        habit.save(update_fields=["address", "country"])
        _later(row).update(address=row.address, country=row.country)

    return _changed(shipment, actor, "address", act)


def box_delay(*, shipment: Shipment, days: int, actor: Actor) -> Shipment:
    """Send it so many days later than usual; 0 takes that back. What it costs is charged when it always is.

    BoxClosed, NotPossibleNow, InvalidInput.
    """

    def act(row: Shipment) -> None:
        box = box_open(row)
        if not 0 <= days <= box.most_delay_days:
            raise InvalidInput(_("Delay it by 0 to %(n)d days.") % {"n": box.most_delay_days}, field="days")
        row.sends_at = leaves_from(box, row.cycle_at, row.cut_off_at) + timedelta(days=days)

    return _changed(shipment, actor, "delay", act)
