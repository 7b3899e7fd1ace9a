"""Stock that is low: the team is told once, and once more when nothing is left.

Looked for by the sweep and not by who takes a piece: takers in different buckets don't see each other's, so none of two
might see that it became low; and taking stays as quick as it is.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Sum

from core.outbox import outbox_add
from rewards.models import Reward, RewardStock
from rewards.pools import warned_of


def stock_low_sweep() -> int:
    """Tell of what became low since. How many rewards."""
    limited = Reward.objects.filter(active=True, stock_total__isnull=False, low_at__gt=0, warned__lt=2)
    low = limited.annotate(left=Sum("buckets__remaining")).filter(left__lt=F("low_at"))
    return sum(_tell(pk) for pk in low.order_by("pk").values_list("pk", flat=True))


def _tell(pk: int) -> bool:
    with transaction.atomic():
        row = Reward.objects.select_for_update(no_key=True).get(pk=pk)
        left = _left(row)
        level = warned_of(left, row.low_at)
        if level <= row.warned:
            return False
        Reward.objects.filter(pk=pk).update(warned=level)
        outbox_add("stock.low", {"reward_id": pk, "reward": row.code, "left": left})
    return True


def low_settle(reward: Reward) -> None:
    """With more pieces, or another threshold, it becomes low anew. Within the transaction that changed them."""
    level = warned_of(_left(reward), reward.low_at) if reward.stock_total is not None else 0
    Reward.objects.filter(pk=reward.pk, warned__gt=level).update(warned=level)


def _left(reward: Reward) -> int:
    return sum(RewardStock.objects.filter(reward=reward).values_list("remaining", flat=True))
