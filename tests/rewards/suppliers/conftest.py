from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from members.models import User
from members.roles import roles_sync
from tests.backoffice.conftest import staff
from tests.rewards.suppliers.standin import StandIn, stand_in_running


@pytest.fixture(scope="session")
def stand_in_process() -> Iterator[StandIn]:
    with stand_in_running() as running:
        yield running


@pytest.fixture
def stand_in(stand_in_process: StandIn, settings: Any) -> StandIn:
    """Fresh books, nothing wrong with it, and the egress guard lets it through."""
    stand_in_process.reset()
    settings.EGRESS_STAND_INS = frozenset({stand_in_process.host})
    return stand_in_process


@pytest.fixture
def entered(brand: Any, client_for: Callable[..., Client]) -> Callable[[str], Client]:
    """A client of somebody of the team, with the role."""

    def make(role: str) -> Client:
        roles_sync()
        return client_for(brand, user=User.objects.filter(email=f"{role}@team.example").first() or staff(role))

    return make
