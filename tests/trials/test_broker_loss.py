"""Trial 7: the broker dies with everything that it holds while events are under way.

The API answers on as if nothing were, and once a broker is there again the sweep finds what nobody was woken for: every
message has had its effect, none twice. Once with the files that stand in for Redis, once with a Redis (Valkey) that is
killed and comes back empty.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from core import outbox
from core.embedded.valkey import ValkeyServer, valkey_start, valkey_stop
from tenants.models import Brand
from tests.trials import clerk, scale
from tests.trials.stand import Partner, Program, Stand, stand_on

pytestmark = [pytest.mark.trial, pytest.mark.slow, pytest.mark.timeout(0 if scale.SOAK else 600)]

EVENTS = scale.size(60, 10_000)
BULK = 20 if not scale.SOAK else 500
DRAINED_SECONDS = 300
# An answer that takes longer than this while the broker is away isn't "as if nothing were". Celery's patience is six.
PATIENCE = 4.0


@pytest.fixture(autouse=True)
def _nobody_is_woken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_wake", None)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stamgast-trial-") as name:
        yield Path(name)


class Shop(Partner):
    """Sends orders in bulk."""

    def bulk(self, first: int) -> float:
        """One bulk; how long the answer took."""
        rows = [self._row(f"{self.name}-{number}") for number in range(first, first + BULK)]
        begun = time.monotonic()
        status, told = self.ask("/api/v1/events/bulk", {"events": rows}, {})
        assert status == 200, told
        assert all(each["status"] == 201 for each in told["results"]), told
        return time.monotonic() - begun

    def _row(self, name: str) -> dict[str, Any]:
        order = {"number": name, "currency": "EUR", "total_minor": 500}
        return {
            "id": name,
            "type": "order.paid",
            "member": self.member,
            "occurred_at": "2026-01-02T03:04:05+00:00",
            "data": {"order": order},
        }


def _send_through(stand: Stand, brand: Brand, books: dict[str, Any], lose: Any, restore: Any) -> list[float]:
    """Send all events, losing the broker after a third and having it back after two thirds; the answers' times."""
    shop = Shop(stand, f"{brand.slug}{settings.BRAND_HOST_SUFFIX}", books, "shop")
    times = []
    for number, first in enumerate(range(0, EVENTS, BULK)):
        if number == EVENTS // BULK // 3:
            lose()
        if number == 2 * (EVENTS // BULK) // 3:
            time.sleep(1)
            connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
            assert clerk.books_check()["waiting"] > 0, "nobody was woken, and yet nothing waits: nothing was lost"
            restore()
        times.append(shop.bulk(first))
    return times


def _all_effects_once(stand: Stand, brand: Brand, folder: Path, worker: Program) -> None:
    """Celery may give up when its broker goes; whoever minds it (compose, the demo's launcher) starts it again then."""
    begun = time.monotonic()
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
    while clerk.books_check()["waiting"]:
        worker = stand.worker() if worker.ended else worker
        assert time.monotonic() - begun < DRAINED_SECONDS, (folder / "worker.log").read_text(errors="replace")[-3000:]
        stand.wake(brand.schema_name)  # as beat does, only more often
        time.sleep(1)
    books = clerk.books_check()
    received = folder / "receiver" / brand.schema_name
    assert sorted(int(each.stem) for each in received.glob("*.kept")) == books["messages"]
    calls = (received / "calls.log").read_text().split()
    assert len(calls) == len(set(calls)), "a message was delivered again although nobody died"
    assert len(books["events"]) == EVENTS
    assert books["failed"] == 0
    assert books["broken"] == []


def test_the_broker_s_files_are_wiped_with_messages_in_flight(committed_brand: Brand, folder: Path) -> None:
    books = clerk.books_open()

    def wipe() -> None:
        shutil.rmtree(folder / "broker/queue")

    def restore() -> None:
        (folder / "broker/queue").mkdir(parents=True, exist_ok=True)

    with stand_on(folder) as stand:
        web, worker = stand.web(), stand.worker()
        stand.wait_until_healthy(web)
        stand.wait_until_ready(worker)
        times = _send_through(stand, committed_brand, books, wipe, restore)
        assert max(times) < PATIENCE, sorted(times)[-12:]
        _all_effects_once(stand, committed_brand, folder, worker)


@pytest.fixture
def valkey() -> Iterator[list[ValkeyServer]]:
    server = valkey_start()
    if server is None:
        pytest.skip("no Valkey wheel for this machine")
    running = [server]
    yield running
    for each in running:
        valkey_stop(each)


def test_redis_dies_with_messages_in_flight_and_comes_back_empty(
    committed_brand: Brand, folder: Path, valkey: list[ValkeyServer]
) -> None:
    books = clerk.books_open()
    first = valkey[0]

    def kill() -> None:
        first.process.kill()
        first.process.wait()

    def restore() -> None:
        again = valkey_start(port=first.port)
        assert again is not None
        valkey.append(again)

    with stand_on(folder, broker=first.url) as stand:
        web, worker = stand.web(), stand.worker()
        stand.wait_until_healthy(web)
        stand.wait_until_ready(worker)
        times = _send_through(stand, committed_brand, books, kill, restore)
        assert max(times) < PATIENCE, sorted(times)[-12:]
        _all_effects_once(stand, committed_brand, folder, worker)
