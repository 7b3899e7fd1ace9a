"""Uses that are paid for afterwards: noted with the use itself, within the member's own cap, and told to Stripe once.

A benefit that a meter names is counted here in the transaction of its use, so that the cap is exact; the sweep tells
Stripe, each under the use's id, which Stripe takes once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.acting import account_of, note, reread
from billing.catalog import meter_ensure, meter_event
from billing.connections import key_refused
from billing.customers import customer_of
from billing.errors import (
    NotPossibleNow,
    PlanNotFound,
    StripeKeyRefused,
    StripeRefused,
    StripeUnavailable,
    UsageCapReached,
)
from billing.givingback import use_give_back, use_named
from billing.meterprices import metered_charge
from billing.models import MeteredUse, Subscription, SubscriptionItem
from billing.operations import operation_run
from billing.plans import METERED
from billing.timeline import happened
from billing.times import seconds_of
from billing.whenbilled import TOLD_WITHIN, counts_at, over_for
from core import clock
from core.actor import Actor, system
from core.errors import InvalidInput
from loyalty.planuse import Use
from members.models import Member

State = MeteredUse.State
ACTOR = system("billing")
AT_ONCE = 500
MOST_CAP = 10**9
# Percent of the member's own limit at which they are told.
CAP_NEAR = 80
# What staff read beside a use that nobody pays for.
OVER = "told of after its meter had ended: no invoice follows"
NO_ROOM = "its period was billed already, and the member's limit leaves no room in this one"


class Usage(Struct, frozen=True, kw_only=True):
    """A meter in the period that runs. late: of those used, so many were used before it and are billed with it, since
    their own was billed already. due_minor: what the uses so far come to; cap_minor None: no limit."""

    item: SubscriptionItem
    used: int
    late: int
    included: int
    unit_minor: int
    currency: str
    due_minor: int
    cap_minor: int | None
    since: datetime
    until: datetime | None


def _cost(item: SubscriptionItem, units: int) -> int:
    """What so many come to in a period; in a trial nothing."""
    if item.subscription.billing == Subscription.Billing.TRIALING:
        return 0
    return max(0, units - item.price.included) * item.price.amount_minor


def meters_of(subscription: Subscription) -> list[SubscriptionItem]:
    rows = SubscriptionItem.objects.filter(subscription=subscription, ended_at__isnull=True, plan__kind=METERED)
    return list(rows.select_related("plan", "price", "subscription"))


def usage_of(subscription: Subscription) -> list[Usage]:
    """What was used in the period that runs, and what it comes to: the next invoice has it beside the plan."""
    return [_usage(each) for each in meters_of(subscription)]


def uses_wait(subscription: Subscription) -> bool:
    """Whether there are uses that Stripe is still to hear of."""
    return MeteredUse.objects.filter(item__subscription=subscription, state=State.WAITING).exists()


def _usage(item: SubscriptionItem) -> Usage:
    since = _since(item)
    found = _counted(item).aggregate(n=Sum("units"), late=Sum("units", filter=Q(used_at__lt=since)))
    used = int(found["n"] or 0)
    return Usage(
        item=item, used=used, late=int(found["late"] or 0), included=item.price.included,
        unit_minor=item.price.amount_minor, currency=item.price.currency, due_minor=_cost(item, used),
        cap_minor=item.cap_minor, since=since, until=item.subscription.period_end,
    )  # fmt: skip


def _since(item: SubscriptionItem) -> datetime:
    return item.subscription.period_start or item.since


def _counted(item: SubscriptionItem) -> QuerySet[MeteredUse]:
    """What is billed with the period that runs."""
    rows = MeteredUse.objects.filter(item=item, counts_at__gte=_since(item))
    return rows.exclude(state__in=(State.TAKEN_BACK, State.FAILED))


def _units(rows: QuerySet[MeteredUse]) -> int:
    return int(rows.aggregate(n=Sum("units"))["n"] or 0)


def _used(item: SubscriptionItem) -> int:
    return _units(_counted(item))


# --- with the use itself ---------------------------------------------------------------------------------------------
def use_take(member: Member, use: Use) -> None:
    """In the transaction of the use, which is undone by what this raises. UsageCapReached."""
    rows = SubscriptionItem.objects.select_for_update(of=("self",)).filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=use.used_at), subscription__member=member,
        subscription__duplicate=False, plan__kind=METERED, since__lte=use.used_at,
    )  # fmt: skip
    whole = rows.select_related("plan", "price", "subscription__member", "subscription__plan__program")
    items = [each for each in whole.order_by("pk") if metered_charge(each.plan).benefit == use.benefit]
    if not items or MeteredUse.objects.filter(item__in=items, use_id=use.id).exists():
        return
    now, running = clock.now(), [each for each in items if each.ended_at is None]
    made = MeteredUse(use_id=use.id, units=use.units, used_at=use.used_at, counts_at=use.used_at, made_at=now)
    if not running:
        made.item, made.state, made.error = items[-1], State.FAILED, OVER
        made.save()
        return
    made.item, used = _cheapest(running, use.units)
    made.counts_at = counts_at(made.item.subscription, use.used_at, now)
    made.save()
    _cap_tell(made.item, used, used + use.units)


def _cheapest(items: list[SubscriptionItem], units: int) -> tuple[SubscriptionItem, int]:
    """A use is paid for once, however many plans of the member's count it: where it costs least, and fits the limit
    that they set there. With what was used of that one. UsageCapReached."""
    found: list[tuple[int, int, SubscriptionItem, int]] = []
    for item in items:
        used = _used(item)
        due = _cost(item, used + units)
        if item.cap_minor is None or due <= item.cap_minor:
            found.append((due - _cost(item, used), item.pk, item, used))
    if not found:
        last = items[-1]
        raise UsageCapReached(field="benefit", cap_minor=last.cap_minor, currency=last.price.currency)
    _more, _pk, item, used = min(found)
    return item, used


def _cap_tell(item: SubscriptionItem, before: int, after: int) -> None:
    """The member hears once in a period that their limit is near, and once that it leaves room for no other use."""
    cap = item.cap_minor
    if cap is None:
        return
    was, due = _cost(item, before), _cost(item, after)
    if _cost(item, after + 1) > cap:
        kind = "cap_reached" if _cost(item, before + 1) <= cap else ""
    else:
        kind = "cap_near" if was * 100 < cap * CAP_NEAR <= due * 100 else ""
    if kind:
        happened(
            item.subscription, kind, key=f"{item.plan.code}:{_since(item).isoformat()}", meter=item.plan.code,
            due_minor=due, cap_minor=cap, currency=item.price.currency,
        )  # fmt: skip


def use_drop(member: Member, use_id: str) -> None:
    """In the transaction in which a use is taken back: it isn't told, or given back (billing.givingback)."""
    rows = MeteredUse.objects.filter(item__subscription__member=member, use_id=use_id).exclude(state=State.TAKEN_BACK)
    for row in rows.select_for_update(of=("self",)):
        row.cancels = row.state == State.SENT
        row.state = State.TAKEN_BACK
        row.save(update_fields=["state", "cancels"])


