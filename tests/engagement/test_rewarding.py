"""Mails about rewards: few codes are left, once; a seat is free, with how long it is held."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.models import Program
from members.models import User
from rewards.catalogue import pool_save
from rewards.errors import NotReserved
from rewards.lowstock import stock_low_sweep
from rewards.models import CodePool, Redemption, Reward, WaitingPlace
from rewards.pools import pool_import
from rewards.reserving import reservations_sweep
from rewards.services import redemption_cancel
from rewards.waiting import seat_confirm, waiting_join
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.catalog import POINTS, later, made, rich, take

pytestmark = pytest.mark.django_db
SHOW = {"kind": "experience", "confirm_hours": 48}


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def delivered() -> list[str]:
    """What was written since, by subject."""
    mail.outbox.clear()
    while outbox_drain():
        pass
    assert not OutboxMessage.objects.filter(attempts__gt=0).exists()
    return [str(each.subject) for each in mail.outbox]


def test_the_team_is_told_once_that_a_pool_runs_low_and_once_that_it_is_empty(program: Program) -> None:
    pool = CodePool.objects.create(name="Cinema", low_at=3)
    pool_import(pool=pool, codes=["A", "B", "C", "D"], actor=shop.STAFF)
    place, reward = rich(program, 900), made(program, kind={"kind": "pool_code", "pool": "Cinema"})
    owners = User.objects.filter(groups__name__in=("owner", "marketer")).distinct().count()
    delivered()
    take(place, reward)
    assert delivered().count("Cinema is running low") == 0
    held = take(place, reward, reserve=timedelta(minutes=5))
    assert delivered().count("Cinema is running low") == owners > 0
    # What comes and goes at the threshold is told no second time.
    redemption_cancel(redemption=held, actor=shop.PARTNER, reason="x")
    take(place, reward)
    take(place, reward)
    assert delivered().count("Cinema is running low") == 0
    take(place, reward)
    assert delivered().count("Cinema is empty") == owners
    # More than the threshold: it becomes low anew.
    pool_import(pool=pool, codes=["E", "F", "G"], actor=shop.STAFF)
    take(place, reward)
    assert delivered().count("Cinema is running low") == owners


def test_another_threshold_is_another_crossing(program: Program) -> None:
    pool = CodePool.objects.create(name="Cinema", low_at=2)
    pool_import(pool=pool, codes=["A", "B", "C"], actor=shop.STAFF)
    place, reward = rich(program, 900), made(program, kind={"kind": "pool_code", "pool": "Cinema"})
    take(place, reward)
    take(place, reward)
    assert "Cinema is running low" in delivered()
    pool.refresh_from_db()
    assert (pool.warned, pool.left) == (1, 1)
    pool_save(pool=pool, fields={"low_at": 1}, actor=shop.STAFF)
    pool.refresh_from_db()
    assert pool.warned == 0


def _line(program: Program, **kind: object) -> tuple[Reward, Redemption]:
    reward = made(program, kind={**SHOW, **kind}, stock=1)
    return reward, take(rich(program, 200, "First"), reward)


def test_who_is_next_in_line_is_told_until_when_their_seat_is_held(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    reward, first = _line(program)
    bo, cleo = rich(program, 200, "Bo", language="nl"), rich(program, 200, "Cleo")
    for each in (bo, cleo):
        waiting_join(enrollment=each, reward=reward, actor=shop.PARTNER)
    delivered()
    redemption_cancel(redemption=first, actor=shop.PARTNER, reason="ill")
    assert delivered() == ["Een plaats voor jou: coffee nl"]
    held = Redemption.objects.get(enrollment=bo)
    assert (held.state, shop.balance(bo)) == ("reserved", 100)
    assert held.reserved_until is not None
    hours = (held.reserved_until - held.redeemed_at).total_seconds() / 3600
    assert round(hours, 3) == 48
    assert f"/my-rewards/{held.pk}/" in str(mail.outbox[0].body)
    # Bo doesn't answer: their points are back, and the seat goes to Cleo, who takes it.
    later(monkeypatch, hours=49)
    reservations_sweep()
    assert delivered() == ["A seat for you: Coffee"]
    assert shop.balance(bo) == 200
    taken = seat_confirm(redemption=Redemption.objects.get(enrollment=cleo), actor=shop.PARTNER)
    assert (taken.state, shop.balance(cleo)) == ("redeemed", 100)
    assert delivered() == []


def test_the_team_is_told_that_few_parcels_are_left_and_that_none_is(program: Program) -> None:
    place, reward = rich(program, 900), made(program, kind={"kind": "physical"}, stock=3, warn_below=2)
    owners = User.objects.filter(groups__name__in=("owner", "marketer")).distinct().count()
    take(place, reward)
    delivered()
    for said in ("Coffee is running low", "Coffee is sold out"):
        take(place, reward)
        assert stock_low_sweep() == 1
        assert delivered().count(said) == owners > 0
        assert f"/admin/rewards/reward/{reward.pk}/change/" in str(
            next(each.body for each in mail.outbox if each.subject == said)
        )


def test_without_hours_the_seat_is_theirs_at_once_and_one_mail_says_so(program: Program) -> None:
    reward, first = _line(program, confirm_hours=None)
    bo = rich(program, 200, "Bo")
    waiting_join(enrollment=bo, reward=reward, actor=shop.PARTNER)
    delivered()
    redemption_cancel(redemption=first, actor=shop.PARTNER, reason="ill")
    assert delivered() == ["A seat for you: Coffee"]
    assert "it’s yours" in str(mail.outbox[0].body)
    assert Redemption.objects.get(enrollment=bo).state == "redeemed"


def test_a_seat_that_costs_money_too_is_held_for_a_day_and_isnt_confirmed_by_a_click(program: Program) -> None:
    reward = made(program, kind=SHOW | {"confirm_hours": None}, stock=1, prices=[{**POINTS, "money_minor": 500}])
    first, bo = take(rich(program, 200, "First"), reward), rich(program, 200, "Bo")
    WaitingPlace.objects.create(reward=reward, enrollment=bo, option="points+EUR", joined_at=first.redeemed_at)
    delivered()
    redemption_cancel(redemption=first, actor=shop.PARTNER, reason="ill")
    assert delivered() == ["A seat for you: Coffee"]
    assert "pay the rest" in str(mail.outbox[0].body)
    held = Redemption.objects.get(enrollment=bo)
    assert (held.state, held.money_state) == ("reserved", "due")
    with pytest.raises(Exception, match="money part"):
        seat_confirm(redemption=held, actor=shop.PARTNER)


def test_a_reservation_of_a_checkout_isnt_the_members_to_make_final(program: Program) -> None:
    place = rich(program, 200)
    row = take(place, made(program), reserve=timedelta(minutes=5))
    with pytest.raises(NotReserved):
        seat_confirm(redemption=row, actor=shop.PARTNER)
    row.refresh_from_db()
    assert row.state == "reserved"
