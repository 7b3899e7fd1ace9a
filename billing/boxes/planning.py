"""Boxes follow their subscription: one for each cycle that is paid or comes next. The same again changes nothing.

Called whenever a customer was read anew, under the member's billing lock; by the clock, boxes are closed at their
cut-off. What was paid for is sent, whatever becomes of the subscription, unless the payment is given back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.boxes.charged import extras_carried
from billing.boxes.contents import contents_of, habit_of
from billing.boxes.shape import Box
from billing.boxes.timing import Course, Kind, cut_off, cycles_wanted, leaves_from
from billing.boxes.words import box_told
from billing.locking import member_locked as member_locked
from billing.models import Invoice, Shipment, Subscription
from billing.plans import definition_of
from billing.renewing import renewal_day
from billing.sweeping import one_by_one
from billing.times import not_before
from core import clock
from members.models import Member

State, Why = Shipment.State, Shipment.Why
# What these stopped may begin again: the member stays, pays after all, or the cycle is where it was.
REVIVED = (Why.LEFT, Why.UNPAID, Why.MOVED)
AT_ONCE = 500
HAS_BOX = Q(plan__kind="recurring", plan__body__box__items__isnull=False)


def boxes_follow(member: Member) -> None:
    """Bring the member's boxes in line. In the caller's transaction, under the member's billing lock."""
    mine = Subscription.objects.filter(member=member, duplicate=False)
    open_boxes = Shipment.objects.filter(subscription=OuterRef("pk"), state__in=Shipment.OPEN_STATES)
    rows = mine.filter(HAS_BOX | Exists(open_boxes))
    rows = rows.select_related("plan__program", "member", "price", "next_price__plan")
    for row in rows.order_by("pk"):
        _follow(row, clock.now())


def course_of(row: Subscription, newest: datetime | None) -> Course:
    """newest: the cycle of its latest box that has begun."""
    # Stripe's times are in whole seconds.
    started = row.period_start is not None and row.period_start >= row.plan.changed_at.replace(microsecond=0)
    return Course(
        live=row.live,
        billing=row.billing,
        charged_every=row.price.every if row.price is not None and row.price.every else "month",
        day=renewal_day(row),
        period_start=row.period_start,
        period_end=row.period_end,
        paid_until=row.paid_until,
        cancel_at=row.cancel_at,
        collection_paused=row.collection_paused,
        paused_within=row.pause_began_at is not None,
        resumes_at=row.resumes_at,
        newest=newest,
        standing=started,
    )


def _follow(row: Subscription, now: datetime) -> None:
    box = definition_of(row.plan).box
    mine = Shipment.objects.filter(subscription=row)
    begun = not_before(row.period_start, now)
    newest = mine.filter(cycle_at__lte=begun).order_by("-cycle_at").values_list("cycle_at", flat=True).first()
    since = min(filter(None, (row.period_start, now)))
    rows = {
        each.cycle_at: each
        for each in mine.filter(Q(state__in=Shipment.OPEN_STATES) | Q(cycle_at__gte=since))
        .select_for_update(of=("self",))
        .select_related("invoice")
        .order_by("pk")
    }
    for each in rows.values():
        if _given_back(each):
            _stop(each, Why.REFUNDED, row, now)
    wanted = _sent(row, cycles_wanted(course_of(row, newest), box, begun)) if box is not None else {}
    spare = [each for at, each in sorted(rows.items()) if at not in wanted and each.paid_at is None]
    waiting = [each for each in spare if each.state in Shipment.OPEN_STATES]
    for at, kind in sorted(wanted.items()):
        assert box is not None
        there = rows.get(at)
        if there is None and kind != "skipped" and waiting:
            there = _moved(waiting.pop(0), box, at, begun, now)
        if there is None:
            _made(row, box, at, kind, now)
        else:
            _brought(there, kind, row, box, now)
    over = [each for each in spare if each.state == State.SKIPPED and each.cycle_at > begun]
    for each in (*waiting, *over):
        _stop(each, _why(row), row, now)


def _sent(row: Subscription, cycles: dict[datetime, Kind]) -> dict[datetime, Kind]:
    """Without those that belong to another plan already, where that one is planned and sends nothing."""
    if row.next_price is None or row.period_end is None or definition_of(row.next_price.plan).box is not None:
        return cycles
    return {at: kind for at, kind in cycles.items() if at < row.period_end}


def _given_back(box: Shipment) -> bool:
    paid = box.invoice
    return (
        paid is not None
        and box.state in Shipment.OPEN_STATES
        and paid.paid_minor > 0
        and paid.refunded_minor == paid.paid_minor
    )


def _why(row: Subscription) -> Shipment.Why:
    if row.ended_at is not None or row.cancel_scheduled:
        return Why.LEFT
    return Why.UNPAID if row.billing in ("past_due", "unpaid", "paused") else Why.MOVED


