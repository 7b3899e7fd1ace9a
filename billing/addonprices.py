"""What add-ons go with which plan, and what each costs there: by the plan's period, in its currency."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from billing.errors import NotPossibleNow
from billing.models import MembershipPlan, PlanPrice, Subscription, SubscriptionItem
from billing.plans import METERED, definition_of
from billing.pricing import prices_for
from billing.section import AddOn, Metered


def running_items(subscription: Subscription) -> list[SubscriptionItem]:
    rows = SubscriptionItem.objects.filter(subscription=subscription, ended_at__isnull=True)
    return list(rows.select_related("plan", "price__plan"))


def goes_with(add_on: MembershipPlan, plan: MembershipPlan) -> bool:
    """With a bundle goes what goes with one of its parts."""
    charge = definition_of(add_on).charge
    assert isinstance(charge, AddOn | Metered)
    to, codes = charge.to, {plan.code, *definition_of(plan).parts}
    return add_on.program_id == plan.program_id and (not to or bool(codes & set(to)))


def add_on_charge(plan: MembershipPlan) -> AddOn:
    charge = definition_of(plan).charge
    assert isinstance(charge, AddOn)
    return charge


def add_on_price(
    add_on: MembershipPlan, subscription: Subscription, *, every: str | None = None, currency: str | None = None
) -> PlanPrice | None:
    """What it costs with this subscription: by its period, in its currency, for the member's country."""
    assert subscription.price is not None
    every = subscription.price.every if every is None else every
    currency = subscription.price.currency if currency is None else currency
    current = [each for each in add_on.prices.all() if each.replaced_at is None]
    theirs = prices_for(current, subscription.member)
    fits = [each for each in theirs if (each.every, each.currency) == (every, currency)]
    fits = fits or [each for each in current if (each.every, each.currency) == (every, currency) and not each.countries]
    return fits[0] if fits else None


def items_with(
    row: Subscription, chosen: PlanPrice, items: Iterable[SubscriptionItem]
) -> list[tuple[SubscriptionItem, PlanPrice | None]]:
    """What comes on top when the plan is paid by the chosen price: each with its price then. A meter that doesn't go
    with it has none, and ends; so does one add-on that is a part of the bundle that is chosen.

    NotPossibleNow where an add-on doesn't go with it: taking that off is the member's to say.
    """
    parts = definition_of(chosen.plan).parts
    found: list[tuple[SubscriptionItem, PlanPrice | None]] = []
    for each in items:
        price: PlanPrice | None = each.price
        if each.price.every != chosen.every:
            price = add_on_price(each.plan, row, every=chosen.every, currency=chosen.currency)
        if price is None or not goes_with(each.plan, chosen.plan):
            if each.plan.kind != METERED:
                raise NotPossibleNow(_("Take %(add_on)s off first.") % {"add_on": each.plan}, field="plan")
            price = None
        if price is not None and each.plan.code in parts and each.quantity == 1 and chosen.pk != row.price_id:
            price = None
        found.append((each, price))
    return found
