"""A worker is sent for what Stripe told: once for what is told of one customer at about the same time.

A join is a dozen events within a second, and working one of them works all that wait about its customer. To send for a
worker is the greater part of what answering a webhook costs, and all but the first would come for nothing. It is done
by a thread of its own: Stripe isn't kept waiting for it, and what it leaves undone the sweep makes good.
"""

from __future__ import annotations

import logging
from queue import Full, Queue
from threading import Lock, Thread  # noqa: TID251  (it speaks to the broker alone, and names the brand each time)
from time import monotonic

from celery import current_app
from django.db import connection as database
from django.db import transaction

from core.tasks import HEADER, WAKE_MARGIN, WAKE_SECONDS

log = logging.getLogger(__name__)

# Schema, connection and customer.
Place = tuple[str, int, str]
MOST_KNOWN = 2000
MOST_CALLS = 10_000
# Until when (monotonic) the worker that is on its way serves a customer. Two threads that both send for one do no harm.
_served_until: dict[Place, float] = {}
# What the thread has still to send for.
_calls: Queue[tuple[int, Place]] = Queue(MOST_CALLS)
_starting = Lock()
_caller: Thread | None = None


def event_wake(event_id: int, connection_id: int, customer: str) -> None:
    """Send for a worker after the commit. One that doesn't come is made good by the sweep."""
    place = (database.schema_name, connection_id, customer)  # type: ignore[attr-defined]  # the tenants' backend adds it
    transaction.on_commit(lambda: _send(event_id, place), robust=True)


def _send(event_id: int, place: Place) -> None:
    _schema, _connection, customer = place
    now = monotonic()
    if customer and now < _served_until.get(place, 0.0) and not current_app.conf.task_always_eager:
        return
    if len(_served_until) >= MOST_KNOWN:
        _forget(now)
    _served_until[place] = now + WAKE_SECONDS
    if current_app.conf.task_always_eager:
        _call(event_id, place)
        return
    try:
        _calls.put_nowait((event_id, place))
    except Full:
        _served_until.pop(place, None)
        return
    _caller_start()


def _caller_start() -> None:
    """One thread for each process; after a fork the child has none of its parent's."""
    global _caller
    if _caller is None or not _caller.is_alive():
        with _starting:
            if _caller is None or not _caller.is_alive():
                _caller = Thread(target=_call_on, name="billing-waking", daemon=True)
                _caller.start()


def _call_on() -> None:
    while True:
        event_id, place = _calls.get()
        try:
            _call(event_id, place)
        except Exception as error:  # noqa: BLE001  (whatever a broker raises; the sweeper makes it good)
            log.warning("no worker was sent for event %s: %s", event_id, type(error).__name__)
        finally:
            _calls.task_done()


def _call(event_id: int, place: Place) -> None:
    from billing.tasks import stripe_event

    try:
        # The margin lets the last of the commits be seen that this worker serves.
        stripe_event.apply_async(
            (event_id,), headers={HEADER: place[0]}, retry=False, countdown=WAKE_SECONDS + WAKE_MARGIN
        )
    except BaseException:
        _served_until.pop(place, None)
        raise


def _forget(now: float) -> None:
    for place, until in list(_served_until.items()):
        if until < now:
            _served_until.pop(place, None)
