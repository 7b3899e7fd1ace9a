"""Which of a plan's prices a member gets: those for their country, else those that are for everybody else.

Pure but for `country_of`: a price names its countries, and of one period at most one price names a country.
"""

from __future__ import annotations

from collections.abc import Iterable

from billing.models import BillingProfile, PlanPrice
from members.models import Member


def country_of(member: Member) -> str:
    """Two letters, or empty where nobody has said it: the address on their invoices, else the attribute `country`."""
    # Customers are told prices, and prices are for customers: the one import waits for the other.
    from billing.customers import invoice_for

    profile = BillingProfile.objects.filter(member=member).first()
    address = invoice_for(profile).address if profile is not None else {}
    told = address.get("country") or member.attributes.get("country") or ""
    return str(told).strip().upper()[:2]


def prices_within(prices: Iterable[PlanPrice], country: str) -> list[PlanPrice]:
    """In the order that they came in. By period: a country's own price takes the place of everybody's."""
    there = list(prices)
    own = {each.every for each in there if country and country in each.countries}
    return [each for each in there if (country in each.countries if each.every in own else not each.countries)]


def prices_for(prices: Iterable[PlanPrice], member: Member) -> list[PlanPrice]:
    """What this member can choose among now."""
    current = [each for each in prices if each.replaced_at is None]
    if not any(each.countries for each in current):
        return current
    return prices_within(current, country_of(member))
