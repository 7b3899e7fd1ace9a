"""What happened to a subscription, once each, and who is told: the timeline's row is what makes a telling one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from billing.models import Subscription, SubscriptionChange
from core import clock
from core.actor import Actor, system
from core.outbox import outbox_add

STRIPE = system("billing")


def happened(
    row: Subscription,
    kind: str,
    *,
    key: str = "",
    at: datetime | None = None,
    actor: Actor = STRIPE,
    topic: str | None = None,
    **details: Any,
) -> bool:
    """Note it, unless it is noted already; whether it was new. In the caller's transaction.

    key: what tells it from another of its kind. topic: what rooms and partners hear, `subscription.<kind>` unless told;
    empty: nobody hears.
    """
    moment = at or clock.now()
    try:
        with transaction.atomic():
            SubscriptionChange.objects.create(
                subscription=row, at=moment, kind=kind, key=key[:120], details=details, actor=actor.name[:120]
            )
    except IntegrityError:
        return False
    topic = f"subscription.{kind}" if topic is None else topic
    if topic:
        outbox_add(topic, {**told(row), **details, "key": key, "at": moment.isoformat()})
    return True


def told(row: Subscription) -> dict[str, Any]:
    """How others know it."""
    return {
        "subscription_id": str(row.public_id),
        "member_id": str(row.member.public_id),
        "program": row.plan.program.slug,
        "plan": row.plan.code,
    }
