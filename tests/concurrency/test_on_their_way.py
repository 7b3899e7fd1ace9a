"""Fifty at once about points that are held, given away, asked for by staff or shared; each race with its control."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import MultipleObjectsReturned

from core.actor import Actor
from loyalty import ledger
from loyalty.adjusting import adjustment_approve, adjustment_make
from loyalty.holding import points_capture, points_hold, points_release
from loyalty.models import Enrollment, PointsAccount, PointsHold, Program
from loyalty.pooling import pool_join
from loyalty.transferring import points_transfer
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, crowd_of, words
from tests.concurrency.unprotected import unprotect
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

CONTROL_SECONDS = 30.0
Race = Callable[[Crowd, Program, int], None]
DOCUMENT = copy.deepcopy(shop.DOCUMENT)
DOCUMENT["currencies"][0].update(transfer={"allowed": True, "per_day": 30}, adjustment_limit=10)


def _member(program: Program, points: int, name: str = "Anna") -> Enrollment:
    who = shop.member(name)
    [answer] = shop.send(shop.order(who, points))
    assert answer.status == 201
    return shop.place(who, program)


def _hold(place: Enrollment, points: int, key: str) -> PointsHold:
    return points_hold(enrollment=place, currency="points", points=points, actor=shop.PARTNER, key=key)


def _give(sender: Enrollment, recipient: Enrollment, points: int, key: str) -> Any:
    return points_transfer(
        sender=sender, recipient=recipient, currency="points", points=points, actor=shop.PARTNER, key=key
    )


def _held(*places: Enrollment) -> int:
    rows = PointsAccount.objects.filter(enrollment__in=places).values_list("balance", "pending", "reserved")
    return sum(sum(row) for row in rows)


def hold_for_one(crowd: Crowd, program: Program, number: int) -> None:
    place = _member(program, 10)
    outcomes = crowd.rush([partial(_hold, place, 10, f"k{each}") for each in range(CROWD)])
    assert words(outcomes) == {"done": 1, "insufficient_points": CROWD - 1}


def one_end_of_a_hold(crowd: Crowd, program: Program, number: int) -> None:
    """Half of them capture, half release: one of the two happens, once."""
    place = _member(program, 10)
    hold = _hold(place, 10, "k")
    ends = [
        partial(points_capture, hold=hold, actor=shop.PARTNER),
        partial(points_release, hold=hold, actor=shop.PARTNER),
    ]
    outcomes = crowd.rush([ends[each % 2] for each in range(CROWD)])
    assert words(outcomes) == {"done": CROWD // 2, "hold_closed": CROWD // 2}
    hold.refresh_from_db()
    assert _held(place) == (0 if hold.state == "captured" else 10)


def both_ways(crowd: Crowd, program: Program, number: int) -> None:
    """Two give to each other at once: nobody waits for ever, nothing is made or lost."""
    anna, bram = _member(program, 15), _member(program, 15, "Bram")
    pairs = [(anna, bram), (bram, anna)]
    outcomes = crowd.rush([partial(_give, *pairs[each % 2], 1, f"k{each}") for each in range(CROWD)])
    assert words(outcomes) == {"done": CROWD}
    assert _held(anna, bram) == 30


def limit_of_a_day(crowd: Crowd, program: Program, number: int) -> None:
    anna, bram = _member(program, 1000), _member(program, 1, "Bram")
    outcomes = crowd.rush([partial(_give, anna, bram, 30, f"k{each}") for each in range(CROWD)])
    assert words(outcomes) == {"done": 1, "transfer_limit_reached": CROWD - 1}


def one_approval(crowd: Crowd, program: Program, number: int) -> None:
    place = _member(program, 1)
    asked = adjustment_make(
        enrollment=place, currency="points", points=50, reason="x", actor=shop.STAFF, key=f"k{number}"
    )
    others = [Actor("staff", f"user:{each + 100}", "admin") for each in range(CROWD)]
    outcomes = crowd.rush([partial(adjustment_approve, adjustment=asked, actor=each) for each in others])
    assert words(outcomes) == {"done": 1, "adjustment_closed": CROWD - 1}
    assert _held(place) == 51


def a_household(crowd: Crowd, program: Program, number: int) -> None:
    """They join while all of them earn and spend: every point is in one place, and only once."""
    head, *others = [_member(program, 10, f"M{each}") for each in range(6)]
    actions: list[Callable[[], Any]] = [
        partial(pool_join, enrollment=each, head=head, actor=shop.STAFF) for each in others
    ]
    actions += [partial(shop.send, shop.order(each.member, 2)) for each in (head, *others) for _time in range(4)]
    actions += [partial(_hold, each, 1, f"h{time}") for each in (head, *others) for time in range(2)]
    outcomes = crowd.rush(actions)
    assert set(words(outcomes)) <= {"done", "pool_refused"}, words(outcomes)
    assert _held(head, *others) == 6 * 10 + 6 * 4 * 2


RACES: list[Race] = [hold_for_one, one_end_of_a_hold, both_ways, limit_of_a_day, one_approval, a_household]


def _name(race: Race) -> str:
    return race.__name__


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_everything_stays_where_it_belongs(committed_brand: Brand, race: Race) -> None:
    program = shop.program(DOCUMENT)
    with crowd_of(committed_brand) as crowd:
        for number in scale.rounds(f"way-{race.__name__}", 2, 200):
            race(crowd, program, number)
            assert ledger.ledger_invariants() == []


@pytest.mark.parametrize("race", RACES, ids=_name)
def test_the_control_without_locks_breaks_it(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    program = shop.program(DOCUMENT)
    unprotect(committed_brand, monkeypatch)
    begun, number, broken = time.monotonic(), 0, ""
    with crowd_of(committed_brand) as crowd:
        while not broken and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                race(crowd, program, number)
                assert not (found := ledger.ledger_invariants()), found[0]
            except (AssertionError, ValueError, MultipleObjectsReturned) as error:
                broken = str(error) or "broken"
    assert broken, f"{race.__name__} holds without any lock: it is no race"
