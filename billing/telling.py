"""What happens to subscriptions as events of the loyalty program: by the one way in, each under an id of its own."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from core.actor import Actor
from core.outbox import Message
from loyalty.incoming import BILLING_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.reversing import reversal_event

log = logging.getLogger(__name__)

ACTOR = Actor("system", "system:billing", BILLING_SOURCE)
# What the program can go by: points per paid invoice, a welcome, a goodbye.
TOPICS = (
    "subscription.started",
    "subscription.converted",
    "subscription.changed",
    "subscription.canceled",
    "subscription.ended",
    "subscription.paused",
    "subscription.resumed",
    "invoice.paid",
)


def tell_program(message: Message) -> None:
    """The outbox' handler. Told again, it is the same event."""
    event_take(program_event(message.topic, message.payload))


def take_back(message: Message) -> None:
    """What a payment earned goes when it is given back whole. A part that is given back takes nothing with it."""
    told = message.payload
    if told.get("whole"):
        taken_back(
            "invoice.paid", told, key=told["key"].rpartition(":")[0],
            reason={"en": "The payment was given back", "nl": "De betaling is teruggegeven"},
        )  # fmt: skip


def taken_back(topic: str, told: dict[str, Any], *, key: str, reason: dict[str, str]) -> None:
    """What the event of that key earned goes, as often as this is told."""
    event = reversal_event(
        source=BILLING_SOURCE,
        external_id=event_id(topic, told["subscription_id"], key),
        member=told["member_id"],
        program=told["program"],
        at=datetime.fromisoformat(told["at"]),
        reason=reason,
    )
    event_take(event)


def event_take(event: EventInput) -> None:
    """What a program refuses (one that has no version, whoever was erased) is refused for good; the rest is retried."""
    [answer] = event_ingest([event], actor=ACTOR)
    if answer.error is not None:
        if answer.status >= 500:
            raise answer.error
        log.warning("%s wasn't taken: %s", event.external_id, answer.status)


def event_id(topic: str, subscription: str, key: str) -> str:
    return f"{topic}:{subscription}:{key}"[:200]


def program_event(topic: str, told: dict[str, Any]) -> EventInput:
    """What is told of it: the subscription and its plan; an invoice's money stands under `invoice`."""
    known = ("subscription_id", "program", "member_id", "key", "at")
    payload: dict[str, Any] = {
        "plan": told["plan"],
        **{name: value for name, value in told.items() if name not in known and value is not None},
    }
    body = {
        "type": topic,
        "member": told["member_id"],
        "occurred_at": told["at"],
        "program": told["program"],
        "data": payload,
    }
    return EventInput(
        external_id=event_id(topic, told["subscription_id"], told["key"]),
        type=topic,
        occurred_at=datetime.fromisoformat(told["at"]),
        member=MemberRef(id=told["member_id"]),
        source=BILLING_SOURCE,
        program=told["program"],
        payload=payload,
        body_hash=body_hash(body),
    )
