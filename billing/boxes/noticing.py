"""What members are told of a box before it is packed: that it needs an address, that it closes soon. Once for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from billing.boxes.planning import member_locked
from billing.models import BoxHabit, MembershipPlan, Shipment, Subscription, SubscriptionChange
from billing.plans import definition_of
from billing.timeline import happened
from core import clock
from core.actor import Actor

State = Shipment.State
ADDRESS, CLOSING = "box_address_asked", "box_closing_told"
# Who has just joined sees on the page that an address is wanted.
SOON_ENOUGH = timedelta(hours=1)
AT_ONCE = 500


def box_notices_sweep() -> int:
    """The sweep's part. How many letters were asked for."""
    return sum(told for plan in _plans() for told in _of(plan, clock.now()))


def _plans() -> QuerySet[MembershipPlan]:
    return MembershipPlan.objects.filter(kind="recurring", body__box__items__isnull=False).order_by("pk")


def _of(plan: MembershipPlan, now: datetime) -> Iterator[int]:
    box = definition_of(plan).box
    if box is None:
        return
    ahead = timedelta(days=box.closing_notice_days)
    rows = Shipment.objects.filter(subscription__plan=plan, subscription__duplicate=False)
    # One that isn't paid yet may never come: it is asked for when it is about to close.
    near = Q(paid_at__isnull=False) | Q(cut_off_at__lte=now + ahead)
    lost = rows.filter(near, state__in=Shipment.OPEN_STATES, created_at__lte=now - SOON_ENOUGH)
    yield _tell(lost.filter(Q(address__isnull=True) | Q(address="")), ADDRESS, "shipment.address_needed")
    if not box.closing_notice_days:
        return
    closing = rows.filter(
        state=State.PLANNED, cut_off_at__gt=now, cut_off_at__lte=now + ahead, address__isnull=False,
        # Whose box was made within that time has just looked at it.
        created_at__lt=F("cut_off_at") - ahead,
    ).exclude(subscription__box_habit__reminded=False)  # fmt: skip
    yield _tell(closing.exclude(address=""), CLOSING, "shipment.closing")


def _tell(boxes: QuerySet[Shipment], kind: str, topic: str) -> int:
    told = SubscriptionChange.objects.filter(
        subscription=OuterRef("subscription"), kind=kind, key=Cast(OuterRef("public_id"), CharField())
    )
    found = 0
    for box in boxes.filter(~Exists(told)).select_related(
        "subscription__plan__program", "subscription__member"
    ).order_by("cut_off_at", "pk")[:AT_ONCE]:  # fmt: skip
        with transaction.atomic():
            found += happened(
                box.subscription, kind, key=str(box.public_id), topic=topic, shipment_id=str(box.public_id),
                cycle_at=box.cycle_at.isoformat(), cut_off_at=box.cut_off_at.isoformat(),
            )  # fmt: skip
    return found


def box_reminders_set(*, subscription: Subscription, wanted: bool, actor: Actor) -> BoxHabit:
    """Whether the member is told before their boxes close. That one needs an address is told in any case."""
    with transaction.atomic():
        member_locked(subscription.member)
        habit, _new = BoxHabit.objects.get_or_create(subscription=subscription)
        if habit.reminded != wanted:
            habit.reminded = wanted
            habit.save(update_fields=["reminded"])
    return habit
