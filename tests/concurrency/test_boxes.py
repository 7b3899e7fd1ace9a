"""The clock and a member at once: a box is changed or it is closed, never both.

With the member's lock out, as the control shows, a change is written over a box that was closed meanwhile, and the
packers' list isn't what is sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from billing.boxes import choosing, planning
from billing.models import Shipment
from core import clock
from sandbox.stripe.server import LocalStripe, running
from tenants.models import Brand
from tests.billing.boxcast import PLANS, boxes, member
from tests.billing.cast import Club
from tests.concurrency.crowd import crowd_of, words
from tests.loyalty import shop

pytestmark = [pytest.mark.race]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[LocalStripe]:
    with running() as server:
        yield server


@pytest.fixture
def club(stand_in: LocalStripe, settings: Any, committed_brand: Brand, client_for: Callable[..., Client]) -> Club:
    settings.STRIPE_API_BASE = stand_in.url
    settings.EGRESS_STAND_INS = frozenset({stand_in.url.removeprefix("http://")})
    settings.CELERY_TASK_ALWAYS_EAGER = False
    return Club(
        stand_in, f"rk_test_boxes{committed_brand.slug}", committed_brand, client_for(committed_brand), plans=PLANS
    )


def test_eight_sweeps_at_once_make_each_box_once(club: Club, committed_brand: Brand) -> None:
    ann = member(club)
    Shipment.objects.all().delete()
    with crowd_of(committed_brand, 8) as crowd:
        outcomes = crowd.rush([planning.boxes_sweep for _side in range(8)])
    assert words(outcomes) == {"done": 8}
    assert len({each.cycle_at for each in boxes(ann)}) == len(boxes(ann)) == 2


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND (database IS NULL OR database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _race(club: Club, brand: Brand, patch: pytest.MonkeyPatch) -> str:
    """A member swaps, and is held up after the box was read; meanwhile its time is over. The box' state in the end."""
    ann = member(club)
    box = boxes(ann)[1]
    read, closed = threading.Event(), threading.Event()
    plain = choosing.box_open

    def slow(row: Shipment) -> Any:
        found = plain(row)
        read.set()
        # Until it is closed, or whoever closes it is seen to wait for us.
        for _look in range(200):
            if closed.wait(timeout=0.05) or somebody_waits():
                break
        return found

    def closes() -> None:
        read.wait(timeout=10)
        Shipment.objects.filter(pk=box.pk).update(cut_off_at=clock.now())
        planning.boxes_sweep()
        closed.set()

    patch.setattr(choosing, "box_open", slow)
    swaps = partial(choosing.box_swap, shipment=box, item="tea", choice="seeds", keep=False, actor=shop.STAFF)
    with crowd_of(brand, 2) as crowd:
        outcomes = crowd.rush([swaps, closes])
    assert words(outcomes) == {"done": 2}
    return str(Shipment.objects.get(pk=box.pk).state)


def test_a_box_that_is_closed_stays_closed(club: Club, committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _race(club, committed_brand, monkeypatch) == "locked"


def test_and_it_is_open_again_with_the_locks_out(
    club: Club, committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "member_locked", lambda _member: None)
    monkeypatch.setattr(choosing, "box_reread", lambda box: boxes(box.subscription.member)[1])
    assert _race(club, committed_brand, monkeypatch) == "planned"
