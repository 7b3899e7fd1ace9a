"""Effects on the outside leave through here: written with what caused them, delivered after the commit.

`outbox_add` inside the transaction; `outbox_drain` takes due rows with SKIP LOCKED and calls the topic's handlers.
The broker only wakes the drain; a sweeper (beat) drains what a dead process left. A handler may be called again after
a crash between its effect and the mark, so its effect must be keyed by the message's id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from core import clock
from core.failpoint import failpoint

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
# Of what nobody listens to, so many are marked at once.
UNHEARD = 1_000
Handler = Callable[["Message"], None]
_handlers: dict[str, list[Handler]] = {}
_wake: Callable[[str], None] | None = None
_quiet: ContextVar[bool] = ContextVar("outbox_quiet", default=False)


class Message(msgspec.Struct, frozen=True):
    """One outbox row as a handler sees it. id is stable over repeated deliveries."""

    id: int
    topic: str
    payload: dict[str, Any]
    created_at: datetime
    attempts: int


def handler(topic: str) -> Callable[[Handler], Handler]:
    """Register a handler for a topic. Register from AppConfig.ready(), so that every process knows it."""

    def register(function: Handler) -> Handler:
        if function not in _handlers.setdefault(topic, []):
            _handlers[topic].append(function)
        return function

    return register


def provide_wake(wake: Callable[[str], None]) -> None:
    """Called once by the room that owns the worker: how to wake the drain of a schema."""
    global _wake
    _wake = wake


def outbox_add(topic: str, payload: dict[str, Any], *, available_at: datetime | None = None) -> None:
    """Write one message. Must be in the transaction of its cause; payload is JSON and holds no secret in the clear."""
    if not connection.in_atomic_block:
        raise RuntimeError(
            "outbox_add outside a transaction: the message could be sent for something that never happened"
        )
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)"
            " VALUES (%s, %s::jsonb, %s, %s, 0, '')",
            [topic, msgspec.json.encode(payload).decode(), now, available_at or now],
        )
    wake_after_commit()


def outbox_add_all(topic: str, payloads: Sequence[dict[str, Any]]) -> None:
    """A message for each, in that order, by one statement. Otherwise as outbox_add."""
    if not payloads:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("outbox_add_all outside a transaction: see outbox_add")
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)"
            " SELECT %s, told.payload, %s, %s, 0, ''"
            " FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS told(payload, place) ORDER BY told.place",
            [topic, now, now, msgspec.json.encode(payloads).decode()],
        )
    wake_after_commit()


def wake_after_commit() -> None:
    """Ask a worker to drain once the current transaction is committed (at once when there is none)."""
    # The schema is taken now: at commit time another brand's may be current.
    schema = connection.schema_name  # type: ignore[attr-defined]  # django-tenants'
    transaction.on_commit(lambda: wake(schema), robust=True)


def wake_for(topics: Iterable[str]) -> None:
    """The same, if anybody listens to one of these. What nobody hears waits for the sweep, which marks it: to wake a
    worker for that would be a good part of what an event costs."""
    if any(_handlers.get(topic) for topic in topics):
        wake_after_commit()


@contextmanager
def woken_once() -> Iterator[None]:
    """Within it nothing is woken; at its end the current brand's drain is, once. For imports and other long work."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)
        wake_after_commit()


def wake(schema: str) -> None:
    """Wake the drain. A broker that is away costs delay, never a message: the sweeper comes by."""
    if _wake is None or _quiet.get():
        return
    try:
        _wake(schema)
    except Exception as error:  # noqa: BLE001  (whatever a broker raises; the sweeper makes it good)
        log.warning("outbox of %s not woken: %s", schema, type(error).__name__)


def outbox_drain(*, limit: int = 200) -> int:
    """Deliver due messages of the current brand, oldest first, until `limit` or none is left. How many were taken: what
    nobody listens to is taken UNHEARD at a time, so it may be more."""
    taken = 0
    while taken < limit and (count := _deliver_next()):
        taken += count
        failpoint("outbox.after_mark")
    return taken


def _deliver_next() -> int:
    """Take one due message under its row lock, run its handlers, mark it; or some that have none. 0: nothing is due."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, topic, payload::text, created_at, attempts FROM core_outboxmessage"
            " WHERE delivered_at IS NULL AND failed_at IS NULL AND available_at <= %s"
            " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
            [clock.now()],
        )
        row = cursor.fetchone()
        if row is None:
            return 0
        if not _handlers.get(row[1]):
            return _mark_unheard(row[0])
        message = Message(row[0], row[1], msgspec.json.decode(row[2]), row[3], row[4])
        try:
            failpoint("outbox.before_send")
            with transaction.atomic():
                for function in _handlers.get(message.topic, ()):
                    function(message)
            failpoint("outbox.before_mark")
        except Exception as error:  # noqa: BLE001  (a handler's failure is noted on the row and tried again)
            _mark_failed(message, error)
        else:
            cursor.execute(
                "UPDATE core_outboxmessage SET delivered_at = %s WHERE id = %s",
                [clock.now(), message.id],
            )
        return 1


def _mark_unheard(first: int) -> int:
    """From this one on, what is due and has no handler is as good as delivered: an import leaves one for each order."""
    now = clock.now()
    heard = [topic for topic, functions in _handlers.items() if functions]
    failpoint("outbox.before_mark")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_outboxmessage SET delivered_at = %s WHERE id IN (SELECT id FROM core_outboxmessage"
            " WHERE id >= %s AND delivered_at IS NULL AND failed_at IS NULL AND available_at <= %s"
            " AND topic <> ALL (%s) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)",
            [now, first, now, heard, UNHEARD],
        )
        return int(cursor.rowcount)


def _mark_failed(message: Message, error: Exception) -> None:
    """Try again later, twice as late each time; after MAX_ATTEMPTS leave it for a person to look at."""
    log.warning(
        "outbox message %s (%s) failed: %s",
        message.id,
        message.topic,
        type(error).__name__,
    )
    now = clock.now()
    attempts = message.attempts + 1
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_outboxmessage SET attempts = %s, last_error = %s, available_at = %s, failed_at = %s"
            " WHERE id = %s",
            [
                attempts,
                f"{type(error).__name__}: {error}"[:500],
                now + timedelta(seconds=min(2**attempts * 5, 21600)),
                now if attempts >= MAX_ATTEMPTS else None,
                message.id,
            ],
        )
