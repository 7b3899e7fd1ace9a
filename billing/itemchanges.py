"""Which items a subscription has at Stripe when its plan changes: what stays, what gets another price, what comes with
the new plan, what goes. Nothing that was used and isn't paid for yet may go with it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from billing.acting import account_of
from billing.addonprices import items_with, running_items
from billing.catalog import bundled_ensure, price_ensure
from billing.errors import StripeUnavailable
from billing.metering import uses_send_of
from billing.meterprices import meter_prices
from billing.models import PlanPrice, Subscription, SubscriptionItem, SubscriptionPart
from billing.plans import METERED

Json = dict[str, Any]


def items_now(row: Subscription, chosen: PlanPrice) -> list[Json]:
    """As a change at once tells them: items that stay as they are aren't named."""
    account, there = account_of(row), running_items(row)
    found: list[Json] = [{"id": row.item_id, "price": price_ensure(account, chosen)}]
    for item, price in items_with(row, chosen, there):
        if price is None:
            found.append({"id": item.item_id, "deleted": True})
        elif price.pk != item.price_id:
            found.append({"id": item.item_id, "price": price_ensure(account, price)})
    if chosen.pk != row.price_id:
        gone = SubscriptionPart.objects.filter(subscription=row)
        found += [{"id": item_id, "deleted": True} for item_id in gone.values_list("item_id", flat=True)]
        found += [{"price": each, "quantity": 1} for each in bundled_ensure(account, chosen)]
    return found + [{"price": price_ensure(account, each)} for each in _meters_to_come(row, chosen, there)]


def items_then(row: Subscription, chosen: PlanPrice) -> list[Json]:
    """All that there are once the chosen price begins with the next period. A meter has no quantity."""
    account, there = account_of(row), running_items(row)
    parts = bundled_ensure(account, chosen)
    # A bundle is had once.
    found: list[Json] = [{"price": price_ensure(account, chosen), "quantity": 1 if parts else row.quantity}]
    found += [{"price": each, "quantity": 1} for each in parts]
    for item, price in items_with(row, chosen, there):
        if price is not None:
            quantity = {"quantity": item.quantity} if item.quantity else {}
            found.append({"price": price_ensure(account, price), **quantity})
    return found + [{"price": price_ensure(account, each)} for each in _meters_to_come(row, chosen, there)]


def _meters_to_come(row: Subscription, chosen: PlanPrice, there: list[SubscriptionItem]) -> list[PlanPrice]:
    """Those of the chosen plan that it doesn't have yet."""
    known = {each.plan_id for each in there}
    return [each for each in meter_prices(row.member, chosen) if each.plan_id not in known]


def meters_end(row: Subscription, chosen: PlanPrice) -> bool:
    """Whether something that is counted goes with the change, or is counted at another price from then on."""
    return any(
        item.plan.kind == METERED and (price is None or price.pk != item.price_id)
        for item, price in items_with(row, chosen, running_items(row))
    )


def uses_told(row: Subscription, chosen: PlanPrice) -> None:
    """Before the amount is asked for: Stripe bills with the change what it knows was used. StripeUnavailable."""
    if meters_end(row, chosen) and not uses_send_of(row):
        raise StripeUnavailable(_("The uses of this period aren’t all counted yet. Try again in a minute."))
