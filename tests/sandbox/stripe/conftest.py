"""A local Stripe for the tests of this folder; every answer that it gives is judged by Stripe's own document."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from sandbox.stripe import handling
from sandbox.stripe.events import VERSION
from sandbox.stripe.server import LocalStripe, running
from tests.sandbox.stripe.specification import object_complaints
from tests.sandbox.stripe.story import Story

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def local_stripe() -> Iterator[LocalStripe]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def _judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test in which an answer isn't one that Stripe would give."""
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
def client(local_stripe: LocalStripe) -> stripe.StripeClient:
    """Stripe's own library, on an account that is empty."""
    key = f"sk_test_tests{next(NUMBERS):06d}"
    return stripe.StripeClient(
        key, base_addresses={"api": local_stripe.url}, stripe_version=VERSION, max_network_retries=0
    )


@pytest.fixture
def story(client: stripe.StripeClient, local_stripe: LocalStripe) -> Story:
    """A customer with a good card on a clock of their own, and prices to buy."""
    return Story(client, local_stripe)