# --- telling Stripe --------------------------------------------------------------------------------------------------
def uses_send() -> int:
    """The sweep's part. How many were told. Not in a transaction."""
    return _told(list(_waiting()[:AT_ONCE]))


def uses_send_of(subscription: Subscription) -> bool:
    """Those of one subscription, before something that is counted ends with a change. Whether all are told. Not in a
    transaction."""
    mine = _waiting().filter(item__subscription=subscription)
    _told(list(mine))
    # What is given back of a period that is over changes nothing of what ends now.
    earlier = Q(cancels=True, counts_at__lt=subscription.period_start or subscription.started_at)
    return not mine.exclude(earlier).exists()


def _waiting() -> QuerySet[MeteredUse]:
    rows = MeteredUse.objects.filter(Q(state=State.WAITING) | Q(cancels=True)).order_by("pk")
    return rows.select_related("item__plan", "item__subscription__member", "item__subscription__connection")


def _told(rows: list[MeteredUse]) -> int:
    told = 0
    for row in rows:
        try:
            if row.cancels:
                told += _gave_back(row)
                continue
            _send(row)
            told += 1
        except StripeUnavailable:
            break
        except StripeKeyRefused as error:
            # What isn't told within a month isn't paid for: somebody has to see to the key.
            key_refused(account_of(row.item.subscription), str(error.detail))
            break
        except StripeRefused as error:
            if error.context.get("stripe_code") != "duplicate_meter_event":
                _noted(row, State.TAKEN_BACK if row.cancels else State.FAILED, error=str(error.detail))
                continue
            _noted(row, State.SENT)
            # Stripe had it before it moved: it is billed by the time that it had then.
            MeteredUse.objects.filter(pk=row.pk, moved_from__isnull=False).update(counts_at=F("moved_from"))
    return told


