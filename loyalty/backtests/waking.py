"""Sending a part of a backtest to the workers. A broker that is away costs delay, no more: the sweeper comes by."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction

from core.tasks import HEADER
from core.tenancy import current_schema

log = logging.getLogger(__name__)

PART = "loyalty.tasks.backtest_part"


def part_wake(part_id: int) -> None:
    """After the current transaction, at once when there is none."""
    schema = current_schema()

    def send() -> None:
        try:
            current_app.tasks[PART].apply_async(args=(part_id,), headers={HEADER: schema}, retry=False)
        except Exception:
            log.warning("a part of a backtest couldn't be sent; the sweeper will", exc_info=True)

    transaction.on_commit(send, robust=True)
