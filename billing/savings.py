"""What a member would have saved with another plan, by their own periods that are over and paid: what they paid for
uses beyond what is included, and what the same uses would have been. Nothing where that isn't known for certain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from billing.foreseeing import beyond_minor
from billing.metering import meters_of
from billing.meterprices import meter_prices, metered_charge
from billing.models import Invoice, MeteredUse, PlanPrice, Subscription, SubscriptionItem
from core import clock
from loyalty.planwords import plan_gives_freely
from loyalty.selectors import document_now

MOST, YEAR = 12, timedelta(days=366)
BEGINS = ("subscription_create", "subscription_cycle")
Period = tuple[datetime, datetime]


class Saved(Struct, frozen=True):
    """In so many periods: paid for uses, and what the same uses would have come to with the plan. In minor units."""

    periods: int
    paid_minor: int
    then_minor: int
    currency: str


def uses_saved(row: Subscription, chosen: PlanPrice) -> Saved | None:
    """None where nothing would have been saved, or the two plans can't be compared: they aren't paid by one period."""
    meters = meters_of(row)
    if not meters or row.price is None or row.price.every != chosen.every:
        return None
    periods = periods_paid(row)
    paid = then = seen = 0
    theirs = {metered_charge(each.plan).benefit: each for each in meter_prices(row.member, chosen)}
    for period in periods:
        told = [(_cost(item.price, units), item, units) for item in meters if (units := _used(item, period))]
        known = [_then(item, units, theirs, chosen) for _paid, item, units in told]
        if any(each is None for each in known):
            return None
        paid += sum(each[0] for each in told)
        then += sum(each for each in known if each is not None)
        seen += any(each[0] for each in told)
    if paid <= then:
        return None
    return Saved(seen, paid, then, row.price.currency)


def periods_paid(row: Subscription) -> Sequence[Period]:
    """The last that are over, each with an invoice after it that is paid: what was used in it is on that one."""
    rows = Invoice.objects.filter(
        subscription=row, reason__in=BEGINS, created_at__gte=clock.now() - YEAR
    ).order_by("created_at", "pk")  # fmt: skip
    found = [
        (before.created_at, after.created_at)
        for before, after in pairwise(rows)
        if after.status == Invoice.Status.PAID and not after.refunded_minor
    ]
    return found[-MOST:]


def _used(item: SubscriptionItem, period: Period) -> int:
    """Told to Stripe, so that it was on the invoice."""
    rows = MeteredUse.objects.filter(
        item=item, state=MeteredUse.State.SENT, counts_at__gte=period[0], counts_at__lt=period[1]
    )
    return sum(rows.values_list("units", flat=True))


def _cost(price: PlanPrice, units: int) -> int:
    return beyond_minor(units, included=price.included, unit_minor=price.amount_minor)


def _then(item: SubscriptionItem, units: int, theirs: dict[str, PlanPrice], chosen: PlanPrice) -> int | None:
    """What so many uses come to with the other plan; None where it doesn't give them, or only some."""
    benefit = metered_charge(item.plan).benefit
    there = theirs.get(benefit)
    if there is not None:
        return _cost(item.price if there.plan_id == item.plan_id else there, units)
    document = document_now(chosen.plan.program_id)
    return 0 if plan_gives_freely(document, chosen.plan.code, benefit) else None
