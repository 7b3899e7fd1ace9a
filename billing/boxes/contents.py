"""What is in a box: the plan's items with what the member chose in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.boxes.shape import Box
from billing.models import BoxHabit, Subscription

Json = dict[str, Any]


def contents_of(box: Box, swaps: Mapping[str, str]) -> list[Json]:
    """A swap whose item or choice the plan doesn't have any more is left out."""
    found: list[Json] = []
    for item in box.items:
        chosen = box.choice(swaps.get(item.code, "")) or item
        found.append(
            {"for": item.code, "code": chosen.code, "name": chosen.name, "sku": chosen.sku, "count": item.count}
        )
    return found


def habit_of(row: Subscription) -> BoxHabit | None:
    return BoxHabit.objects.filter(subscription=row).first()
