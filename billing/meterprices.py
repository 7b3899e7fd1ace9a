"""What is counted and paid afterwards: which meters go with a plan, and what a use costs there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing.models import MembershipPlan, PlanPrice
from billing.plans import definition_of, meters_offered
from billing.pricing import prices_for, prices_within
from billing.section import Metered
from members.models import Member


def metered_charge(plan: MembershipPlan) -> Metered:
    charge = definition_of(plan).charge
    assert isinstance(charge, Metered)
    return charge


def meters_with(plan: MembershipPlan) -> Iterator[MembershipPlan]:
    """The meters that come with it, or with any of its parts."""
    codes = {plan.code, *definition_of(plan).parts}
    for meter in meters_offered(plan.program_id).prefetch_related("prices__plan"):
        to = metered_charge(meter).to
        if not to or codes & set(to):
            yield meter


def meter_prices(member: Member | None, *prices: PlanPrice) -> list[PlanPrice]:
    """For one plan that begins with any of these prices: of each of its meters the price of that period and currency,
    each once. member None: for who isn't known."""
    ways = [each for each in prices if each.every]
    meters = list(meters_with(ways[0].plan)) if ways else []
    return list(dict.fromkeys(each for price in ways for meter in meters for each in _fitting(member, meter, price)))


def _fitting(member: Member | None, meter: MembershipPlan, price: PlanPrice) -> list[PlanPrice]:
    """One or none."""
    current = [each for each in meter.prices.all() if each.replaced_at is None]
    mine = prices_for(current, member) if member is not None else prices_within(current, "")
    anywhere = [each for each in current if not each.countries]
    fits = [each for each in [*mine, *anywhere] if (each.every, each.currency) == (price.every, price.currency)]
    return fits[:1]


def meter_prices_all(plan: MembershipPlan, prices: Iterable[PlanPrice]) -> list[PlanPrice]:
    """Whatever any member could get, by these prices of the plan's."""
    ways = {(each.every, each.currency) for each in prices if each.every}
    found = [each for meter in meters_with(plan) for each in meter.prices.all() if each.replaced_at is None]
    return [each for each in found if (each.every, each.currency) in ways]
