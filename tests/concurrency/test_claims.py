"""Many at once over one claim or one visit: one decides, one is sent, one counts; the others are told.

Each race has a control with the member's and the claim's lock out, which must break the promise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import MultipleObjectsReturned

from claims import checkins, services
from claims.checkins import Position, check_in_by_position
from claims.models import CheckIn, Claim, Place
from claims.rotating import secret_new
from claims.services import claim_approve, claim_refuse
from core.tables import OutboxMessage
from loyalty import ledger
from loyalty.models import Enrollment, Event, PointsAccount, Program
from tenants.models import Brand
from tests.claims import cast
from tests.concurrency.crowd import Crowd, crowd_of, words
from tests.concurrency.unprotected import constraints_out
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

SIZE = 12
CONTROL_SECONDS = 30.0
Race = Callable[[Crowd, Program, int], None]


def _member(program: Program) -> Enrollment:
    return shop.place(shop.member("Anna"), program)


def one_decides(crowd: Crowd, program: Program, number: int) -> None:
    """Half the team approves, the other half refuses."""
    claim = cast.follows(_member(program))

    def decide(at: int) -> Callable[[], Claim]:
        if at % 2:
            return lambda: claim_refuse(claim=claim, reason="No", actor=shop.STAFF, key=f"k{at}")
        return lambda: claim_approve(claim=claim, actor=shop.STAFF, key=f"k{at}")

    outcomes = crowd.rush([decide(at) for at in range(SIZE)])
    assert words(outcomes) == {"done": 1, "claim_decided": SIZE - 1}
    told = OutboxMessage.objects.filter(topic__startswith="claim.", payload__claim_id=str(claim.pk))
    assert told.exclude(topic="claim.submitted").count() == 1
    state = Claim.objects.get(pk=claim.pk).state
    given = Event.objects.filter(source="claims", external_id=str(claim.pk)).count()
    assert given == (1 if state == "approved" else 0)


def one_approval(crowd: Crowd, program: Program, number: int) -> None:
    """Everybody approves: the points are given once."""
    place = _member(program)
    claim = cast.follows(place)
    outcomes = crowd.rush(
        [lambda at=at: claim_approve(claim=claim, actor=shop.STAFF, key=f"k{at}") for at in range(SIZE)]  # type: ignore[misc]  # mypy infers no lambda with a default
    )
    assert words(outcomes) == {"done": 1, "claim_decided": SIZE - 1}
    assert PointsAccount.objects.get(enrollment=place).balance == 50


def one_waits(crowd: Crowd, program: Program, number: int) -> None:
    """One claim of this type may wait at a time."""
    place = _member(program)
    outcomes = crowd.rush([lambda: cast.follows(place) for _each in range(SIZE)])
    assert words(outcomes) == {"done": 1, "claims_waiting": SIZE - 1}
    assert Claim.objects.filter(enrollment=place).count() == 1


def one_visit(crowd: Crowd, program: Program, number: int) -> None:
    """Once per place within the hours, however often the button is pressed."""
    place = _member(program)
    here = Position(52.0, 5.0, 5)

    def press(at: int) -> Callable[[], CheckIn]:
        return lambda: check_in_by_position(enrollment=place, position=here, actor=shop.PARTNER, key=f"k{at}")

    outcomes = crowd.rush([press(at) for at in range(SIZE)])
    assert set(words(outcomes)) <= {"done", "too_many_tries"}
    assert CheckIn.objects.filter(enrollment=place, state="accepted").count() == 1
    assert PointsAccount.objects.get(enrollment=place).balance == 10


RACES: list[Race] = [one_decides, one_approval, one_waits, one_visit]


@pytest.fixture
def program(committed_brand: Brand) -> Program:
    made = cast.program()
    Place.objects.create(code="here", name="Here", kind="park", latitude="52", longitude="5", secret=secret_new())
    return made


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_one_gets_it_and_the_others_are_told(committed_brand: Brand, program: Program, race: Race) -> None:
    with crowd_of(committed_brand, SIZE) as crowd:
        for number in scale.rounds(f"race-{race.__name__}", 2, 100):
            race(crowd, program, number)
            assert ledger.ledger_invariants() == []


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_the_control_without_locks_breaks_it(
    committed_brand: Brand, program: Program, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    constraints_out(committed_brand)
    for room in (services, checkins):
        monkeypatch.setattr(room.ledger, "enrollment_lock", _unlocked)
    monkeypatch.setattr(services, "_locked", _read)
    begun, number, broke = time.monotonic(), 0, ""
    with crowd_of(committed_brand, SIZE) as crowd:
        while not broke and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                race(crowd, program, number)
            except (AssertionError, MultipleObjectsReturned) as error:
                broke = str(error) or "broken"
    assert broke, f"{race.__name__} holds without any lock: it is no race"


def _unlocked(enrollment_id: int) -> int:
    return Enrollment.objects.get(pk=enrollment_id).version


def _read(claim: Claim) -> Any:
    return Claim.objects.select_related("enrollment__member", "enrollment__program").get(pk=claim.pk)
