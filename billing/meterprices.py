"""What is counted and paid afterwards: which meters go with a plan, and what a use costs there."""

from __future__ import annotations

from billing.models import MembershipPlan, PlanPrice
from billing.plans import definition_of, meters_offered
from billing.pricing import prices_for
from billing.section import Metered
from members.models import Member


def metered_charge(plan: MembershipPlan) -> Metered:
    charge = definition_of(plan).charge
    assert isinstance(charge, Metered)
    return charge


def meter_prices(member: Member, price: PlanPrice) -> list[PlanPrice]:
    """For a plan that begins with this price: of each of its meters the price of that period and currency."""
    if not price.every:
        return []
    found = []
    codes = {price.plan.code, *definition_of(price.plan).parts}
    for meter in meters_offered(price.plan.program_id).prefetch_related("prices__plan"):
        to = metered_charge(meter).to
        if to and not codes & set(to):
            continue
        current = [each for each in meter.prices.all() if each.replaced_at is None]
        fits = [
            each
            for each in [*prices_for(current, member), *(each for each in current if not each.countries)]
            if (each.every, each.currency) == (price.every, price.currency)
        ]
        found += fits[:1]
    return found
