"""A worker is woken for what somebody listens to; what nobody hears is marked by the sweep."""

from __future__ import annotations

from typing import Any

import pytest

from core import outbox
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from tenants.models import Brand
from tests.loyalty import shop


@pytest.fixture
def woken(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom a worker was woken for."""
    found: list[str] = []
    monkeypatch.setattr(outbox, "_wake", found.append)
    return found


def test_points_alone_wake_nobody_and_are_marked_by_the_sweep(
    woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    shop.program()
    anna = shop.member()
    with django_capture_on_commit_callbacks(execute=True):
        shop.send(shop.order(anna, 10))
    woken.clear()
    outbox_drain()
    with django_capture_on_commit_callbacks(execute=True):
        shop.send(shop.order(anna, 10), shop.order(anna, 12))
    waiting = OutboxMessage.objects.filter(delivered_at=None)
    assert {each.topic for each in waiting} == {"points.earned"}
    assert woken == []
    outbox_drain()
    assert not waiting.all().exists()


def test_a_tier_that_is_reached_wakes_a_worker_for_its_letter(
    brand: Brand, woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    shop.program()
    anna = shop.member()
    shop.send(shop.order(anna, 10))
    woken.clear()
    with django_capture_on_commit_callbacks(execute=True):
        shop.send(shop.order(anna, 600))
    assert set(woken) == {brand.schema_name}
