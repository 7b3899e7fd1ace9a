"""Sending a part of a backtest to the workers. A broker that is away costs delay, no more: the sweeper comes by."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

from core.tasks import HEADER
from core.tenancy import current_schema

log = logging.getLogger(__name__)

_send: Callable[..., object] | None = None


def provide_task(send: Callable[..., object]) -> None:
    """Called once in ready(), with the task's apply_async: the task does the work, and the work wakes the next task."""
    global _send
    _send = send


def part_wake(part_id: int) -> None:
    """After the current transaction, at once when there is none."""
    schema = current_schema()

    def send() -> None:
        try:
            if _send is not None:
                _send(args=(part_id,), headers={HEADER: schema}, retry=False)
        except Exception:
            log.warning("a part of a backtest couldn't be sent; the sweeper will", exc_info=True)

    transaction.on_commit(send, robust=True)
