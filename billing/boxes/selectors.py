"""What pages, the API and the admin read of boxes. Nothing here writes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from msgspec import Struct

from billing.boxes.addressing import address_of
from billing.boxes.contents import habit_of
from billing.boxes.shape import Box, BoxExtra, BoxItem
from billing.boxes.timing import leaves_from
from billing.errors import ShipmentNotFound
from billing.models import PlanPrice, Shipment, Subscription
from billing.plans import definition_of
from billing.selectors import subscriptions_of
from core import clock
from core.addresses import Address
from loyalty.moneywords import money_words
from members.models import Member

State = Shipment.State
PAST = 24


class ShownItem(Struct, frozen=True):
    """What is in a box. instead: what can stand in its place, its own item among them; none once it is closed."""

    item: str
    name: object
    count: int
    code: str
    instead: list[BoxItem]


class ShownBox(Struct, frozen=True, kw_only=True):
    """A box as its member sees it. open: it can still be changed. needs_address: it can't be sent without one. extras:
    what can be added, with its price. now: it can be had at once."""

    row: Shipment
    open: bool
    needs_address: bool
    items: list[ShownItem]
    address: Address | None
    delayed_days: int
    extras: list[tuple[BoxExtra, str]]
    now: bool


class Boxes(Struct, frozen=True, kw_only=True):
    """A subscription's boxes: on their way or next, those left out ahead, and those before. skips: how many can be left
    out now; 0: none. undo: the ones left out can come back. quantities: how many can be had; others: how often else, as
    prices of the plan. reminded: the member is told before one closes; None: nobody is."""

    subscription: Subscription
    box: Box | None
    current: list[ShownBox]
    skipped: list[Shipment]
    past: list[Shipment]
    skips: int
    undo: bool
    quantities: range
    others: list[PlanPrice]
    reminded: bool | None

    @property
    def skip_choices(self) -> range:
        return range(1, self.skips + 1)


def boxes_of(subscription: Subscription) -> QuerySet[Shipment]:
    """All that there ever were, the newest cycle first."""
    return _with_all(Shipment.objects.filter(subscription=subscription))


def boxes_all() -> QuerySet[Shipment]:
    """Everybody's."""
    return _with_all(Shipment.objects.filter(subscription__duplicate=False))


def boxes_to_send() -> QuerySet[Shipment]:
    """What is to be packed now: closed, the soonest first."""
    return _with_all(Shipment.objects.filter(state=State.LOCKED)).order_by("sends_at", "id")


