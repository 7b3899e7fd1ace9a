"""Many at once: threads with a connection each, held at a barrier and let go together."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from core.errors import Busy, DomainError
from tenants.context import park
from tenants.models import Brand

CROWD = 50
PATIENCE = 25  # how often one asks again who was told "busy"


@dataclass(frozen=True)
class Outcome:
    """What came of one: a value, or the error."""

    value: Any = None
    error: Exception | None = None

    @property
    def word(self) -> str:
        """ "done", the code of a refusal, or the name of an error that nobody should see."""
        if self.error is None:
            return "done"
        return self.error.code if isinstance(self.error, DomainError) else type(self.error).__name__


def words(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return dict(Counter(each.word for each in outcomes))


class Crowd:
    """Threads that work for one brand."""

    def __init__(self, brand: Brand, size: int, pool: ThreadPoolExecutor) -> None:
        self.brand = brand
        self.size = size
        self._pool = pool

    def rush(self, actions: Sequence[Callable[[], Any]]) -> list[Outcome]:
        """Do all actions at once, one per thread; outcomes in the actions' order."""
        assert len(actions) <= self.size
        gate = threading.Barrier(len(actions))
        waiting = [self._pool.submit(self._one, gate, action) for action in actions]
        return [each.result(timeout=120) for each in waiting]

    def _one(self, gate: threading.Barrier, action: Callable[[], Any]) -> Outcome:
        connection.set_tenant(self.brand)  # type: ignore[attr-defined]  # django-tenants'
        connection.ensure_connection()
        gate.wait(timeout=60)
        for _try in range(PATIENCE):
            try:
                return Outcome(value=action())
            except Busy:
                continue
            except Exception as error:
                return Outcome(error=error)
        return Outcome(error=Busy())

    def leave(self) -> None:
        gate = threading.Barrier(self.size)

        def close() -> None:
            gate.wait(timeout=60)
            connection.close()
            park()

        for each in [self._pool.submit(close) for _thread in range(self.size)]:
            each.result(timeout=60)


@contextmanager
def crowd_of(brand: Brand, size: int = CROWD) -> Iterator[Crowd]:
    with ThreadPoolExecutor(size) as pool:
        crowd = Crowd(brand, size, pool)
        try:
            yield crowd
        finally:
            crowd.leave()
