"""What deciding about offers reads of a member, and the catalogue with what is left of it: a statement each.

A checkout asks for both with every change of a cart, and to put the same statements together through the ORM took most
of an answer's time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import JSONField

from members.segments import KEY
from rewards.models import CodePool, Reward
from rewards.pieces import READ
from rewards.section import RewardPiece


class Read(NamedTuple):
    """taken: reward id → when it was taken, without what went back and what a rule gave."""

    tiers: frozenset[str]
    segments: frozenset[str]
    taken: dict[int, list[datetime]]


# A tier whose time is over counts no more, also before the night's work has looked at it. What a rule gave isn't of the
# member's own taking.
_MEMBER = """
SELECT
    (SELECT array_agg(t.tier) FROM loyalty_tierstanding t
     WHERE t.enrollment_id = %(place)s AND (t.valid_until IS NULL OR t.valid_until > %(now)s)),
    (SELECT array_agg(f.key) FROM members_memberfact f
     WHERE f.member_id = %(member)s AND starts_with(f.key, %(segment)s) AND (f.until IS NULL OR f.until > %(now)s)),
    r.rewards, r.times
FROM (SELECT array_agg(reward_id) AS rewards, array_agg(redeemed_at) AS times FROM rewards_redemption
      WHERE enrollment_id = %(place)s AND given_for IS NULL AND state NOT IN ('canceled', 'lapsed')
        AND (%(rewards)s::bigint[] IS NULL OR reward_id = ANY (%(rewards)s::bigint[]))) r
"""


def member_read(*, place: int, member: int, now: datetime, rewards: Iterable[int] | None) -> Read:
    """rewards: only what was taken of these counts; None: of all."""
    wanted: dict[str, Any] = {
        "place": place, "member": member, "now": now, "segment": KEY,
        "rewards": list(rewards) if rewards is not None else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, wanted)
        tiers, segments, ids, times = cursor.fetchone()
    taken: dict[int, list[datetime]] = defaultdict(list)
    for reward_id, at in zip(ids or (), times or (), strict=True):
        taken[reward_id].append(at)
    return Read(frozenset(tiers or ()), frozenset(each.removeprefix(KEY) for each in segments or ()), dict(taken))


@cache
def _offered_sql() -> str:
    """Every column of a reward and of its pool, pieces left, who waits; put together from the models once."""
    rewards = ", ".join(f'r."{each.column}"' for each in Reward._meta.concrete_fields)
    pools = ", ".join(f'p."{each.column}"' for each in CodePool._meta.concrete_fields)
    return f"""
SELECT {rewards}, {pools},
    (SELECT sum(s.remaining)::bigint FROM rewards_rewardstock s WHERE s.reward_id = r.id),
    (SELECT count(*) FROM rewards_waitingplace w WHERE w.reward_id = r.id AND w.state = 'waiting')
FROM rewards_reward r LEFT JOIN rewards_codepool p ON p.id = r.pool_id
WHERE r.program_id = %(program)s AND r.active AND r.takeable
  AND (r.starts_at IS NULL OR r.starts_at <= %(now)s) AND (r.ends_at IS NULL OR r.ends_at > %(now)s)
ORDER BY r.position, r.id
"""  # noqa: S608  (put together from the models' columns)


def rewards_read(program_id: int, now: datetime) -> list[Reward]:
    """What selectors.rewards_offered() finds, with `bucket_left` and `in_line`, without the ORM's putting together."""
    fields, pool_fields = Reward._meta.concrete_fields, CodePool._meta.concrete_fields
    names, pool_names = [each.attname for each in fields], [each.attname for each in pool_fields]
    texts = [at for at, each in enumerate(fields) if isinstance(each, JSONField)]
    body_at = names.index("body")
    with connection.cursor() as cursor:
        cursor.execute(_offered_sql(), {"program": program_id, "now": now})
        rows = cursor.fetchall()
    found = []
    for row in rows:
        values = list(row[: len(fields)])
        text = values[body_at]
        for at in texts:
            values[at] = msgspec.json.decode(values[at])
        reward = Reward.from_db(connection.alias, names, values)
        pool = row[len(fields) : len(fields) + len(pool_fields)]
        reward._state.fields_cache["pool"] = (
            CodePool.from_db(connection.alias, pool_names, pool) if pool[0] is not None else None
        )
        if reward.body:
            reward.__dict__[READ] = (reward.body, _piece(text))
        extra: Any = reward
        extra.bucket_left, extra.in_line = row[-2:]
        found.append(reward)
    return found


@lru_cache(maxsize=4096)
def _piece(text: str) -> RewardPiece:
    """The piece that a body's text says: frozen, so that everybody may have the same one."""
    return msgspec.json.decode(text, type=RewardPiece)