def _send(row: MeteredUse) -> None:
    subscription = row.item.subscription
    connection = account_of(subscription)
    customer = customer_of(connection, subscription.member)
    if over_for(row):
        _noted(row, State.FAILED, error=OVER)
        return
    at = _moved(row)
    if at is None:
        return
    if customer is None or clock.now() - at > TOLD_WITHIN:
        _noted(row, State.FAILED, error="too late, or nobody to tell it of")
        return
    meter_ensure(connection, row.item.plan)
    params = {
        "event_name": meter_event(row.item.plan),
        "identifier": use_named(row),
        "timestamp": seconds_of(at),
        "payload": {"stripe_customer_id": customer, "value": str(row.units)},
    }
    operation_run(
        connection=connection, kind="meter_event", subject=use_named(row), params=params, actor=ACTOR,
        request=lambda v1, given, options: v1.billing.meter_events.create(given, options),
    )  # fmt: skip
    _noted(row, State.SENT)


def _moved(row: MeteredUse) -> datetime | None:
    """The time that Stripe is told. Where its period was billed while it waited it counts in the one that runs, unless
    the member's limit has no room for it there: None."""
    at = counts_at(row.item.subscription, row.counts_at, clock.now())
    if at == row.counts_at:
        return at
    with transaction.atomic():
        rows = SubscriptionItem.objects.select_for_update(of=("self",)).select_related("price", "subscription")
        item = rows.get(pk=row.item_id)
        units = _units(_counted(item).exclude(pk=row.pk)) + row.units
        if item.cap_minor is not None and _cost(item, units) > item.cap_minor:
            _noted(row, State.FAILED, error=NO_ROOM)
            return None
        MeteredUse.objects.filter(pk=row.pk).update(counts_at=at, moved_from=row.counts_at)
    return at


def _gave_back(row: MeteredUse) -> bool:
    """False where it can't be said yet how: it waits."""
    if not use_give_back(row, ACTOR):
        return False
    _noted(row, State.TAKEN_BACK)
    return True


def _noted(row: MeteredUse, state: str, *, error: str = "") -> None:
    """One that was taken back while it was being told is told as taken back next."""
    values: dict[str, Any] = {"error": error[:200]}
    if state == State.SENT:
        gone = MeteredUse.objects.filter(pk=row.pk, state=State.TAKEN_BACK).update(cancels=True, **values)
        if gone:
            return
    MeteredUse.objects.filter(pk=row.pk).update(state=state, cancels=False, **values)


# --- the member's own limit ------------------------------------------------------------------------------------------
def usage_cap_set(*, subscription: Subscription, meter: str, cap_minor: int | None, actor: Actor) -> Usage:
    """What the member wants to pay for it in a period at most; None: no limit. A use that would go beyond is refused.

    PlanNotFound, NotPossibleNow, InvalidInput.
    """
    if cap_minor is not None and not 0 <= cap_minor <= MOST_CAP:
        raise InvalidInput(_("Give an amount that isn’t negative."), field="cap_minor")
    row = reread(subscription)
    if not row.live:
        raise NotPossibleNow(_("The subscription doesn’t run."), state=row.billing)
    with transaction.atomic():
        item = next((each for each in meters_of(row) if each.plan.code == meter), None)
        if item is None:
            raise PlanNotFound(_("The subscription has no such meter."), field="meter")
        SubscriptionItem.objects.filter(pk=item.pk).update(cap_minor=cap_minor)
        note(
            row, "cap_set", actor, key=clock.now().isoformat(), meter=meter, cap_minor=cap_minor,
            currency=item.price.currency,
        )  # fmt: skip
        item.cap_minor = cap_minor
    return _usage(item)
