"""Few pieces left: the team is told once, and once more when nothing is, until there is more again."""

from __future__ import annotations

from typing import Any

import pytest

from core.tables import OutboxMessage
from loyalty.models import Program
from rewards.catalogue import reward_save
from rewards.lowstock import stock_low_sweep
from rewards.models import Reward
from rewards.pieces import piece_of, piece_plain
from rewards.services import redemption_cancel
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.catalog import made, rich, take

PARCEL = {"kind": "physical"}


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def told() -> list[Any]:
    rows = OutboxMessage.objects.filter(topic="stock.low").order_by("id")
    return [row.payload["left"] for row in rows]


@pytest.mark.parametrize(
    ("fields", "low_at"),
    [
        ({"kind": PARCEL, "stock": 200}, 20),
        ({"kind": PARCEL, "stock": 3}, 1),
        ({"kind": PARCEL, "stock": 200, "warn_below": 50}, 50),
        ({"kind": PARCEL, "stock": 200, "warn_below": 0}, 0),
        ({"kind": PARCEL}, 0),
        ({"stock": 200}, 0),
        ({"stock": 200, "warn_below": 5}, 5),
    ],
)
def test_parcels_warn_at_a_tenth_and_everything_at_what_it_says(
    program: Program, fields: dict[str, Any], low_at: int
) -> None:
    assert Reward.objects.get(pk=made(program, **fields).pk).low_at == low_at


def test_the_team_is_told_once_when_few_are_left_and_once_when_none_is(program: Program) -> None:
    anna, reward = rich(program), made(program, kind=PARCEL, stock=4, warn_below=3)
    taken = [take(anna, reward)]
    assert (stock_low_sweep(), told()) == (0, [])
    taken.append(take(anna, reward))
    assert (stock_low_sweep(), told()) == (1, [2])
    taken.append(take(anna, reward))
    assert (stock_low_sweep(), told()) == (0, [2])
    taken.append(take(anna, reward))
    assert (stock_low_sweep(), told()) == (1, [2, 0])
    # One that comes back and goes again is no news.
    redemption_cancel(redemption=taken[0], actor=shop.STAFF, reason="x")
    take(anna, reward)
    assert (stock_low_sweep(), told()) == (0, [2, 0])


def test_with_more_pieces_it_becomes_low_anew(program: Program) -> None:
    anna, reward = rich(program), made(program, kind=PARCEL, stock=2, warn_below=2)
    take(anna, reward)
    take(anna, reward)
    assert (stock_low_sweep(), told()) == (1, [0])
    again = made_again(program, stock=5)
    assert stock_low_sweep() == 0
    take(anna, again)
    take(anna, again)
    assert (stock_low_sweep(), told()) == (1, [0, 1])


def made_again(program: Program, **fields: Any) -> Reward:
    row = Reward.objects.get(program=program, code="coffee")
    plain = {**piece_plain(piece_of(row)), **fields}
    return reward_save(program=program, plain=plain, actor=shop.STAFF, before="coffee")


def test_what_is_not_offered_any_more_tells_nobody(program: Program) -> None:
    reward = made(program, kind=PARCEL, stock=1)
    take(rich(program), reward)
    Reward.objects.filter(pk=reward.pk).update(active=False)
    assert stock_low_sweep() == 0
