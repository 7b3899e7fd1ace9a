"""Work outside a request. Every task runs for one brand, named in its header; without a name it raises.

The broker only wakes: what must happen stands in the brand's outbox, and the sweep finds it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any, overload

from celery import current_app, shared_task
from django.core.cache import caches
from django.db import connection
from django.utils import timezone, translation
from tenant_schemas_celery.app import get_schema_name_from_task
from tenant_schemas_celery.task import TenantTask

from core import clock, outbox
from core.tables import IdempotencyRecord, OutboxMessage, RateWindow
from core.tenancy import current_schema

log = logging.getLogger(__name__)

HEADER = "_schema_name"
PUBLIC = "public"
DRAIN_BATCH = 200
KEEP_DELIVERED = timedelta(days=30)
KEEP_ANSWERS = timedelta(days=7)
KEEP_WINDOWS_SECONDS = 3600
CLEANUP_BATCH = 5000
WAKE_SECONDS, WAKE_MARGIN = 0.1, 0.05
# Until when (monotonic) the wake that is on its way serves a schema. Two threads that both send one do no harm.
_awake_from: dict[str, float] = {}


class NoBrand(RuntimeError):
    """A task was about to run, or to be sent, without a brand to run for."""


class BrandTask(TenantTask):  # type: ignore[misc]  # its base has no types
    """A task of one brand. Sent outside a brand, or run where its schema isn't, it raises NoBrand.

    tenant-schemas-celery falls back to `public` when the header is missing, and goes on in whatever schema is current
    when switching fails (errors in signal receivers are only logged): both are caught here.
    """

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        schema = (options.get("headers") or {}).get(HEADER) or current_schema()
        if not _is_brand(schema):
            raise NoBrand(f"{self.name} was sent from {schema!r}: name the brand in the header {HEADER}")
        options["headers"] = {**(options.get("headers") or {}), HEADER: schema}
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            wanted = current_schema()
        else:
            wanted = get_schema_name_from_task(self, kwargs) or ""
        if not _is_brand(wanted):
            raise NoBrand(f"{self.name} has no brand to run for")
        if current_schema() != wanted or not _exists(wanted):
            raise NoBrand(f"{self.name} was sent for {wanted}, which isn't there")
        with translation.override(None, deactivate=True):
            return super().__call__(*args, **kwargs)


@overload
def brand_task(name: Callable[..., Any]) -> BrandTask: ...
@overload
def brand_task(name: str, **options: Any) -> Callable[[Callable[..., Any]], BrandTask]: ...
def brand_task(name: str | Callable[..., Any], **options: Any) -> Any:
    """A shared task that runs for exactly one brand: `@brand_task`, or `@brand_task("name", **options of Celery)`."""
    if callable(name):
        return shared_task(name=f"{name.__module__}.{name.__qualname__}", base=BrandTask)(name)
    return shared_task(name=name, base=BrandTask, **options)


def _is_brand(schema: str) -> bool:
    return bool(schema) and schema != PUBLIC and not schema.startswith("parked_")


def _exists(schema: str) -> bool:
    """Whether the schema is there: with it dropped, the search path would fall through to public."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL", [schema])
        return bool(cursor.fetchone()[0])


@brand_task("core.tasks.outbox_drain")
def outbox_drain() -> int:
    """Deliver what is due at this brand. A full batch wakes the next one, so that one brand can't keep a worker."""
    return _drain()


@brand_task("core.tasks.outbox_sweep")
def outbox_sweep() -> int:
    """Beat's round: deliver what a dead process or a lost wake-up left behind, and what nobody was woken for."""
    return _drain()


def _drain() -> int:
    taken = outbox.outbox_drain(limit=DRAIN_BATCH)
    if taken >= DRAIN_BATCH:
        outbox.wake(current_schema())
    return taken


@brand_task("core.tasks.cleanup")
def cleanup() -> dict[str, int]:
    """Forget what nobody asks for any more, in batches: delivered messages, old answers, ended counters, sessions."""
    now = clock.now()
    wall = timezone.now()  # noqa: TID251  (rate windows and sessions stand on wall time)
    return {
        "messages": _delete_some(OutboxMessage.objects.filter(delivered_at__lt=now - KEEP_DELIVERED)),
        "answers": _delete_some(IdempotencyRecord.objects.filter(created_at__lt=now - KEEP_ANSWERS)),
        "windows": _delete_some(
            RateWindow.objects.filter(window_start__lt=int(wall.timestamp()) - KEEP_WINDOWS_SECONDS)
        ),
        "counters": caches["guesses"].forget_expired(),  # type: ignore[attr-defined]  # our own cache
        "sessions": _sessions_forget(),
    }


def _delete_some(rows: Any) -> int:
    chosen = rows.order_by("pk").values_list("pk", flat=True)[:CLEANUP_BATCH]
    deleted, _by_model = rows.model.objects.filter(pk__in=list(chosen)).delete()
    return int(deleted)


def _sessions_forget() -> int:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE expire_date < now()")
        return int(cursor.rowcount)


def wake_worker(schema: str) -> None:
    """How core.outbox wakes a worker: the schema goes with the message, whatever is current when the commit happens.

    A wake is due WAKE_SECONDS later and serves everything that this process commits until then: sending one for each
    event costs a fifth of a web worker's time. The margin lets the last of those commits be seen.
    """
    now = monotonic()
    if now < _awake_from.get(schema, 0.0) and not current_app.conf.task_always_eager:
        return
    _awake_from[schema] = now + WAKE_SECONDS
    try:
        current_app.tasks["core.tasks.outbox_drain"].apply_async(
            headers={HEADER: schema}, retry=False, expires=60, countdown=WAKE_SECONDS + WAKE_MARGIN
        )
    except BaseException:
        _awake_from.pop(schema, None)
        raise
