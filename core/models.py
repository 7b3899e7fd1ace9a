"""Where Django looks for core's tables; the bases of every brand's models stand in core/bases.py."""

from core.bases import (
    AppendOnly,
    AppendOnlyQuerySet,
    AppendOnlyRefused,
    BrandModel,
    BrandQuerySet,
)
from core.tables import AuditEntry, IdempotencyRecord, JobRun, OutboxMessage, RateWindow, SharedCounter

__all__ = [
    "AppendOnly",
    "AppendOnlyQuerySet",
    "AppendOnlyRefused",
    "AuditEntry",
    "BrandModel",
    "BrandQuerySet",
    "IdempotencyRecord",
    "JobRun",
    "OutboxMessage",
    "RateWindow",
    "SharedCounter",
]
