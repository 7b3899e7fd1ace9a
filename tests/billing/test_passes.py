"""Passes: paid once, valid for days, over to the second, and bought again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.errors import AlreadyMember
from loyalty.errors import ProgramInvalid
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club, document
from tests.loyalty import shop

PASS: dict[str, Any] = {
    "code": "week", "name": "Week pass", "level": 1, "group": "pass",
    "charge": {"kind": "one_fee", "prices": [{"amount_minor": 1250, "money_currency": "EUR"}], "valid_days": 7},
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PASS])
    brand.clock_shift = shift


def test_a_pass_holds_for_its_days_to_the_second_and_can_be_bought_again(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann, "week", "")
    assert row.period_end == row.started_at + timedelta(days=7)
    assert (club.state(ann), club.plan(ann), club.charged()) == ("one_time", "week", 1250)
    with pytest.raises(AlreadyMember):
        club.join(ann, "week", "")
    club.advance(to=row.period_end - timedelta(seconds=2))
    club.work()
    assert (club.state(ann), club.plan(ann)) == ("one_time", "week")
    club.advance(to=row.period_end + timedelta(seconds=1))
    club.settle()
    assert (club.state(ann), club.plan(ann)) == ("ended", None)
    again = club.joined(ann, "week", "")
    assert (again.pk != row.pk, club.state(ann), club.charged()) == (True, "one_time", 2500)


def test_days_and_months_together_are_refused(brand: Brand) -> None:
    both = {**PASS, "charge": {**PASS["charge"], "valid_months": 1}}
    with pytest.raises(ProgramInvalid) as refused:
        shop.program(document(plans=[both]))
    assert refused.value.field == "sections.billing.plans[0].charge.valid_days"
