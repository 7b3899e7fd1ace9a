"""How a bundle's price is shared among its parts: as their own prices stand to each other, to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from billing.models import BundleShare, MembershipPlan, PlanPrice, Shipment, Subscription
from loyalty.models import Program
from loyalty.planuse import plan_unused_since

Shared = Mapping[int, frozenset[str]]


def shared_among(program: Program) -> Shared:
    """By price, the codes that it is shared among now."""
    rows = BundleShare.objects.filter(price__plan__program=program, price__replaced_at__isnull=True)
    found: dict[int, set[str]] = {}
    for price_id, code in rows.values_list("price_id", "part__code"):
        found.setdefault(price_id, set()).add(code)
    return {price_id: frozenset(codes) for price_id, codes in found.items()}


def shares_make(price: PlanPrice, parts: Sequence[MembershipPlan]) -> None:
    """Of a bundle's new price. Publishing has seen to it that each part costs something by itself."""
    by_part = {part.pk: list(PlanPrice.objects.filter(plan=part, replaced_at__isnull=True)) for part in parts}
    weights = [_own(by_part[part.pk], price) for part in parts]
    for part, amount in zip(parts, split(price.amount_minor, weights), strict=True):
        BundleShare.objects.create(price=price, part=part, amount_minor=amount)


def _own(prices: Iterable[PlanPrice], bundled: PlanPrice) -> int:
    """What a part costs by itself where the bundle costs so: the price of the same countries, else everybody's."""
    fits = [each for each in prices if (each.currency, each.every) == (bundled.currency, bundled.every)]
    own = [each for each in fits if set(bundled.countries) & set(each.countries)]
    found = own or [each for each in fits if not each.countries]
    return found[0].amount_minor if found else 1


def separately(price: PlanPrice, parts: Sequence[MembershipPlan]) -> int:
    """What the parts cost together when each is paid by itself now; 0 where one isn't sold so any more."""
    total = 0
    for part in parts:
        current = [each for each in part.prices.all() if each.replaced_at is None]
        fits = [each for each in current if (each.currency, each.every) == (price.currency, price.every)]
        if not fits or not part.offered:
            return 0
        total += _own(fits, price)
    return total


def part_plans(rows: Iterable[Subscription]) -> dict[int, list[MembershipPlan]]:
    """By price: what those who have these subscriptions were sold together. Who pays an older price of a bundle has
    what it was made of then."""
    prices = {row.price_id for row in rows if row.price_id is not None}
    found: dict[int, list[MembershipPlan]] = {}
    if prices:
        for share in BundleShare.objects.filter(price_id__in=prices).select_related("part__program").order_by("pk"):
            found.setdefault(share.price_id, []).append(share.part)
    return found


def part_codes(rows: Iterable[Subscription]) -> dict[int, list[str]]:
    return {price_id: [each.code for each in parts] for price_id, parts in part_plans(rows).items()}


def codes_held(row: Subscription) -> list[str]:
    """The plan and the parts of it, where it is a bundle: all that who has the subscription has."""
    return [row.plan.code, *part_codes([row]).get(row.price_id or 0, ())]


def unused_since(row: Subscription, since: datetime) -> bool:
    """Whether its member has used nothing since then of what the plan, or any part of it, gives, and no box of it that
    was sent since is with them or on its way."""
    sent = Shipment.objects.filter(subscription=row, shipped_at__gte=since, state__in=Shipment.SENT_STATES)
    if sent.exists():
        return False
    return all(plan_unused_since(member=row.member, plan=code, since=since) for code in codes_held(row))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """The total in parts as the weights stand to each other, in whole minor units that add up to it. What rounding
    down leaves over goes to the largest rests first."""
    whole = sum(weights)
    exact = [total * each for each in weights]
    found = [each // whole for each in exact]
    order = sorted(range(len(weights)), key=lambda index: (-(exact[index] % whole), index))
    for index in order[: total - sum(found)]:
        found[index] += 1
    return found
