"""The outside, as far as trials need one: it takes what the outbox sends and keeps it once, by the message's id."""

from __future__ import annotations

import os
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings

TOPICS = ("points.earned", "points.reversed", "reward.redeemed")


class ReceiverConfig(AppConfig):
    name = "tests.trials.receiver"
    label = "receiver"

    def ready(self) -> None:
        from core.outbox import handler

        for topic in TOPICS:
            handler(topic)(receive)


def receive(message: object) -> None:
    """Keep it under its id; that it came, once or again, is noted besides."""
    from core.tenancy import current_schema

    folder = Path(settings.RECEIVER_DIR) / current_schema()  # type: ignore[misc]  # of these settings alone
    folder.mkdir(parents=True, exist_ok=True)
    identity = str(message.id)  # type: ignore[attr-defined]  # an outbox message
    with (folder / "calls.log").open("a") as log:
        log.write(f"{identity}\n")
    try:
        os.close(os.open(folder / f"{identity}.kept", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
