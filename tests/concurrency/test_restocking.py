"""A reward that was unlimited gets a number again while somebody gives a piece back: no piece is lost or made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from loyalty.ledger import ledger_invariants
from loyalty.models import Program
from rewards import handing, services, stock
from rewards.models import Redemption, Reward
from rewards.services import redemption_cancel
from rewards.stock import stock_left, stock_set
from tenants.models import Brand
from tests.concurrency.crowd import Crowd, crowd_of, words
from tests.loyalty import shop
from tests.rewards.catalog import made, rich, take

pytestmark = [pytest.mark.race, pytest.mark.trial]
Scene = tuple[Reward, Redemption]


def unlimited_again(program: Program) -> Scene:
    """One of three is taken; then the number is taken away."""
    reward = made(program, stock=3)
    row = take(rich(program), reward)
    stock_set(reward=reward, total=None, actor=shop.STAFF)
    return reward, row


def set_while_a_cancel_has_read(crowd: Crowd, scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """The cancel has read that the reward is unlimited; the number is set and committed; the cancel goes on."""
    reward, row = scene
    read, set_ = threading.Event(), threading.Event()
    real = handing.take_back

    def slowly(*args: Any, **named: Any) -> None:
        real(*args, **named)
        read.set()
        assert set_.wait(30)

    def number() -> None:
        assert read.wait(30)
        stock_set(reward=Reward.objects.get(pk=reward.pk), total=3, actor=shop.STAFF)
        set_.set()

    patch.setattr(services, "take_back", slowly)
    outcomes = crowd.rush([lambda: redemption_cancel(redemption=row, actor=shop.STAFF, reason="x"), number])
    assert words(outcomes) == {"done": 2}, outcomes


def set_before_a_cancel_commits(crowd: Crowd, scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """The cancel is through and not committed: who sets the number waits for it. Then both are there."""
    reward, row = scene

    def number() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
            stock_set(reward=Reward.objects.get(pk=reward.pk), total=3, actor=shop.STAFF)

    def cancel() -> None:
        with transaction.atomic():
            redemption_cancel(redemption=row, actor=shop.STAFF, reason="x")
            [outcome] = crowd.rush([number])
            assert isinstance(outcome.error, OperationalError | None)

    [outcome] = crowd.rush([cancel])
    assert outcome.word == "done", outcome
    if Reward.objects.get(pk=reward.pk).stock_total is None:
        number()


RACES: list[Callable[[Crowd, Scene, pytest.MonkeyPatch], None]] = [
    set_while_a_cancel_has_read,
    set_before_a_cancel_commits,
]


def raced(brand: Brand, race: Callable[..., None], patch: pytest.MonkeyPatch) -> Reward:
    scene = unlimited_again(shop.program())
    with crowd_of(brand, 2) as crowd:
        race(crowd, scene, patch)
    return Reward.objects.get(pk=scene[0].pk)


@pytest.mark.parametrize("race", RACES)
def test_no_piece_is_lost_between_a_cancel_and_a_new_number(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Callable[..., None]
) -> None:
    reward = raced(committed_brand, race, monkeypatch)
    assert (reward.stock_total, stock_left(reward)) == (3, 3)
    assert ledger_invariants() == []


@pytest.mark.parametrize("race", RACES)
def test_the_control_that_decides_by_what_it_read_loses_one(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Callable[..., None]
) -> None:
    """As it was: a cancel that had read "unlimited" put nothing back and held no bucket."""
    monkeypatch.setattr(stock, "stock_return", lambda **bucket: None)
    reward = raced(committed_brand, race, monkeypatch)
    assert (reward.stock_total, stock_left(reward)) == (3, 2)
    assert [each["promise"] for each in ledger_invariants()] == ["sold and left make up the stock"]


def test_what_comes_back_to_an_unlimited_reward_is_not_counted_twice_when_it_gets_a_number(brand: Brand) -> None:
    reward, row = unlimited_again(shop.program())
    redemption_cancel(redemption=row, actor=shop.STAFF, reason="x")
    assert stock_left(Reward.objects.get(pk=reward.pk)) is None
    stock_set(reward=reward, total=5, actor=shop.STAFF)
    assert stock_left(reward) == 5
