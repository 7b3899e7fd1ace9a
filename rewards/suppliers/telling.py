"""Waking a worker for an order. The outbox' own transaction is no place for a question to the outside."""

from __future__ import annotations

from django.db import connection, transaction

from core.outbox import Message
from core.tasks import HEADER


def order_due(message: Message) -> None:
    order_wake(int(message.payload["order_id"]))


def order_wake(order_id: int) -> None:
    """Send a worker once the current transaction is committed. One that doesn't come is made good by the sweep."""
    from rewards.tasks import supplier_order

    schema = connection.schema_name  # type: ignore[attr-defined]  # django-tenants'
    transaction.on_commit(
        lambda: supplier_order.apply_async((order_id,), headers={HEADER: schema}, retry=False), robust=True
    )
