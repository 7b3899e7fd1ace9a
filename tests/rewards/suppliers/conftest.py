from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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
