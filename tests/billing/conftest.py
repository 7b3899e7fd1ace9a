"""A brand with plans, connected to a local Stripe of its own account; what is sent is delivered when the test says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from sandbox.stripe import handling
from sandbox.stripe.server import LocalStripe, running
from tenants.models import Brand
from tests.billing.cast import Club
from tests.sandbox.stripe.specification import object_complaints

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def local_stripe() -> Iterator[LocalStripe]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def _judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Behaviour 32, in every test: an answer that Stripe wouldn't give fails it. Requests are judged as they are read:
    a parameter that the specification doesn't have is refused there."""
    found: list[str] = []
    plain = handling._work

    def watched(account: Any, one: Any, parts: Any, form: Any, key: Any) -> handling.Reply:
        reply = plain(account, one, parts, form, key)
        found.extend(f"{one.operation}: {problem}" for problem in object_complaints(reply.body))
        return reply

    monkeypatch.setattr(handling, "_work", watched)
    yield
    assert not found, "\n".join(found[:20])


@pytest.fixture
def stand_in(local_stripe: LocalStripe, settings: Any, monkeypatch: pytest.MonkeyPatch) -> LocalStripe:
    """Requests go to the local Stripe, and a retry doesn't wait."""
    settings.STRIPE_API_BASE = local_stripe.url
    settings.EGRESS_STAND_INS = frozenset({local_stripe.url.removeprefix("http://")})
    monkeypatch.setattr("billing.sending.GuardedClient._sleep_time_seconds", lambda *_given: 0.0)
    return local_stripe


@pytest.fixture
def key() -> str:
    return f"rk_test_billing{next(NUMBERS):06d}"


@pytest.fixture
def begins() -> str:
    """When the club's time begins; empty: now. A test that names days says it by its parameters."""
    return ""


@pytest.fixture
def club(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client], begins: str
) -> Iterator[Club]:
    before = brand.clock_shift
    made = Club(stand_in, key, brand, client_for(brand), begins=begins)
    yield made
    brand.clock_shift = before
