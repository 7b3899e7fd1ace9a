"""Django looks for an app's models here: the bases every room builds on, and core's own tables."""

from __future__ import annotations

from core.bases import AppendOnly, AppendOnlyQuerySet, AppendOnlyRefused, BrandModel, BrandQuerySet
from core.tables import AuditEntry, IdempotencyRecord, JobRun, OutboxMessage, RateWindow

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
]
