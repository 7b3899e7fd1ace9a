"""What others hear of a box: topics `shipment.<what>`. What is sent earns; what comes back takes that back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import Shipment, Subscription
from billing.telling import event_take, program_event, taken_back
from billing.timeline import told
from core.outbox import Message, outbox_add

# What the program can go by. planned and locked are for partners who pack.
TOPICS = ("shipment.sent", "shipment.delivered", "shipment.skipped", "shipment.canceled")
SENT = "shipment.sent"


def box_told(box: Shipment, row: Subscription, what: str, at: datetime) -> None:
    """In the caller's transaction. key: the same telling of the same box is the same event."""
    payload: dict[str, Any] = {
        **told(row),
        "shipment": shipment_told(box),
        "key": _key(box, what),
        "at": at.isoformat(),
    }
    outbox_add(f"shipment.{what}", payload)


def shipment_told(box: Shipment) -> dict[str, Any]:
    """A box as others know it: without its address."""
    return {
        "id": str(box.public_id),
        "cycle_at": box.cycle_at.isoformat(),
        "state": box.state,
        "quantity": box.quantity,
        "items": [each["code"] for each in box.items],
        "extras": [each["code"] for each in box.extras],
        "country": box.country,
        "carrier": box.carrier,
        "tracking": box.tracking,
    }


def _key(box: Shipment, what: str) -> str:
    """A box that came back can be sent again, which is another sending; so can one be skipped again."""
    at = box.shipped_at if what == "sent" else box.changed_at
    again = what in ("sent", "skipped", "canceled", "returned") and at is not None
    return f"{box.public_id}:{int(at.timestamp() * 1_000_000)}" if again and at is not None else str(box.public_id)


def tell_program(message: Message) -> None:
    """The outbox' handler. Told again, it is the same event."""
    event_take(program_event(message.topic, message.payload))


def take_back(message: Message) -> None:
    """A box that came back: what its sending earned goes."""
    taken_back(
        SENT, message.payload, key=str(message.payload["sent_key"]),
        reason={"en": "The box came back", "nl": "De box kwam terug"},
    )  # fmt: skip


def returned_told(box: Shipment, row: Subscription, at: datetime) -> None:
    payload = {**told(row), "shipment": shipment_told(box), "key": _key(box, "returned"), "at": at.isoformat()}
    outbox_add("shipment.returned", {**payload, "sent_key": _key(box, "sent")})
