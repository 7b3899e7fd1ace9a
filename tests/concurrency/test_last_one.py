"""Trial 4: fifty at once want what is there for one. One gets it; the others are told so, and leave no trace.

Every race is run for its rounds with everything in place, its control with locks and constraints out until it breaks
the promise. Incidents of others that are held here: pay locked but refund not (eventyay 2824), a refund paid twice
(Blnk 315), a limit that was raced (Saleor 544, Medusa 16347), check and allocation in different transactions
(Vendure 4930).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import MultipleObjectsReturned

from core import clock
from core.idempotency import body_digest, idempotent
from core.outbox import outbox_add
from core.tables import OutboxMessage
from core.tenancy import current_schema
from loyalty import ledger
from loyalty.models import Enrollment, Order, PointsAccount, PointsEntry, Program
from loyalty.services import points_adjust
from rewards.models import CodePool, PoolCode, Redemption, Reward
from rewards.pools import pool_import
from rewards.services import redemption_cancel, reward_redeem
from rewards.stock import stock_left, stock_set
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, Outcome, crowd_of, words
from tests.concurrency.unprotected import locks_out, unprotect
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

CONTROL_SECONDS = 30.0
Race = Callable[[Crowd, Program, int], None]
DEBT = {**shop.DOCUMENT, "currencies": [{**shop.DOCUMENT["currencies"][0], "refund_policy": "into_debt"}]}


def _member(program: Program, points: int, name: str = "Anna") -> Enrollment:
    who = shop.member(name)
    [answer] = shop.send(shop.order(who, points))
    assert answer.status == 201
    return shop.place(who, program)


def _reward(program: Program, number: int, **fields: Any) -> Reward:
    made = {"program": program, "code": f"r{number}", "name": "Tea", "currency": "points", "price": 10, **fields}
    return Reward.objects.create(**made)


def _redeem(place: Enrollment, reward: Reward, key: str) -> Callable[[], Redemption]:
    return lambda: reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key=key)


def _send(row: dict[str, Any]) -> Callable[[], Any]:
    def send() -> Any:
        [answer] = shop.send(row)
        if answer.error is not None:
            raise answer.error
        return answer.status

    return send


def _one_wins(outcomes: Sequence[Outcome], refusal: str) -> None:
    assert words(outcomes) == {"done": 1, refusal: len(outcomes) - 1}


def _one_is_first(outcomes: Sequence[Outcome]) -> None:
    """One made it, the others were given its answer."""
    assert words(outcomes) == {"done": len(outcomes)}
    assert sorted(each.value for each in outcomes) == [200] * (len(outcomes) - 1) + [201]


def stock_for_one(crowd: Crowd, program: Program, number: int) -> None:
    reward = _reward(program, number)
    stock_set(reward=reward, total=1, actor=shop.STAFF)
    places = _crowd_of_members(program)
    _one_wins(crowd.rush([_redeem(each, reward, f"k{number}") for each in places]), "sold_out")
    assert stock_left(reward) == 0
    _losers_kept_everything(places, reward)


def code_for_one(crowd: Crowd, program: Program, number: int) -> None:
    pool = CodePool.objects.create(name=f"pool {number}")
    pool_import(pool=pool, codes=[f"code-{number}"], actor=shop.STAFF)
    reward = _reward(program, number, pool=pool)
    places = _crowd_of_members(program)
    _one_wins(crowd.rush([_redeem(each, reward, f"k{number}") for each in places]), "sold_out")
    assert PoolCode.objects.get(pool=pool).state == "taken"
    _losers_kept_everything(places, reward)


def _losers_kept_everything(places: list[Enrollment], reward: Reward) -> None:
    [won] = Redemption.objects.filter(reward=reward)
    spent = dict(PointsAccount.objects.filter(enrollment__in=places).values_list("enrollment_id", "spent"))
    assert spent == {each.pk: reward.price if each.pk == won.enrollment_id else 0 for each in places}
    told = OutboxMessage.objects.filter(topic="reward.redeemed", payload__reward=reward.code)
    assert told.count() == 1


_members: dict[str, list[Enrollment]] = {}


def _crowd_of_members(program: Program) -> list[Enrollment]:
    """Fifty members with points, made once per brand; each round sees what they spent before as nothing."""
    known = _members.setdefault(current_schema(), [])
    if not known:
        people = [shop.member(f"P{n}") for n in range(CROWD)]
        shop.send(*[shop.order(who, 100) for who in people])
        known.extend(shop.place(who, program) for who in people)
    for account in PointsAccount.objects.filter(enrollment__in=known, spent__gt=0):
        for redemption in Redemption.objects.filter(enrollment_id=account.enrollment_id, state="redeemed"):
            redemption_cancel(redemption=redemption, actor=shop.STAFF, reason="next round")
    return known


def balance_for_one(crowd: Crowd, program: Program, number: int) -> None:
    place, reward = _member(program, 15), _reward(program, number)
    _one_wins(crowd.rush([_redeem(place, reward, f"k{n}") for n in range(CROWD)]), "insufficient_points")
    account = PointsAccount.objects.get(enrollment=place)
    assert (account.balance, account.spent) == (5, 10)


def limit_for_one(crowd: Crowd, program: Program, number: int) -> None:
    place, reward = _member(program, 1000), _reward(program, number, limit_per_member=1)
    _one_wins(crowd.rush([_redeem(place, reward, f"k{n}") for n in range(CROWD)]), "limit_reached")
    assert PointsAccount.objects.get(enrollment=place).spent == 10


def one_key(crowd: Crowd, program: Program, number: int) -> None:
    place, reward = _member(program, 1000), _reward(program, number)
    outcomes = crowd.rush([_redeem(place, reward, "the same") for _each in range(CROWD)])
    assert words(outcomes) == {"done": CROWD}
    assert len({each.value.pk for each in outcomes}) == 1
    assert PointsAccount.objects.get(enrollment=place).spent == 10


def one_event(crowd: Crowd, program: Program, number: int) -> None:
    place = _member(program, 5)
    row = shop.order(place.member, 40, f"E-{number}")
    outcomes = crowd.rush([_send(row) for _each in range(CROWD)])
    _one_is_first(outcomes)
    assert PointsAccount.objects.get(enrollment=place).balance == 45
    assert PointsEntry.objects.filter(order_number=f"E-{number}").count() == 1


def one_event_of_someone_new(crowd: Crowd, program: Program, number: int) -> None:
    """The member isn't enrolled yet: enrollment, welcome and order race together."""
    who = shop.member("Newcomer")
    row = shop.order(who, 40, f"N-{number}")
    outcomes = crowd.rush([_send(row) for _each in range(CROWD)])
    _one_is_first(outcomes)
    assert PointsAccount.objects.get(enrollment__member=who).balance == 40


