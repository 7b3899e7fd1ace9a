"""The controls' brand: the same code with its locks out, and with the constraints out that would step in for them.

Each race holds a promise; its control runs the same race here and must break it, which proves that the race is one and
that the test would see it. Both lines go, for with the locks alone out the constraints still refuse the second winner
(test_last_one.py shows that too).
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection

from core import clock, idempotency
from core.database import OwnerConnection, identifier, owner_connection
from core.tables import IdempotencyRecord
from loyalty import adjusting, ledger
from loyalty.errors import AdjustmentClosed
from loyalty.models import Enrollment, PointsAdjustment
from rewards import services, stock
from rewards.errors import SoldOut
from rewards.models import PoolCode, Redemption
from tenants.models import Brand

FUNCTIONS = (
    "points_spend",
    "points_give",
    "points_undo_spend",
    "points_settle_batch",
    "points_hold",
    "points_hold_close",
    "points_transfer",
    "loyalty_book",
)
TABLES = (
    "core_idempotencyrecord",
    "loyalty_enrollment",
    "loyalty_event",
    "loyalty_order",
    "loyalty_pointsentry",
    "loyalty_pointshold",
    "loyalty_pointstransfer",
    "rewards_redemption",
)
LOCK = re.compile(r"\s+FOR NO KEY UPDATE")
VERSION = re.compile(r"\s+AND version = p_versions\[1\]")


def locks_out(brand: Brand, patch: pytest.MonkeyPatch) -> None:
    """No row locks and no look at the version, in SQL and in Python; stock and codes are read, then written."""
    with owner_connection() as owner:
        owner.execute(f"SET search_path = {identifier(brand.schema_name)}".encode())
        for name in FUNCTIONS:
            source = _source(owner, brand, name)
            bare = VERSION.sub("", LOCK.sub("", source))
            assert bare != source, f"{name} has no lock to take out"
            owner.execute(bare.encode(), prepare=False)
    patch.setattr(ledger, "enrollment_lock", _version)
    patch.setattr(ledger, "enrollments_lock", lambda _ids: None)
    patch.setattr(adjusting, "_open", lambda adjustment, _actor: _waiting(adjustment))
    patch.setattr(services, "_locked", _read)
    patch.setattr(stock, "stock_take", _stock_take)
    patch.setattr(stock, "code_take", _code_take)


def constraints_out(brand: Brand) -> None:
    """No CHECK anywhere, nothing unique where uniqueness stands for "once"."""
    with owner_connection() as owner:
        found = owner.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " WHERE c.connamespace = %s::regnamespace AND (contype = 'c' OR (contype = 'u' AND t.relname = ANY (%s)))",
            [identifier(brand.schema_name), list(TABLES)],
        ).fetchall()
        for table, name in found:
            owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {identifier(str(name))}".encode())


def unprotect(brand: Brand, patch: pytest.MonkeyPatch) -> None:
    """Both lines out. The idempotency row has no other lock than its uniqueness: it is read, then written."""
    locks_out(brand, patch)
    constraints_out(brand)
    patch.setattr(idempotency, "_claim", _claim)


def _claim(principal: str, key: str, request_hash: bytes) -> tuple[int, Any] | None:
    found = IdempotencyRecord.objects.filter(principal=principal, key=key).first()
    if found is not None:
        return int(found.status or 0), found.reply
    IdempotencyRecord.objects.create(principal=principal, key=key, body_hash=request_hash, created_at=clock.now())
    return None


def _source(owner: OwnerConnection, brand: Brand, name: str) -> str:
    row = owner.execute(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s AND pronamespace = %s::regnamespace",
        [name, identifier(brand.schema_name)],
    ).fetchone()
    assert row is not None
    return str(row[0])


def _version(enrollment_id: int) -> int:
    return Enrollment.objects.get(pk=enrollment_id).version


def _read(redemption: Redemption) -> Redemption:
    return Redemption.objects.select_related("reward", "enrollment__member").get(pk=redemption.pk)


def _waiting(adjustment: PointsAdjustment) -> PointsAdjustment:
    row = PointsAdjustment.objects.select_related("enrollment").get(pk=adjustment.pk)
    if row.state != PointsAdjustment.State.REQUESTED:
        raise AdjustmentClosed(state=row.state)
    return row


def _stock_take(*, reward_id: int, start: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bucket, remaining FROM rewards_rewardstock WHERE reward_id = %s AND remaining > 0 LIMIT 1",
            [reward_id],
        )
        row: Any = cursor.fetchone()
        if row is None:
            raise SoldOut()
        cursor.execute(
            "UPDATE rewards_rewardstock SET remaining = %s WHERE reward_id = %s AND bucket = %s",
            [row[1] - 1, reward_id, row[0]],
        )
    return int(row[0])


def _code_take(*, pool_id: int) -> PoolCode:
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_ordinal, size, returned FROM rewards_codepool WHERE id = %s", [pool_id])
        ordinal, size, returned = cursor.fetchone()
        back = PoolCode.objects.filter(pool_id=pool_id, state=PoolCode.State.BACK).first() if returned else None
        if back is None and ordinal > size:
            raise SoldOut()
        cursor.execute(
            "UPDATE rewards_codepool SET next_ordinal = %s, returned = %s WHERE id = %s",
            [ordinal + (back is None), returned - (back is not None), pool_id],
        )
    code = back or PoolCode.objects.get(pool_id=pool_id, ordinal=ordinal)
    PoolCode.objects.filter(pk=code.pk).update(state=PoolCode.State.TAKEN)
    return code