def _made(row: Subscription, box: Box, at: datetime, kind: Kind, now: datetime) -> None:
    habit = habit_of(row)
    closes_at = cut_off(box, at, not_before(row.period_start, now))
    made = Shipment(
        subscription=row, cycle_at=at, cut_off_at=closes_at, sends_at=leaves_from(box, at, closes_at),
        state=State.SKIPPED if kind == "skipped" else State.PLANNED, swaps=dict(habit.swaps) if habit else {},
        quantity=row.quantity, address=habit.address if habit else None, country=habit.country if habit else "",
        created_at=now, changed_at=now,
    )  # fmt: skip
    made.items = contents_of(box, made.swaps)
    if kind != "skipped":
        made.extras = extras_carried(row)
    if kind == "paid":
        _paid(made, row, now)
    made.save()
    box_told(made, row, "skipped" if kind == "skipped" else "planned", now)


def _moved(there: Shipment, box: Box, at: datetime, begun: datetime, now: datetime) -> Shipment:
    """The cycle is another one now: its box goes there with what its member chose."""
    there.cycle_at, there.cut_off_at = at, cut_off(box, at, begun)
    there.sends_at, there.changed_at = leaves_from(box, at, there.cut_off_at), now
    there.save()
    return there


def _brought(there: Shipment, kind: Kind, row: Subscription, box: Box, now: datetime) -> None:
    """What is to be so, is so."""
    before = _seen(there)
    there.changed_at = now
    if kind == "skipped":
        if there.state in Shipment.OPEN_STATES and there.paid_at is None:
            there.state = State.SKIPPED
            box_told(there, row, "skipped", now)
    elif there.state == State.SKIPPED or (there.state == State.CANCELED and there.why in REVIVED):
        there.state = State.PLANNED if there.cut_off_at > now else State.LOCKED
        there.why = ""
        box_told(there, row, "planned", now)
    if there.state == State.PLANNED:
        there.items = contents_of(box, there.swaps)
        there.quantity = row.quantity if there.paid_at is None else there.quantity
    if kind == "paid" and there.paid_at is None:
        _paid(there, row, now)
    if _seen(there) != before:
        there.save()


def _seen(box: Shipment) -> tuple[object, ...]:
    """What makes it worth writing."""
    return box.state, box.why, box.items, box.quantity, box.paid_at, box.invoice_id


def _paid(box: Shipment, row: Subscription, now: datetime) -> None:
    paid = Invoice.objects.filter(
        subscription=row, status=Invoice.Status.PAID, period_start__lte=box.cycle_at, period_end__gt=box.cycle_at
    )
    box.paid_at, box.invoice = now, paid.order_by("created_at", "pk").first()


def _stop(box: Shipment, why: Shipment.Why, row: Subscription, now: datetime) -> None:
    box.state, box.why, box.changed_at = State.CANCELED, why, now
    box.save(update_fields=["state", "why", "changed_at"])
    box_told(box, row, "canceled", now)


# --- the clock goes on -----------------------------------------------------------------------------------------------
def boxes_sweep() -> int:
    """The sweep's part: boxes whose cut-off has come are closed, and who should have a next one has it. How many
    members were looked at."""
    now = clock.now()
    closing = Shipment.objects.filter(state=State.PLANNED, cut_off_at__lte=now)
    ids = set(closing.values_list("subscription__member_id", flat=True)[:AT_ONCE])
    ids |= set(_without_next(now).values_list("member_id", flat=True)[:AT_ONCE])
    return one_by_one(Member.objects.filter(pk__in=ids).order_by("pk"), _looked_at, "the boxes of member")


def _looked_at(member: Member) -> None:
    with transaction.atomic():
        member_locked(member)
        boxes_follow(member)
        _close(member, clock.now())


def _without_next(now: datetime) -> QuerySet[Subscription]:
    """Whose plan sends boxes since a new version, or whose next one of several for one payment is to be made."""
    ahead = Shipment.objects.filter(subscription=OuterRef("pk"), cycle_at__gt=now)
    rows = Subscription.objects.filter(
        HAS_BOX, ended_at__isnull=True, duplicate=False, cancel_at__isnull=True, period_end__gt=now,
        billing__in=(Subscription.Billing.ACTIVE, Subscription.Billing.TRIALING),
    )  # fmt: skip
    return rows.filter(~Exists(ahead)).order_by("pk")


def _close(member: Member, now: datetime) -> None:
    due = Shipment.objects.filter(subscription__member=member, state=State.PLANNED, cut_off_at__lte=now)
    for box in due.select_for_update(of=("self",)).select_related(
        "subscription__plan__program", "subscription__member"
    ):
        box.state, box.changed_at = State.LOCKED, now
        box.save(update_fields=["state", "changed_at"])
        box_told(box, box.subscription, "locked", now)
