"""The staff's audit trail: one row per change that a person or a key made, written in the change's transaction."""

from __future__ import annotations

from typing import Any

from core import clock
from core.tables import AuditEntry


def audit_record(
    *,
    actor: str,
    action: str,
    object_type: str,
    object_id: str | int,
    changes: dict[str, Any] | None = None,
) -> None:
    """Append one entry. changes: field → [before, after], or facts of the action; no secrets, no free personal text."""
    AuditEntry.objects.create(
        at=clock.now(),
        actor=actor[:120],
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        changes=changes or {},
    )
