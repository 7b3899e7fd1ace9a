"""Trial 1: the ledger against a plain model, step by step, in any order that Hypothesis can think of.

Each step does the same to both, compares what the product answered, and then everything that is held: balances and
totals, every lot's remainder, tier and progress, stock, what the member's page would show, and ledger_invariants().
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from core import clock
from core.database import owner_connection
from tests.loyalty import shop
from tests.trials import scale
from tests.trials.ledger_machine import LedgerMachine
from tests.trials.ledger_program import BEGIN, POLICIES, document


@pytest.fixture
def vacuumed(django_db_setup: None) -> Iterator[None]:
    """Rolled back rows are rubbish that every scan steps over: cleared after each long part."""
    yield
    if scale.SOAK:
        with owner_connection() as owner:
            owner.execute("VACUUM")


@pytest.mark.trial
@pytest.mark.slow
@pytest.mark.parametrize("part", range(scale.size(1, 20)))
@pytest.mark.parametrize("policy", POLICIES)
def test_the_ledger_does_what_the_model_does(
    vacuumed: None, brand: Any, monkeypatch: pytest.MonkeyPatch, policy: str, part: int
) -> None:
    machine: Any = type("Machine", (LedgerMachine,), {"policy": policy, "now": BEGIN})
    monkeypatch.setattr(clock, "now", lambda: machine.now)
    machine.program = shop.program(document(policy), slug=policy.replace("_", "-"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=scale.size(20, 100),
            stateful_step_count=scale.size(40, 100),
            deadline=None,
            derandomize=not scale.SOAK,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            print_blob=True,
        ),
    )