def one_return(crowd: Crowd, program: Program, number: int) -> None:
    place = _member(program, 30)
    shop.send(shop.order(place.member, 40, f"S-{number}"))
    row = shop.returned(place.member, f"S-{number}", 20, f"R-{number}")
    outcomes = crowd.rush([_send(row) for _each in range(CROWD)])
    _one_is_first(outcomes)
    account = PointsAccount.objects.get(enrollment=place)
    assert (account.balance, account.reversed) == (50, 20)


def order_for_one_refund(crowd: Crowd, program: Program, number: int) -> None:
    """Fifty returns with ids of their own, each of the whole order."""
    place = _member(program, 30)
    shop.send(shop.order(place.member, 40, f"W-{number}"))
    rows = [shop.returned(place.member, f"W-{number}", 40, f"W-{number}-{n}") for n in range(CROWD)]
    _one_wins(crowd.rush([_send(row) for row in rows]), "return_too_large")
    account = PointsAccount.objects.get(enrollment=place)
    assert (account.balance, account.reversed, account.debt) == (30, 40, 0)
    assert Order.objects.get(number=f"W-{number}").refunded_minor == 4000


def one_cancel(crowd: Crowd, program: Program, number: int) -> None:
    place, reward = _member(program, 15), _reward(program, number)
    stock_set(reward=reward, total=3, actor=shop.STAFF)
    taken = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="k")

    def cancel() -> Redemption:
        return redemption_cancel(redemption=taken, actor=shop.STAFF, reason="twice")

    _one_wins(crowd.rush([cancel] * CROWD), "redemption_canceled")
    assert (PointsAccount.objects.get(enrollment=place).balance, stock_left(reward)) == (15, 3)


