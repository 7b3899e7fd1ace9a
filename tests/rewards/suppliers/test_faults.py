"""Two hundred orders, a supplier that fails in every way, workers that die: in the end nobody has both or neither.

Four workers at once take whatever is due; each dies now and then between the supplier's answer and the note of it. The
control gives every request a key of its own, as one would without idempotency, and breaks the promise.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F

from core import outbox
from core.tables import OutboxMessage
from loyalty.ledger import ledger_invariants
from loyalty.models import Enrollment
from rewards.models import Redemption
from rewards.suppliers import byhand, ordering
from rewards.suppliers.models import SupplierOrder
from rewards.vouchers import code_of
from tenants.models import Brand
from tests.concurrency.crowd import crowd_of
from tests.loyalty import shop
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import StandIn

pytestmark = [pytest.mark.race, pytest.mark.slow]

MEMBERS, EACH, WORKERS, ROUNDS = 40, 5, 4, 30
PRICE, COST, POINTS = 1000, 950, 10_000
# fmt: off
CHANCES = {
    "place": {
        "silent_after_commit": 0.15, "silent_before": 0.05, "error_after_commit": 0.1, "error_before": 0.1,
        "garbled": 0.05, "busy": 0.05, "out_of_stock": 0.08, "fails_later": 0.04, "slow": 0.02,
    },
    "find": {"error_before": 0.1, "silent_before": 0.05, "busy": 0.05},
    "codes": {"empty_code": 0.08, "wrong_code": 0.05, "error_before": 0.1},
}
# fmt: on


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is woken: the workers here are the test's own. Every seventeenth note is one's last."""
    monkeypatch.setattr(outbox, "_wake", None)
    monkeypatch.setattr(byhand, "order_wake", lambda order_id: None)
    numbers, original = itertools.count(1), ordering._note

    def note(*told: Any) -> None:
        if next(numbers) % 17 == 0:
            raise Killed
        original(*told)

    monkeypatch.setattr(ordering, "_note", note)


def orders_taken(stand_in: StandIn, members: int) -> list[Enrollment]:
    program = shop.program()
    offer = cast.offer(cast.account(program, stand_in))
    people = [shop.member(f"P{number}") for number in range(members)]
    shop.send(*[shop.order(who, POINTS) for who in people])
    places = [shop.place(who, program) for who in people]
    for place, number in itertools.product(places, range(EACH)):
        cast.take(place, offer.reward, key=f"k{number}")
    return places


def work() -> None:
    for pk in ordering.orders_due(limit=200):
        try:
            ordering.order_step(pk)
        except Killed:
            connection.close()


def time_goes_by() -> None:
    by = timedelta(minutes=3)
    SupplierOrder.objects.update(
        sent_at=F("sent_at") - by, next_at=F("next_at") - by, runner_until=F("runner_until") - by
    )


def play(brand: Brand, stand_in: StandIn, *, members: int = MEMBERS, rounds: int = ROUNDS) -> list[Enrollment]:
    """Take, work with faults until nothing moves any more, then without them and with the team's help."""
    places = orders_taken(stand_in, members)
    stand_in.tell(faults={"chances": CHANCES, "seed": 7, "slow_seconds": 0.2})
    with crowd_of(brand, WORKERS) as crowd:
        for number in range(rounds):
            crowd.rush([work] * WORKERS)
            time_goes_by()
            if number == rounds // 2:
                stand_in.tell(faults={})
                for each in SupplierOrder.objects.filter(state="stuck"):
                    byhand.order_retry(order=each, actor=shop.STAFF)
            if number > rounds // 2 and not SupplierOrder.objects.filter(state__in=ordering.WORKING).exists():
                break
    return places


def check(places: list[Enrollment], stand_in: StandIn) -> Counter[str]:
    """Each order: one code and one charge, or the points back and no charge. Nothing in between."""
    books = stand_in.tell()
    charged: dict[str, list[dict[str, Any]]] = {}
    for each in books["orders"]:
        if each["state"] != "failed":
            charged.setdefault(each["reference"], []).append(each)
    ends: Counter[str] = Counter()
    codes = set()
    for order in SupplierOrder.objects.select_related("redemption"):
        ends[order.state] += 1
        there = charged.pop(str(order.redemption_id), [])
        code = code_of(Redemption.objects.get(pk=order.redemption_id))
        if order.state == "delivered":
            assert len(there) == 1
            assert code is not None
            assert code.startswith(there[0]["code"])
            assert order.redemption.state == "redeemed"
            codes.add(there[0]["code"])
        else:
            assert (order.state, there, code) == ("failed", [], None)
            assert order.redemption.state == "canceled"
    assert charged == {}
    assert len(codes) == ends["delivered"]
    assert 500_000 - books["balance_minor"] == COST * ends["delivered"]
    for place in places:
        kept = Redemption.objects.filter(enrollment=place, state="redeemed").count()
        assert shop.balance(place) == POINTS - PRICE * kept
    for topic, state in (("supplier.delivered", "delivered"), ("supplier.failed", "failed")):
        told = OutboxMessage.objects.filter(topic=topic).values_list("payload__redemption_id", flat=True)
        assert len(told) == len(set(told)) == ends[state]
    assert ledger_invariants() == []
    return ends


def test_two_hundred_orders_end_with_one_code_or_with_the_points_back(
    committed_brand: Brand, stand_in: StandIn
) -> None:
    places = play(committed_brand, stand_in)
    ends = check(places, stand_in)
    assert sum(ends.values()) == MEMBERS * EACH
    # Both ends were really met.
    assert ends["failed"] > 5
    assert ends["delivered"] > 100


def test_without_one_key_for_an_order_the_supplier_charges_twice(
    committed_brand: Brand, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "_key", lambda order: str(uuid4()))
    places = play(committed_brand, stand_in, members=6, rounds=8)
    with pytest.raises(AssertionError):
        check(places, stand_in)
