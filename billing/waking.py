"""A worker is sent for what Stripe told: once for what is told of one customer at about the same time.

A join is a dozen events within a second, and working one of them works all that wait about its customer. To send for a
worker is the greater part of what answering a webhook costs, and all but the first would come for nothing.
"""

from __future__ import annotations

from time import monotonic

from celery import current_app
from django.db import connection as database
from django.db import transaction

from core.tasks import HEADER, WAKE_MARGIN, WAKE_SECONDS

MOST_KNOWN = 2000
# Until when (monotonic) the worker that is on its way serves a customer, by schema, connection and customer. Two
# threads that both send for one do no harm.
_served_until: dict[tuple[str, int, str], float] = {}


def event_wake(event_id: int, connection_id: int, customer: str) -> None:
    """Send for a worker after the commit. One that doesn't come is made good by the sweep."""
    place = (database.schema_name, connection_id, customer)  # type: ignore[attr-defined]  # the tenants' backend adds it
    transaction.on_commit(lambda: _send(event_id, place), robust=True)


def _send(event_id: int, place: tuple[str, int, str]) -> None:
    from billing.tasks import stripe_event

    schema, _connection, customer = place
    now = monotonic()
    if customer and now < _served_until.get(place, 0.0) and not current_app.conf.task_always_eager:
        return
    if len(_served_until) >= MOST_KNOWN:
        _forget(now)
    _served_until[place] = now + WAKE_SECONDS
    try:
        # The margin lets the last of the commits be seen that this worker serves.
        stripe_event.apply_async(
            (event_id,), headers={HEADER: schema}, retry=False, countdown=WAKE_SECONDS + WAKE_MARGIN
        )
    except BaseException:
        _served_until.pop(place, None)
        raise


def _forget(now: float) -> None:
    for place, until in list(_served_until.items()):
        if until < now:
            _served_until.pop(place, None)
