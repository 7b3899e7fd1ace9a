"""Writing the catalogue and the pools' settings: by staff, with a trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from rewards.models import CodePool, Reward
from rewards.stock import stock_set

REWARD_FIELDS = (
    "program", "code", "name", "name_nl", "description", "description_nl", "terms", "currency", "price", "tiers",
    "pool",
    "limit_per_member", "valid_days", "unit_cost_minor", "face_value_minor", "emoji", "active", "starts_at", "ends_at",
    "position",
)  # fmt: skip
POOL_FIELDS = ("name", "low_at")


def reward_save(*, reward: Reward | None, fields: Mapping[str, Any], actor: Actor) -> Reward:
    """Make or change a reward; what isn't given stays. stock_total goes through stock_set. InvalidInput.

    Program and code of a reward stay as they are once made: redemptions and partners refer to them.
    """
    with transaction.atomic():
        row = Reward.objects.select_for_update(no_key=True).get(pk=reward.pk) if reward is not None else Reward()
        fixed = ("program", "code") if reward is not None else ()
        given = {name: fields[name] for name in REWARD_FIELDS if name in fields and name not in fixed}
        changes = _apply(row, given)
        if row.starts_at and row.ends_at and row.ends_at <= row.starts_at:
            raise InvalidInput(_("It ends before it begins."), field="ends_at")
        row.save()
        if "stock_total" in fields and (row.stock_total != fields["stock_total"] or reward is None):
            stock_set(reward=row, total=fields["stock_total"], actor=actor)
        if changes or reward is None:
            audit_record(
                actor=actor.name,
                action="reward.change" if reward is not None else "reward.add",
                object_type="reward",
                object_id=row.pk,
                changes=changes,
            )
    return row


def pool_save(*, pool: CodePool | None, fields: Mapping[str, Any], actor: Actor) -> CodePool:
    """Make or change a pool: its name and when to warn. Codes come in through pools.pool_import."""
    with transaction.atomic():
        row = CodePool.objects.select_for_update(no_key=True).get(pk=pool.pk) if pool is not None else CodePool()
        changes = _apply(row, {name: fields[name] for name in POOL_FIELDS if name in fields})
        if pool is None:
            row.save()
        else:
            row.save(update_fields=list(POOL_FIELDS))
        audit_record(
            actor=actor.name,
            action="pool.change" if pool is not None else "pool.add",
            object_type="codepool",
            object_id=row.pk,
            changes=changes,
        )
    return row


def _apply(row: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Set the fields; returns name → [before, after] of what changed, as JSON."""
    changes = {}
    for name, value in given.items():
        before = getattr(row, name, None) if name != "program" or row.pk else None
        if before != value:
            changes[name] = [_plain(before), _plain(value)]
            setattr(row, name, value)
    return changes


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | bool | list | None) else str(value)
