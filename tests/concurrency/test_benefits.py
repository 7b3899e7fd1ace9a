"""Fifty at once want the last use of an allowance, or the last piece of a payment back. One gets it.

Each race is run with everything in place, its control with the locks and constraints out until it breaks the promise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum

from core.outbox import outbox_drain
from loyalty import ledger
from loyalty.models import Enrollment, Program
from loyalty.payloads import OrderLine
from rewards.benefits import grants
from rewards.benefits.models import BenefitUse
from rewards.benefits.uses import benefit_use
from rewards.carts.models import CartPayment, CartRefund
from rewards.carts.payments import Bill, LineBack, payment_capture, payment_refund, payment_reserve
from rewards.carts.quoting import PayWith
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, crowd_of, words
from tests.concurrency.unprotected import unprotect
from tests.loyalty import shop
from tests.rewards.carts.cast import club
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

CONTROL_SECONDS = 30.0
Race = Callable[[Crowd, Program, int], None]


def _member(program: Program, points: int) -> Enrollment:
    who = shop.member("Anna")
    [answer] = shop.send(shop.order(who, points))
    assert answer.error is None
    while outbox_drain():
        pass
    return shop.place(who, program)


def allowance_for_one(crowd: Crowd, program: Program, number: int) -> None:
    """Two coffees a month; one is had."""
    place = _member(program, 600)
    use: dict[str, Any] = {"enrollment": place, "code": "coffee", "actor": shop.PARTNER}
    benefit_use(external_id=f"{number}-had", **use)
    outcomes = crowd.rush([lambda n=n: benefit_use(external_id=f"{number}-{n}", **use) for n in range(CROWD)])  # type: ignore[misc]  # mypy infers no lambda with a default
    assert words(outcomes) == {"done": 1, "allowance_used": CROWD - 1}
    assert BenefitUse.objects.filter(enrollment=place).aggregate(n=Sum("units"))["n"] == 2


def refund_for_one(crowd: Crowd, program: Program, number: int) -> None:
    """One piece was paid in points; fifty want it back."""
    place = _member(program, 600)
    payment = _paid(place, number)

    def refund() -> CartRefund:
        return payment_refund(payment=payment, lines=[LineBack("TEA", 1)], actor=shop.PARTNER)

    assert words(crowd.rush([refund] * CROWD)) == {"done": 1, "refund_too_large": CROWD - 1}
    assert (shop.balance(place), CartRefund.objects.filter(payment=payment).count()) == (600, 1)


def _paid(place: Enrollment, number: int) -> CartPayment:
    payment = payment_reserve(
        enrollment=place,
        pay=PayWith("points", 200),
        bill=Bill(1000, [OrderLine(sku="TEA", net_minor=1000)]),
        actor=shop.PARTNER,
        key=f"pay-{number}",
    )
    return payment_capture(payment=payment, order_number=f"W-{number}", actor=shop.PARTNER)


RACES: list[Race] = [allowance_for_one, refund_for_one]


def _name(race: Race) -> str:
    return race.__name__


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_one_of_fifty_gets_it(committed_brand: Brand, race: Race) -> None:
    program = club()
    with crowd_of(committed_brand) as crowd:
        for number in scale.rounds(f"race-{race.__name__}", 2, 200):
            race(crowd, program, number)
            assert ledger.ledger_invariants() == []


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_the_control_without_locks_breaks_it(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    program = club()
    unprotect(committed_brand, monkeypatch)
    monkeypatch.setattr(grants, "places_lock", lambda _places: None)
    begun, number = time.monotonic(), 0
    with crowd_of(committed_brand) as crowd:
        while time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                race(crowd, program, number)
                assert ledger.ledger_invariants() == []
            except (AssertionError, ValueError):
                return
    pytest.fail(f"{race.__name__} holds without any lock: it is no race")
