"""Stock in buckets and codes by ordinal: the last locks that a redemption takes, held for the shortest time.

A limited reward's stock lies in sixteen buckets, so that redemptions pass side by side. A taker first looks for a free
bucket without waiting; only when none is free does it queue, bucket by bucket in order, and finds the truth: taken or
sold out. Near the end the buckets run empty one by one and takers meet in the last ones.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from rewards.errors import SoldOut
from rewards.models import CodePool, PoolCode, Reward, RewardStock

BUCKETS = 16

_FREE = """
UPDATE rewards_rewardstock SET remaining = remaining - 1 WHERE id = (
    SELECT id FROM rewards_rewardstock WHERE reward_id = %(reward)s AND remaining > 0
    ORDER BY (bucket + %(start)s) %% 16 LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING bucket
"""
_QUEUE = """
UPDATE rewards_rewardstock SET remaining = remaining - 1
WHERE reward_id = %(reward)s AND bucket = %(bucket)s AND remaining > 0 RETURNING bucket
"""
# One that came back first, otherwise the next one. What is left then, and whether the team is to be told: once when it
# becomes low, and once when the last is gone, until more are imported.
_NEXT = """
WITH was AS (
    SELECT *, size - next_ordinal + returned AS remains FROM rewards_codepool
    WHERE id = %(pool)s AND (returned > 0 OR next_ordinal <= size) FOR NO KEY UPDATE),
due AS (SELECT id, CASE WHEN remains = 0 THEN 2 WHEN remains < low_at THEN 1 ELSE 0 END AS level FROM was)
UPDATE rewards_codepool p SET
    next_ordinal = p.next_ordinal + (was.returned = 0)::int, returned = greatest(p.returned - 1, 0),
    warned = greatest(p.warned, due.level)
FROM was, due WHERE p.id = was.id
RETURNING was.returned > 0, was.next_ordinal, was.remains, due.level > was.warned, was.name
"""
_BACK = """
SELECT ordinal FROM rewards_poolcode WHERE pool_id = %(pool)s AND state = 'back' ORDER BY ordinal LIMIT 1
"""


_HELD = "SELECT 1 FROM rewards_rewardstock WHERE reward_id = %s AND bucket = %s FOR NO KEY UPDATE"
_RETURN = """
UPDATE rewards_rewardstock b SET remaining = remaining + 1 FROM rewards_reward r
WHERE b.reward_id = %s AND b.bucket = %s AND r.id = b.reward_id AND r.stock_total IS NOT NULL
"""


def stock_take(*, reward_id: int, start: int) -> int:
    """Take one piece; returns the bucket it came from. start spreads takers over the buckets. SoldOut."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"reward": reward_id, "start": start})
        row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        # Every bucket is empty or in someone's hands: wait for each in turn, in order, and look again.
        for bucket in range(BUCKETS):
            cursor.execute(_QUEUE, {"reward": reward_id, "bucket": bucket})
            row = cursor.fetchone()
            if row is not None:
                return int(row[0])
    raise SoldOut()


def stock_return(*, reward_id: int, bucket: int) -> None:
    """Put one piece back where it came from. Of a reward that became unlimited nothing is left to count.

    Whether it is unlimited is read under the bucket's lock, by a statement of its own: who sets the stock holds all
    buckets, counts what is taken and says the new number in one go. What was read before may be out of date.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [reward_id, bucket])
        cursor.execute(_RETURN, [reward_id, bucket])


def code_take(*, pool_id: int) -> PoolCode:
    """A code of the pool for one member: one that a reservation gave back, or the next. SoldOut when there is none.

    The pool's row is the lock of all of its codes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"pool": pool_id})
        row = cursor.fetchone()
        if row is None:
            raise SoldOut()
        came_back, ordinal, left, tell, name = row
        if came_back:
            cursor.execute(_BACK, {"pool": pool_id})
            [ordinal] = cursor.fetchone()
    if tell:
        outbox_add("pool.low", {"pool_id": pool_id, "pool": name, "left": left})
    code = PoolCode.objects.get(pool_id=pool_id, ordinal=ordinal)
    code.state = PoolCode.State.TAKEN
    code.save(update_fields=["state"])
    return code


def code_return(*, code_id: int, pool_id: int) -> None:
    """A code that nobody was shown is free again: the next taker gets it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rewards_codepool SET returned = returned + 1 WHERE id = %s", [pool_id])
    PoolCode.objects.filter(pk=code_id).update(state=PoolCode.State.BACK)


def stock_set(*, reward: Reward, total: int | None, actor: Actor) -> None:
    """Set how many pieces there are in all, sold ones included; None: unlimited. InvalidInput below what is sold.

    Locks the buckets in order, so it waits for takers and takers wait for it.
    """
    with transaction.atomic():
        row = Reward.objects.select_for_update(no_key=True).get(pk=reward.pk)
        buckets = {b.bucket: b for b in RewardStock.objects.select_for_update().filter(reward=row).order_by("bucket")}
        sold = row.redemptions.exclude(state__in=("canceled", "lapsed")).filter(stock_bucket__isnull=False).count()
        if total is not None and total < sold:
            said = _("%(sold)s are taken already; the stock can’t be lower.") % {"sold": sold}
            raise InvalidInput(said, field="stock_total", sold=sold)
        left, before = (0 if total is None else total - sold), row.stock_total
        for number in range(BUCKETS):
            share = left // BUCKETS + (1 if number < left % BUCKETS else 0)
            bucket = buckets.get(number) or RewardStock(reward=row, bucket=number)
            bucket.remaining = share
            bucket.save()
        row.stock_total = total
        row.save(update_fields=["stock_total"])
        reward.stock_total = total
        audit_record(
            actor=actor.name,
            action="reward.stock_set",
            object_type="reward",
            object_id=row.pk,
            changes={"stock_total": [before, total]},
        )


def stock_left(reward: Reward) -> int | None:
    """Pieces left, None when unlimited; for a pool reward the codes left count too."""
    left: int | None = None
    if reward.stock_total is not None:
        left = sum(RewardStock.objects.filter(reward=reward).values_list("remaining", flat=True))
    if reward.pool_id is not None:
        pool = CodePool.objects.get(pk=reward.pool_id)
        left = pool.left if left is None else min(left, pool.left)
    return left
