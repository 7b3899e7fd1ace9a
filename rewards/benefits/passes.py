"""An allowance that counts in all, of a pass: as often again for each time that the pass was paid for, counted from
when the member has it. What was used of an earlier pass takes nothing of this one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from loyalty.models import Enrollment
from loyalty.planuse import pass_bought
from rewards.benefits.definition import Allowance

PLAN = "plan:"


def uses_allowed(allowance: Allowance, causes: Iterable[str], enrollment_id: int) -> tuple[int, datetime | None]:
    """How often in the period, and from when on uses count; None: all of the period's do."""
    if allowance.period != "lifetime":
        return allowance.uses, None
    plans = [each.removeprefix(PLAN) for each in causes if each.startswith(PLAN)]
    if not plans:
        return allowance.uses, None
    member_id = Enrollment.objects.values_list("member_id", flat=True).get(pk=enrollment_id)
    found = [bought for plan in plans if (bought := pass_bought(member_id=member_id, plan=plan)) is not None]
    if not found:
        return allowance.uses, None
    return allowance.uses * sum(each.times for each in found), min(each.since for each in found)