def _with_all(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    return rows.select_related("subscription__plan__program", "subscription__member", "subscription__price", "invoice")


def box_named(public_id: UUID, *, member: Member | None = None) -> Shipment:
    """ShipmentNotFound, also for another member's."""
    rows = _with_all(Shipment.objects.filter(public_id=public_id, subscription__duplicate=False))
    if member is not None:
        rows = rows.filter(subscription__member=member)
    row = rows.first()
    if row is None:
        raise ShipmentNotFound()
    return row


def boxes_shown(member: Member) -> list[Boxes]:
    """Of each subscription that sends boxes or did, those that run first."""
    found = [_boxes(row) for row in subscriptions_of(member)]
    found = [each for each in found if each.current or each.skipped or each.past or (each.box and _live(each))]
    return sorted(found, key=lambda each: not _live(each))


def boxes_shown_of(subscription: Subscription) -> Boxes:
    """The same of one subscription."""
    return _boxes(subscription)


def _live(boxes: Boxes) -> bool:
    return boxes.subscription.live


def _boxes(row: Subscription) -> Boxes:
    now = clock.now()
    box = definition_of(row.plan).box
    rows = list(boxes_of(row)[: PAST + 14])
    skipped = sorted((x for x in rows if x.state == State.SKIPPED and x.cycle_at > now), key=lambda x: x.cycle_at)
    on_way = [x for x in rows if x.state in (*Shipment.OPEN_STATES, State.SHIPPED)]
    # A cycle that was planned and never came, since another began before it, is no box that there was.
    past = [x for x in rows if x not in on_way and x not in skipped and x.why != Shipment.Why.MOVED]
    can_skip = _skippable(row, rows)
    return Boxes(
        subscription=row,
        box=box,
        current=[box_shown(x, box) for x in sorted(on_way, key=lambda x: x.cycle_at)],
        skipped=skipped,
        past=past[:PAST],
        skips=max(1, box.most_skips) if can_skip and box is not None else 0,
        quantities=range(1, box.most_quantity + 1)
        if box is not None and box.most_quantity > 1 and can_skip
        else range(0),
        others=_others(row) if can_skip else [],
        reminded=_reminded(row) if box is not None and box.closing_notice_days and row.live else None,
        undo=bool(skipped) and row.collection_paused and (skipped[0].cut_off_at > now or skipped[0].cycle_at <= now),
    )


def _reminded(row: Subscription) -> bool:
    habit = habit_of(row)
    return habit is None or habit.reminded


def _skippable(row: Subscription, rows: list[Shipment]) -> bool:
    """Whether the next cycle can be left out, as far as the rows tell."""
    following = next((x for x in rows if x.cycle_at == row.period_end), None)
    return (
        row.billing == Subscription.Billing.ACTIVE
        and not row.cancel_scheduled
        and not row.collection_paused
        and following is not None
        and following.state == State.PLANNED
        and following.paid_at is None
        and following.cut_off_at > clock.now()
    )


def box_shown(row: Shipment, box: Box | None) -> ShownBox:
    is_open = box is not None and row.state == State.PLANNED and row.cut_off_at > clock.now()
    return ShownBox(
        row=row,
        open=is_open,
        needs_address=row.state in Shipment.OPEN_STATES and not row.address,
        items=[
            ShownItem(x["for"], x["name"], x["count"], x["code"], _instead(box, x["for"]) if is_open else [])
            for x in row.items
        ],
        address=address_of(row),
        delayed_days=_delayed(row, box),
        extras=_addable(row, box) if is_open and row.paid_at is None else [],
        now=is_open and _can_be_had_now(row),
    )


def _addable(row: Shipment, box: Box | None) -> list[tuple[BoxExtra, str]]:
    """With the price in words; only where there is an invoice to come."""
    subscription, found = row.subscription, []
    if box is None or subscription.price is None or not _going_on(subscription):
        return []
    currency = subscription.price.currency
    for extra in box.extras:
        amount = extra.amount(currency)
        if amount is not None:
            found.append((extra, money_words(amount, currency)))
    return found


def _going_on(row: Subscription) -> bool:
    return row.billing in (Subscription.Billing.ACTIVE, Subscription.Billing.TRIALING) and not row.cancel_scheduled


def _can_be_had_now(row: Shipment) -> bool:
    mine = row.subscription
    going = mine.billing == Subscription.Billing.ACTIVE and _going_on(mine) and not mine.collection_paused
    nxt = (row.paid_at is not None and row.cycle_at > clock.now()) or row.cycle_at == mine.period_end
    return going and nxt and bool(row.address) and mine.next_price_id is None


def _others(row: Subscription) -> list[PlanPrice]:
    """The plan's other prices of the same currency: how often else a box can come."""
    if row.price is None or row.next_price_id is not None:
        return []
    current = row.plan.prices.filter(replaced_at__isnull=True, currency=row.price.currency).exclude(pk=row.price.pk)
    return list(current.exclude(every=row.price.every))


def _instead(box: Box | None, code: str) -> list[BoxItem]:
    own = box.item(code) if box is not None else None
    return [own, *box.choices] if box is not None and own is not None and box.choices else []


def _delayed(row: Shipment, box: Box | None) -> int:
    return (row.sends_at - leaves_from(box, row.cycle_at, row.cut_off_at)).days if box is not None else 0
