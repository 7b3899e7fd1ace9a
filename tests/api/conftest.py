"""A brand with a program, a member and a key that may do everything; points always add up afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.api import limits
from loyalty.ledger import ledger_invariants
from tests.api.cast import Api, key_made
from tests.loyalty import shop


@pytest.fixture(autouse=True)
def _no_leases() -> None:
    limits.forget_all()


@pytest.fixture
def api(brand, client_for) -> Iterator[Api]:
    _row, key = key_made()
    yield Api(client_for(brand), key)
    assert ledger_invariants() == []


@pytest.fixture
def club(brand):
    return shop.program()


@pytest.fixture
def anna(club):
    member = shop.member("Anna", external_id="C-1")
    shop.place(member, club)
    return member
