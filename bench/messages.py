"""How many messages to PostgreSQL one request takes: what is sent together counts once. In this process, by WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from django.test import Client

from core.flight import Flight

TIMES = 5


def messages(
    target: dict[str, Any],
    method: str,
    path: str,
    bodies: Iterator[bytes],
    signed: Callable[[bytes], dict[str, str]] = lambda _body: {},
) -> float:
    """Of one request after others that made everything warm. target: host and key, as bench/load.py takes them. signed:
    what stands in the head because of the body."""
    client = Client(HTTP_HOST=target["host"], HTTP_X_FORWARDED_PROTO="https")

    def ask() -> Any:
        body = next(bodies)
        headers = {"Authorization": f"Bearer {target['key']}", **signed(body)}
        return client.generic(method, path, body, headers=headers, content_type="application/json")

    for _time in range(3):
        ask()
    with _counted() as sent:
        for _time in range(TIMES):
            answer = ask()
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
