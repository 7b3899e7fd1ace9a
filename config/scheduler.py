"""Beat: each entry goes to every live brand, never to the template or a suspended one; or to `public` if it says so."""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import ScheduleEntry
from django.db import DatabaseError, close_old_connections, connection
from tenant_schemas_celery.scheduler import TenantAwareScheduler

from core.tasks import HEADER
from tenants.context import platform_context
from tenants.models import Brand, BrandQuerySet

log = logging.getLogger(__name__)
EVERYWHERE = "_all_tenants_only"


class BrandScheduler(TenantAwareScheduler):  # type: ignore[misc]  # its base has no types
    """Sends by schema header. A database or broker that is away costs this round only."""

    @classmethod
    def get_queryset(cls) -> BrandQuerySet:
        return Brand.objects.live()

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        for schema in self._schemas(entry):
            try:
                self._send(entry, schema, producer)
            except Exception as error:  # noqa: BLE001  (one brand's failure must not cost the others their round)
                log.warning("%s not sent to %s: %s", entry.task, schema, type(error).__name__)

    def _schemas(self, entry: ScheduleEntry) -> list[str]:
        headers = (entry.options or {}).get("headers") or {}
        if not headers.get(EVERYWHERE):
            return [headers[HEADER]]
        try:
            if not connection.in_atomic_block:
                close_old_connections()
            with platform_context():
                return list(self.get_queryset().values_list("schema_name", flat=True))
        except DatabaseError as error:
            log.warning("no round of %s: %s", entry.task, type(error).__name__)
            return []

    def _send(self, entry: ScheduleEntry, schema: str, producer: Any) -> None:
        options = {name: value for name, value in (entry.options or {}).items() if name != "headers"}
        task = self.app.tasks.get(entry.task)
        arguments = {"args": entry.args, "kwargs": entry.kwargs, "headers": {HEADER: schema}, "producer": producer}
        if task is None:
            self.app.send_task(entry.task, **arguments, **options)
        else:
            task.apply_async(**arguments, **options)
