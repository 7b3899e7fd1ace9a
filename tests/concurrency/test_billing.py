"""Behaviour 4, really at once: the same event from many sides is one row; an older reading never overwrites a newer.

The second race is run with the customer's lock in place, and as a control with it out: there the stale one wins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from billing import connecting, settling, syncing
from billing.bodies import body_sealed
from billing.gateway import ask
from billing.models import QuarantinedEvent, StripeEvent, Subscription
from billing.reading import customer_read
from core import clock
from sandbox.stripe.server import LocalStripe, running
from tenants.context import platform_context
from tenants.models import Brand, PaymentAccount
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
    # Workers come when the test says so.
    settings.CELERY_TASK_ALWAYS_EAGER = False
    return Club(stand_in, f"rk_test_race{committed_brand.slug}", committed_brand, client_for(committed_brand))


def test_behaviour_4_the_same_event_from_eight_sides_is_one_row(
    club: Club, committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.webhooks.event_wake", lambda *_event: None)
    club.press(club.join(club.somebody()).url)
    body, signature = club.signed(club.waiting()[-1]["event"])
    with crowd_of(committed_brand, 8) as crowd:
        outcomes = crowd.rush([lambda: club.hook(body, signature).status_code for _side in range(8)])
    assert [each.value for each in outcomes] == [200] * 8
    assert StripeEvent.objects.count() == 1


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _race(club: Club, brand: Brand, patch: pytest.MonkeyPatch) -> bool | None:
    """One reads, is held up, and meanwhile the member leaves and another one reads. Whether leaving is seen then."""
    ann = club.somebody()
    row = club.joined(ann)
    customer, read_old, go_on = club.customer(ann), threading.Event(), threading.Event()
    first = threading.Lock()

    def slow(connection: Any, named: str) -> Any:
        answer = customer_read(connection, named)
        if first.acquire(blocking=False):
            read_old.set()
            # Until the other one has finished, or is seen to wait for us.
            for _look in range(200):
                if go_on.wait(timeout=0.05) or somebody_waits():
                    break
        return answer

    def leaves_and_reads() -> None:
        read_old.wait(timeout=10)
        ask(club.connection, lambda v1: v1.subscriptions.update(str(row.stripe_id), {"cancel_at_period_end": True}))
        syncing.customer_sync(club.connection, customer)
        go_on.set()

    patch.setattr(syncing, "customer_read", slow)
    with crowd_of(brand, 2) as crowd:
        outcomes = crowd.rush([lambda: syncing.customer_sync(club.connection, customer), leaves_and_reads])
    assert words(outcomes) == {"done": 2}
    return Subscription.objects.get(pk=row.pk).cancel_scheduled


def test_an_older_reading_never_overwrites_a_newer_one(
    club: Club, committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _race(club, committed_brand, monkeypatch) is True


def test_and_it_does_with_the_customers_lock_out(
    club: Club, committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "customer_alone", lambda _key: nullcontext())
    assert _race(club, committed_brand, monkeypatch) is False


# --- an event in quarantine ------------------------------------------------------------------------------------------
def _both_decide(club: Club, brand: Brand) -> dict[str, int]:
    """One takes it, another drops it, at once."""
    club.joined(club.somebody())
    event = StripeEvent.objects.latest("pk")
    row = QuarantinedEvent.objects.create(
        connection=club.connection, event_id=event.event_id, type=event.type, digest="0" * 64, by="webhook",
        sealed_body=body_sealed({**event.body, "created": 1}), received_at=clock.now(),
    )  # fmt: skip
    with crowd_of(brand, 2) as crowd:
        return words(
            crowd.rush([
                lambda: settling.quarantine_take(event=row, reason="real", actor=shop.STAFF),
                lambda: settling.quarantine_drop(event=row, reason="made up", actor=shop.STAFF),
            ])
        )  # fmt: skip


def test_of_two_who_decide_about_one_event_the_second_is_told(club: Club, committed_brand: Brand) -> None:
    assert _both_decide(club, committed_brand) == {"done": 1, "not_possible_now": 1}


def test_and_both_decide_with_its_lock_out(club: Club, committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    def unlocked(event: QuarantinedEvent) -> QuarantinedEvent:
        row = QuarantinedEvent.objects.get(pk=event.pk)
        both.wait(timeout=10)
        return row

    monkeypatch.setattr(settling, "_open", unlocked)
    assert _both_decide(club, committed_brand) == {"done": 2}


# --- an account by Stripe Connect ------------------------------------------------------------------------------------
def _both_open(stand_in: LocalStripe, brand: Brand, settings: Any, key: str) -> int:
    """Two of the team open an account at once, with another country each. How many there are then."""
    settings.STRIPE_API_BASE = stand_in.url
    settings.EGRESS_STAND_INS = frozenset({stand_in.url.removeprefix("http://")})
    settings.STRIPE_PLATFORM_KEY, settings.STRIPE_PLATFORM_SECRETS = key, ["whsec_x"]

    def opens(country: str) -> Any:
        return lambda: connecting.account_open(country=country, email="a@example.com", actor=shop.STAFF)

    with crowd_of(brand, 2) as crowd:
        outcomes = crowd.rush([opens("NL"), opens("BE")])
    assert words(outcomes) == {"done": 2}
    with platform_context():
        PaymentAccount.objects.all().delete()
    return len(stand_in.state.by_key(key).connected)


def test_two_who_open_an_account_at_once_open_one(stand_in: LocalStripe, committed_brand: Brand, settings: Any) -> None:
    assert _both_open(stand_in, committed_brand, settings, "sk_test_raceopenone") == 1


def test_and_they_open_two_with_the_lock_out(
    stand_in: LocalStripe, committed_brand: Brand, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, plain = threading.Barrier(2), connecting._opened

    def together(params: Any, **told: Any) -> Any:
        both.wait(timeout=10)
        return plain(params, **told)

    monkeypatch.setattr(connecting, "customer_alone", lambda _key: nullcontext())
    monkeypatch.setattr(connecting, "_opened", together)
    assert _both_open(stand_in, committed_brand, settings, "sk_test_raceopentwo") == 2
