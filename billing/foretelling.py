"""What publishing a program means to who has one of its plans: they keep it, at the price that they pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count
from django.utils.translation import ngettext

from billing.counting import live_ones
from billing.models import MembershipPlan, PlanPrice, SubscriptionItem
from billing.plans import ADD_ON, billing_section, prices_of
from billing.section import Plan
from loyalty.definition.document import Document
from loyalty.models import Program


def plans_foretold(program: Program, document: Document) -> Iterator[str]:
    """A sentence for each plan or add-on that somebody has and that isn't sold as before. Test members don't count."""
    section, have = billing_section(document), _members_by_price(program)
    for row in MembershipPlan.objects.filter(program=program, retired_at=None).order_by("position", "pk"):
        plan, mine = section.plan(row.code), {price: n for price, n in have.items() if price.plan_id == row.pk}
        n = sum(mine.values())
        if n and row.offered and (plan is None or not plan.offered):
            yield ngettext(
                "%(plan)s can’t be joined any more. %(n)d member who has it keeps it.",
                "%(plan)s can’t be joined any more. %(n)d members who have it keep it.",
                n,
            ) % {"plan": row, "n": n}
        elif plan is not None and (n := sum(count for price, count in mine.items() if _replaced(price, plan))):
            yield ngettext(
                "%(plan)s has another price for who joins from now on. %(n)d member goes on paying what they pay.",
                "%(plan)s has another price for who joins from now on. %(n)d members go on paying what they pay.",
                n,
            ) % {"plan": row, "n": n}


def _members_by_price(program: Program) -> dict[PlanPrice, int]:
    """Of plans, and of what they have on top."""
    rows = live_ones().filter(plan__program=program, member__is_test=False)
    tops = SubscriptionItem.objects.filter(subscription__in=rows, ended_at__isnull=True, plan__kind=ADD_ON)
    found: Counter[int] = Counter()
    for each in (rows.filter(price__isnull=False), tops):
        found.update(dict(each.order_by().values_list("price").annotate(Count("pk"))))
    return {price: found[price.pk] for price in PlanPrice.objects.filter(pk__in=found)}


def _replaced(price: PlanPrice, plan: Plan) -> bool:
    """Whether it is sold now, and would be at another amount."""
    wanted = prices_of(plan).get((price.currency, price.every, price.area))
    return price.replaced_at is None and (wanted is None or wanted[0] != price.amount_minor)
