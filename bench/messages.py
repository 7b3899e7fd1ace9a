"""How many messages to PostgreSQL one request takes: what is sent together counts once. In this process, by WSGI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from django.test import Client

from core.flight import Flight

TIMES = 5


def messages(target: dict[str, Any], method: str, path: str, bodies: Iterator[bytes]) -> float:
    """Of one request after others that made everything warm. target: host and key, as bench/load.py takes them."""
    client = Client(HTTP_HOST=target["host"], HTTP_X_FORWARDED_PROTO="https")
    kept: dict[str, Any] = {"headers": {"Authorization": f"Bearer {target['key']}"}, "content_type": "application/json"}
    for _time in range(3):
        client.generic(method, path, next(bodies), **kept)
    with _counted() as sent:
        for _time in range(TIMES):
            answer = client.generic(method, path, next(bodies), **kept)
            if answer.status_code >= 300:
                raise RuntimeError(f"{path} answered {answer.status_code}")
    return len(sent) / TIMES


@contextmanager
def _counted() -> Iterator[list[None]]:
    sent: list[None] = []
    execute, begin = psycopg.Cursor.execute, Flight.__init__

    def noted(self: Any, *given: Any, **options: Any) -> Any:
        sent.append(None)
        return execute(self, *given, **options)

    def begun(self: Any, *given: Any) -> None:
        sent.append(None)
        begin(self, *given)

    with patch.object(psycopg.Cursor, "execute", noted), patch.object(Flight, "__init__", begun):
        yield sent
