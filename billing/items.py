"""Add-ons and meters as rows follow the items of a subscription, in the transaction in which the customer is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from billing.catalog import price_of
from billing.meterprices import metered_charge
from billing.models import PlanPrice, StripeConnection, Subscription, SubscriptionItem
from billing.plans import METERED, ON_TOP
from billing.reading import ReadItem, ReadSubscription
from billing.timeline import happened
from core import clock

CHANGED = "add_on_changed"


def items_follow(connection: StripeConnection, row: Subscription, read: ReadSubscription) -> bool:
    """Whether anything wasn't as Stripe says. What is neither an add-on nor a meter of ours is let be."""
    there = {each.plan_id: each for each in row.add_ons.filter(ended_at__isnull=True).select_related("plan", "price")}
    if not read.others and not there:
        return False
    changed, now = False, row.ended_at or clock.now()
    wanted = _wanted(connection, read.others) if row.ended_at is None else {}
    for plan_id, (price, item) in wanted.items():
        values = {"price": price, "item_id": item.id, "quantity": item.quantity}
        known = there.get(plan_id)
        if known is None:
            cap = _cap_of(there.values(), price)
            known = SubscriptionItem.objects.create(
                subscription=row, plan=price.plan, since=now, cap_minor=cap, **values
            )
            _told(row, known, before=0)
            changed = True
        else:
            changed |= _item_follow(row, known, values)
    for plan_id, known in there.items():
        if plan_id not in wanted:
            known.ended_at = now
            known.save(update_fields=["ended_at"])
            _told(row, known, before=known.quantity)
            changed = True
    return changed


def _wanted(connection: StripeConnection, others: tuple[ReadItem, ...]) -> dict[int, tuple[PlanPrice, ReadItem]]:
    found: dict[int, tuple[PlanPrice, ReadItem]] = {}
    for each in others:
        price = price_of(connection, each.price)
        if price is not None and price.plan.kind in ON_TOP:
            found[price.plan_id] = (price, each)
    return found


def _cap_of(there: Iterable[SubscriptionItem], price: PlanPrice) -> int | None:
    """The member's limit goes along to the meter that takes another's place: what they said of the benefit holds."""
    if price.plan.kind != METERED:
        return None
    benefit = metered_charge(price.plan).benefit
    before = [each for each in there if each.plan.kind == METERED and metered_charge(each.plan).benefit == benefit]
    return before[-1].cap_minor if before and before[-1].price.currency == price.currency else None


def _item_follow(row: Subscription, known: SubscriptionItem, values: dict[str, Any]) -> bool:
    before = known.quantity
    fresh = {name: value for name, value in values.items() if getattr(known, name) != value}
    for name, value in fresh.items():
        setattr(known, name, value)
    if fresh:
        known.save(update_fields=list(fresh))
    if before != known.quantity:
        _told(row, known, before=before)
    return bool(fresh)


def _told(row: Subscription, item: SubscriptionItem, *, before: int) -> None:
    """Nobody outside hears of it yet: it stands on the timeline, and the segment follows."""
    after = 0 if item.ended_at is not None else item.quantity
    mark = clock.now().isoformat(timespec="microseconds")
    happened(row, CHANGED, key=f"{item.plan.code}:{mark}", topic="", add_on=item.plan.code, before=before, after=after)
