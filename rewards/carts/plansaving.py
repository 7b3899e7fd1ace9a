"""What a member's own orders of the last year would have saved with a plan: the discounts that come with it, taken off
by the same rules as at the checkout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core import clock
from loyalty.definition.conditions import PlanTest
from loyalty.definition.sections import section_of
from loyalty.models import Enrollment, Order
from loyalty.selectors import document_now
from rewards.benefits.definition import SECTION, Benefit, BenefitsSection, Discount, FreeShipping
from rewards.carts.discounts import discounted

YEAR = timedelta(days=365)
MOST = 200


def saved_with_plan(enrollment: Enrollment, plan: str) -> int:
    """In minor units of the program's money. Orders that had a discount or came back count for nothing, so that it
    says rather too little than too much."""
    document = document_now(enrollment.program_id)
    section: BenefitsSection | None = section_of(document.sections, SECTION)
    benefits = [each for each in section.benefits if _comes_with(each, plan)] if section is not None else []
    if section is None or not benefits:
        return 0
    rows = Order.objects.filter(
        member_id=enrollment.member_id, event__program_id=enrollment.program_id, occurred_at__gte=clock.now() - YEAR,
        currency=document.program.money_currency, discount_minor=0, refunded_minor=0,
    )  # fmt: skip
    rows = rows.select_related("event").order_by("-occurred_at")
    return sum(_off(benefits, row, section) for row in rows[:MOST])


def _comes_with(benefit: Benefit, plan: str) -> bool:
    """A discount that who has the plan may use on every order. A schedule or an allowance would make it less."""
    given = any(isinstance(holder, PlanTest) and plan in (holder.any_of or (plan,)) for holder in benefit.given_to)
    always = benefit.enabled and benefit.schedule is None and benefit.allowance is None
    return given and always and isinstance(benefit.gives, Discount | FreeShipping)


def _off(benefits: list[Benefit], row: Order, section: BenefitsSection) -> int:
    told: dict[str, Any] = row.event.payload.get("order") or {}
    lines = told.get("lines") or [{"net_minor": row.net_minor, "tax_minor": row.tax_minor}]
    found = discounted(benefits, lines, row.shipping_minor, section.discounts)
    return sum(each.amount_minor for each in found.off)
