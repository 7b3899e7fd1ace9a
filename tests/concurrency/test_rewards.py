"""Trial 4, of rewards: fifty at once want the last seat, the last of a balance, one reservation; one gets it.

And everything that can happen to one account's rewards at once: whatever wins, points, stock, codes and balances agree.
Every race has a control with the locks and the constraints out, which must break the promise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import MultipleObjectsReturned

from core import clock
from loyalty import ledger
from loyalty.models import Enrollment, PointsAccount, PointsHold, Program
from rewards import vouchers, waiting
from rewards.catalogue import reward_save
from rewards.errors import SoldOut
from rewards.kinds import credit
from rewards.kinds.credit import credit_use
from rewards.models import CodePool, PoolCode, Redemption, Reward, StoreCredit, Voucher, VoucherUse, WaitingPlace
from rewards.pools import pool_import
from rewards.reserving import redemption_capture, reservations_sweep
from rewards.services import redemption_cancel, reward_redeem
from rewards.stock import stock_left
from rewards.vouchers import code_of, voucher_redeem
from rewards.waiting import seat_promote, waiting_join
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, crowd_of, words
from tests.concurrency.test_last_one import _crowd_of_members, _one_wins
from tests.concurrency.unprotected import unprotect
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

CONTROL_SECONDS = 30.0
Race = Callable[[Crowd, Program, int], None]
PRICE = [{"points": 10, "currency": "points"}]
DEBT = {**shop.DOCUMENT, "currencies": [{**shop.DOCUMENT["currencies"][0], "refund_policy": "into_debt"}]}


def _member(program: Program, points: int, name: str = "Anna") -> Enrollment:
    who = shop.member(name)
    shop.send(shop.order(who, points))
    return shop.place(who, program)


def _reward(program: Program, code: str, **fields: Any) -> Reward:
    plain = {"code": code, "name": "Tea", "prices": PRICE, **fields}
    return reward_save(program=program, plain=plain, actor=shop.STAFF)


def _take(place: Enrollment, reward: Reward, key: str, **more: Any) -> Redemption:
    return reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key=key, **more)


def seat_for_one(crowd: Crowd, program: Program, number: int) -> None:
    reward = _reward(program, f"seat{number}", kind={"kind": "experience"}, stock=1)
    places = _crowd_of_members(program)
    outcomes = crowd.rush([lambda each=each: _take(each, reward, f"s{number}") for each in places])  # type: ignore[misc]  # mypy infers no lambda with a default
    _one_wins(outcomes, "sold_out")
    assert stock_left(reward) == 0
    assert Voucher.objects.filter(redemption__reward=reward).count() == 1


def gift_card_for_one(crowd: Crowd, program: Program, number: int) -> None:
    """A balance that covers one of fifty uses."""
    reward = _reward(program, f"card{number}", kind={"kind": "gift_card", "amount_minor": 150})
    code = code_of(_take(_member(program, 10), reward, "k")) or ""
    _one_wins(
        crowd.rush([lambda: voucher_redeem(code=code, amount_minor=100, actor=shop.PARTNER)] * CROWD),
        "voucher_balance_too_low",
    )
    assert Voucher.objects.get(redemption__reward=reward).balance_minor == 50
    assert VoucherUse.objects.filter(voucher__redemption__reward=reward).count() == 1


def code_used_by_one(crowd: Crowd, program: Program, number: int) -> None:
    reward = _reward(program, f"code{number}", kind={"kind": "discount_code", "percent": 10})
    code = code_of(_take(_member(program, 10), reward, "k")) or ""
    _one_wins(crowd.rush([lambda: voucher_redeem(code=code, actor=shop.PARTNER)] * CROWD), "voucher_used")
    assert VoucherUse.objects.filter(voucher__redemption__reward=reward).count() == 1


def credit_for_one(crowd: Crowd, program: Program, number: int) -> None:
    place = _member(program, 10)
    reward = _reward(program, f"credit{number}", kind={"kind": "store_credit", "amount_minor": 150})
    _take(place, reward, "k")

    def use() -> StoreCredit:
        return credit_use(member=place.member, amount_minor=100, currency="EUR", reference="x", actor=shop.PARTNER)

    _one_wins(crowd.rush([use] * CROWD), "voucher_balance_too_low")
    assert StoreCredit.objects.get(member=place.member).balance_minor == 50


def reservation_for_one(crowd: Crowd, program: Program, number: int) -> None:
    """Half capture, half cancel the same reservation: it ends in one way, and the points go one way."""
    place = _member(program, 15)
    reward = _reward(program, f"hold{number}", stock=1)
    row = _take(place, reward, "k", reserve=timedelta(minutes=5))
    half = CROWD // 2
    outcomes = crowd.rush(
        [lambda: redemption_capture(redemption=row, actor=shop.PARTNER)] * half
        + [lambda: redemption_cancel(redemption=row, actor=shop.STAFF, reason="x")] * half
    )
    row.refresh_from_db()
    found = words(outcomes)
    # Captured first, it can be canceled once after that.
    assert row.state == "canceled"
    assert set(found) <= {"done", "not_reserved", "redemption_canceled"}, found
    assert found["done"] in (1, 2), found
    assert (PointsAccount.objects.get(enrollment=place).balance, stock_left(reward)) == (15, 1)


def code_back_for_one(crowd: Crowd, program: Program, number: int) -> None:
    """The only code was reserved, and its time is up: four sweeps and the others at once. One member gets it."""
    pool = CodePool.objects.create(name=f"back {number}", low_at=0)
    pool_import(pool=pool, codes=[f"back-{number}"], actor=shop.STAFF)
    reward = _reward(program, f"back{number}", kind={"kind": "pool_code", "pool": pool.name}, prices=[{"points": 0}])
    places = _crowd_of_members(program)
    held = _take(places[0], reward, f"b{number}", reserve=timedelta(minutes=5))
    Redemption.objects.filter(pk=held.pk).update(reserved_until=clock.now() - timedelta(minutes=1))
    takers = [lambda each=each: _take(each, reward, f"b{number}") for each in places[1:47]]
    found = words(crowd.rush([*takers[:23], *[reservations_sweep] * 4, *takers[23:]]))
    assert set(found) <= {"done", "sold_out"}, found
    with suppress(SoldOut):
        _take(places[47], reward, f"b{number}")
    assert Redemption.objects.filter(reward=reward, state="redeemed").count() == 1
    assert PoolCode.objects.get(pool=pool).state == "taken"


def seat_freed_for_one(crowd: Crowd, program: Program, number: int) -> None:
    """A freed seat, ten in line, fifty deliveries of the word that it is free: the first in line has it, once."""
    # Free, since the row of the account would hold the others back until the seat is gone.
    reward = _reward(program, f"show{number}", kind={"kind": "experience"}, stock=1, prices=[{"points": 0}])
    places = _crowd_of_members(program)
    first = _take(places[0], reward, f"w{number}")
    for each in places[1:11]:
        waiting_join(enrollment=each, reward=reward, actor=shop.PARTNER)
    redemption_cancel(redemption=first, actor=shop.STAFF, reason="x")
    outcomes = crowd.rush([lambda: seat_promote(reward.pk)] * CROWD)
    assert set(words(outcomes)) == {"done"}, words(outcomes)
    promoted = WaitingPlace.objects.filter(reward=reward, state="promoted")
    assert [each.enrollment_id for each in promoted] == [places[1].pk]
    assert Redemption.objects.filter(reward=reward, state="redeemed").count() == 1
    assert stock_left(reward) == 0


def everything_on_one_account(crowd: Crowd, program: Program, number: int) -> None:
    """Take, reserve, capture, cancel, use up, return orders, expire and sweep, all of one member at once."""
    place = _member(program, 300)
    shop.send(*[shop.order(place.member, 10, f"T-{number}-{n}") for n in range(8)])
    shop.send(*[shop.order(place.member, 10, days_ago=364 + n) for n in range(4)])
    tea = _reward(program, f"tea{number}", stock=40)
    card = _reward(program, f"gift{number}", kind={"kind": "gift_card", "amount_minor": 100})
    held = [_take(place, tea, f"h{n}", reserve=timedelta(minutes=5)) for n in range(6)]
    cards = [_take(place, card, f"c{n}") for n in range(4)]
    codes = [code_of(each) or "" for each in cards]
    # Two of the reservations have run out meanwhile.
    gone = clock.now() - timedelta(minutes=1)
    PointsHold.objects.filter(pk__in=[each.hold_id for each in held[:2]]).update(expires_at=gone)
    Redemption.objects.filter(pk__in=[each.pk for each in held[:2]]).update(reserved_until=gone)
    returned = [shop.returned(place.member, f"T-{number}-{n}", 10) for n in range(8)]

    def send(row: dict[str, Any]) -> Any:
        [answer] = shop.send(row)
        if answer.error is not None:
            raise answer.error
        return answer.status

    actions: list[Callable[[], Any]] = [
        *(lambda n=n: _take(place, tea, f"n{n}") for n in range(8)),
        *(lambda each=each: redemption_capture(redemption=each, actor=shop.PARTNER) for each in held),
        *(lambda each=each: redemption_cancel(redemption=each, actor=shop.STAFF, reason="x") for each in held + cards),
        *(lambda code=code: voucher_redeem(code=code, amount_minor=60, actor=shop.PARTNER) for code in codes * 2),
        *(lambda row=row: send(row) for row in returned),
        *[lambda: ledger.points_settle_batch(program_id=program.pk, now=clock.now(), limit=50)] * 4,
        *[reservations_sweep] * 4,
    ]
    found = words(crowd.rush(actions[:CROWD]))
    assert set(found) <= {
        "done", "insufficient_points", "reservation_over", "redemption_canceled", "not_reserved", "redemption_used",
        "voucher_void", "voucher_balance_too_low", "voucher_used",
    }, found  # fmt: skip
    reservations_sweep()


RACES: list[Race] = [
    seat_for_one,
    gift_card_for_one,
    code_used_by_one,
    credit_for_one,
    reservation_for_one,
    code_back_for_one,
    seat_freed_for_one,
    everything_on_one_account,
]


def _name(race: Race) -> str:
    return race.__name__


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_one_of_fifty_gets_it(committed_brand: Brand, race: Race) -> None:
    program = shop.program(DEBT)
    with crowd_of(committed_brand) as crowd:
        for number in scale.rounds(f"race-rewards-{race.__name__}", 2, 200):
            race(crowd, program, number)
            assert ledger.ledger_invariants() == []


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_the_control_without_locks_breaks_it(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    program = shop.program(DEBT)
    if race in (seat_for_one, code_back_for_one, seat_freed_for_one):
        _crowd_of_members(program)
    unprotect(committed_brand, monkeypatch)
    _rows_unlocked(monkeypatch)
    begun, number, broken = time.monotonic(), 0, ""
    with crowd_of(committed_brand) as crowd:
        while time.monotonic() - begun < CONTROL_SECONDS and not broken:
            number += 1
            try:
                race(crowd, program, number)
                found = ledger.ledger_invariants()
                assert not found, found[0]
            except (AssertionError, ValueError, MultipleObjectsReturned, AttributeError) as error:
                broken = str(error) or "broken"
    assert broken, f"{race.__name__} holds without any lock: it is no race"


def _rows_unlocked(patch: pytest.MonkeyPatch) -> None:
    """What unprotect() doesn't know of: rows of vouchers, of credit and of places in line are read, then written."""
    patch.setattr(
        vouchers, "_voucher_locked", lambda found: Voucher.objects.get(pk=found.voucher.pk) if found.voucher else None
    )
    patch.setattr(credit, "_locked", _credit)
    rows = WaitingPlace.objects.select_related("reward", "enrollment__member")
    patch.setattr(waiting, "_waiting_locked", lambda pk: rows.get(pk=pk))


def _credit(member_id: int, currency: str) -> StoreCredit:
    return StoreCredit.objects.get_or_create(member_id=member_id, money_currency=currency)[0]