def everything_on_one_account(crowd: Crowd, program: Program, number: int) -> None:
    """Redeem, return, expire, give, take and cancel, all of one member at once. Whatever wins, it adds up."""
    place = _member(program, 100)
    shop.send(*[shop.order(place.member, 10, f"M-{number}-{n}") for n in range(10)])
    shop.send(*[shop.order(place.member, 10, days_ago=364 + n) for n in range(6)])  # some are past their last day
    reward = _reward(program, number)
    taken = [reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key=f"t{n}") for n in range(5)]

    def adjust(n: int) -> PointsEntry:
        points = 7 if n % 2 else -7
        return points_adjust(
            enrollment=place, currency="points", points=points, reason="mix", actor=shop.STAFF, key=f"{number}-{n}"
        )

    actions: list[Callable[[], Any]] = [_redeem(place, reward, f"k{n}") for n in range(15)]
    actions += [_send(shop.returned(place.member, f"M-{number}-{n}", 10)) for n in range(10)]
    actions += [lambda: ledger.points_settle_batch(program_id=program.pk, now=clock.now(), limit=50)] * 5
    actions += [partial(adjust, n) for n in range(10)]
    actions += [partial(redemption_cancel, redemption=each, actor=shop.STAFF, reason="mix") for each in taken]
    actions += [_send(shop.order(place.member, 3)) for _each in range(5)]
    found = words(crowd.rush(actions))
    assert set(found) <= {"done", "insufficient_points"}, found


def one_idempotency_key(crowd: Crowd, program: Program, number: int) -> None:
    """The door of the API: one key, fifty requests, one run, one answer."""

    def run() -> tuple[int, Any]:
        outbox_add("test.ran", {"round": number})
        return 201, {"row": OutboxMessage.objects.filter(topic="test.ran", payload__round=number).count()}

    def ask() -> tuple[int, Any]:
        return idempotent(
            principal="test", key=f"key-{number}", request_hash=body_digest(b"body"), required=True, run=run
        )

    outcomes = crowd.rush([ask] * CROWD)
    assert words(outcomes) == {"done": CROWD}
    assert [each.value for each in outcomes] == [(201, {"row": 1})] * CROWD
    assert OutboxMessage.objects.filter(topic="test.ran", payload__round=number).count() == 1


RACES: list[Race] = [
    stock_for_one,
    code_for_one,
    balance_for_one,
    limit_for_one,
    one_key,
    one_event,
    one_event_of_someone_new,
    one_return,
    order_for_one_refund,
    one_cancel,
    everything_on_one_account,
    one_idempotency_key,
]
# Races in which the second winner would also be refused by a constraint, had the locks been forgotten.
TWICE_HELD = [balance_for_one, one_key, one_event, one_return, order_for_one_refund, one_cancel]


def _name(race: Race) -> str:
    return race.__name__


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_one_of_fifty_gets_it(committed_brand: Brand, race: Race) -> None:
    program = shop.program(DEBT)
    with crowd_of(committed_brand) as crowd:
        for number in scale.rounds(f"race-{race.__name__}", 2, 200):
            race(crowd, program, number)
            assert ledger.ledger_invariants() == []


def _breaks(race: Race, brand: Brand, program: Program) -> str:
    """Run the race until it breaks its promise; how. "" when it never did in the time there is."""
    begun, number = time.monotonic(), 0
    with crowd_of(brand) as crowd:
        while time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                race(crowd, program, number)
                broken = ledger.ledger_invariants()
                assert not broken, broken[0]
            except (AssertionError, ValueError, MultipleObjectsReturned) as error:
                return str(error) or "broken"
    return ""


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_the_control_without_locks_breaks_it(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    program = shop.program(DEBT)
    if race is stock_for_one or race is code_for_one:
        _crowd_of_members(program)
    unprotect(committed_brand, monkeypatch)
    assert _breaks(race, committed_brand, program), f"{race.__name__} holds without any lock: it is no race"


@pytest.mark.parametrize("race", TWICE_HELD, ids=_name)
def test_with_the_locks_forgotten_the_constraints_still_keep_the_books(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    """Losers get errors that nobody should see then, but points are neither made nor lost."""
    program = shop.program(DEBT)
    locks_out(committed_brand, monkeypatch)
    with crowd_of(committed_brand) as crowd, suppress(AssertionError, TypeError):
        race(crowd, program, 1)
    assert ledger.ledger_invariants() == []
