"""The demo's clock, moved by hand: a brand and its account at the local Stripe go forward together, a day at a time,
and after each day what beat would have sent for is done, as if the day had passed.

How far a journey is stands in a file per brand, as the caught mails do, so that any process can show it.
"""

from __future__ import annotations

import http.client
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from celery import current_app
from django.conf import settings

from billing.gateway import KEY_PURPOSE
from billing.models import StripeConnection
from billing.reconciling import events_reconcile
from core.outbox import outbox_drain
from core.secrets import unseal
from core.tasks import BrandTask
from core.tenancy import current_schema
from tenants import registry
from tenants.context import brand_context, current_brand, platform_context
from tenants.models import Brand

log = logging.getLogger(__name__)

MOST_DAYS = 92
DAY = timedelta(days=1)
# A journey that wasn't heard of for so long has died with its worker.
DEAD_AFTER_SECONDS = 180.0
DRAINS = 20


class Journey(msgspec.Struct):
    """days: how many it was asked for; left: of them not gone yet. problem: what ended it before. behind: by how many
    days the account at Stripe is, since it refused its key meanwhile."""

    days: int
    left: int
    problem: str = ""
    behind: int = 0


def journey_of() -> Journey | None:
    """The current brand's latest one."""
    try:
        found = msgspec.json.decode(_note().read_bytes(), type=Journey)
        heard = time.time() - _note().stat().st_mtime
    except (OSError, msgspec.DecodeError):
        return None
    if found.left and not found.problem and heard > DEAD_AFTER_SECONDS:
        found.problem = "It stopped on the way."
    return found


def moving(journey: Journey | None) -> bool:
    return journey is not None and journey.left > 0 and not journey.problem


def journey_begin(days: int) -> bool:
    """Note it for the worker; False where one is under way. days: 1 to MOST_DAYS."""
    last = journey_of()
    if moving(last):
        return False
    _put(Journey(days=days, left=days, behind=last.behind if last else 0))
    return True


def journey_make(days: int) -> None:
    """All of it. What goes wrong ends it, and is told on the page."""
    last = journey_of()
    journey = Journey(days=days, left=days, behind=last.behind if last else 0)
    try:
        while journey.left:
            brand = _a_day_later()
            with brand_context(brand):
                journey.behind = _a_days_work(journey.behind)
            journey.left -= 1
            _put(journey)
    except Exception as error:
        log.exception("the clock stopped with %d days left", journey.left)
        journey.problem = str(error) or type(error).__name__
        _put(journey)


def _a_day_later() -> Brand:
    """Other processes see it within the registry's few seconds."""
    here = current_brand()
    assert here is not None
    with platform_context():
        brand = Brand.objects.get(pk=here.pk)
        brand.clock_shift += DAY
        brand.save(update_fields=["clock_shift"])
    registry.forget_all()
    return brand


def _a_days_work(behind: int) -> int:
    """What Stripe did in a day, and in those that it is behind, is read from its list, then everything that beat sends
    for, once. Where it refuses the key the brand's own day passes without it; how many days it is behind then."""
    own = StripeConnection.objects.filter(current=True, mode=StripeConnection.Mode.API_KEY)
    connection = own.first() if settings.STRIPE_API_BASE else None
    if connection is None:
        _rounds()
        return 0
    try:
        stripe_tell(connection, "webhooks", mode="hold")
    except PermissionError:
        _rounds()
        return behind + 1
    with _held(connection):
        stripe_tell(connection, "advance", seconds=int(DAY.total_seconds()) * (behind + 1))
        events_reconcile(connection)
        _rounds()
    return 0


def _rounds() -> None:
    for entry in current_app.conf.beat_schedule.values():
        task = current_app.tasks[entry["task"]]
        if isinstance(task, BrandTask):
            task()
    for _round in range(DRAINS):
        if not outbox_drain():
            return


@contextmanager
def _held(connection: StripeConnection) -> Iterator[None]:
    """Webhooks wait meanwhile: the processes that they go to may live some seconds in the day before."""
    stripe_tell(connection, "webhooks", mode="hold")
    try:
        yield
    finally:
        stripe_tell(connection, "webhooks", mode="deliver")


def stripe_tell(connection: StripeConnection, control: str, **told: Any) -> dict[str, Any]:
    """One of the local Stripe's controls, for the account of this connection. OSError where it isn't there,
    PermissionError where it refuses the key."""
    parts = urlsplit(settings.STRIPE_API_BASE)
    key = unseal(connection.sealed_key, purpose=KEY_PURPOSE)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        line.request("POST", f"/_admin/{control}", json.dumps(told), headers)
        answer = line.getresponse()
        body: dict[str, Any] = json.loads(answer.read())
    finally:
        line.close()
    if answer.status != 200:
        kind = PermissionError if answer.status in (401, 403) else OSError
        raise kind(f"The local Stripe says {answer.status}: {body.get('error', {}).get('message', '')}")
    return body


def _note() -> Path:
    return Path(settings.VAR_DIR) / "clock" / f"{current_schema()}.json"


def _put(journey: Journey) -> None:
    note = _note()
    note.parent.mkdir(parents=True, exist_ok=True)
    unfinished = note.with_suffix(".part")
    unfinished.write_bytes(msgspec.json.encode(journey))
    unfinished.replace(note)
