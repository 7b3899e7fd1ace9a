"""Many at once over one friend or one referral: one brings, one decision counts, both sides are given once.

Each race has a control with the members' and the referral's lock out, which must break the promise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import MultipleObjectsReturned

from core.database import identifier, owner_connection
from loyalty import ledger
from loyalty.models import PointsAccount, Program
from referrals import binding, deciding
from referrals.binding import referral_bind
from referrals.codes import code_ensure
from referrals.deciding import referral_block, referral_settle
from referrals.models import Referral, ReferralMilestone
from tenants.models import Brand
from tests.concurrency.crowd import Crowd, crowd_of, words
from tests.concurrency.unprotected import constraints_out
from tests.loyalty import shop
from tests.referrals import cast
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

SIZE = 12
CONTROL_SECONDS = 30.0
Race = Callable[[Crowd, Program, int], None]


def one_brings(crowd: Crowd, program: Program, number: int) -> None:
    """A crowd of members claims one friend at once."""
    friend = shop.place(cast.newcomer(f"Friend{number}"), program)
    codes = [code_ensure(enrollment=shop.place(shop.member(f"M{number}x{n}"), program)) for n in range(SIZE)]
    outcomes = crowd.rush(
        [lambda code=code: referral_bind(code=code, friend=friend, actor=shop.PARTNER) for code in codes]  # type: ignore[misc]  # mypy infers no lambda with a default
    )
    assert words(outcomes) == {"done": 1, "already_referred": SIZE - 1}
    assert Referral.objects.filter(friend=friend).count() == 1


def bound_once(crowd: Crowd, program: Program, number: int) -> None:
    """One member claims the same friend many times: the same referral each time."""
    friend = shop.place(cast.newcomer(f"Friend{number}"), program)
    code = code_ensure(enrollment=shop.place(shop.member(f"M{number}"), program))
    outcomes = crowd.rush([lambda: referral_bind(code=code, friend=friend, actor=shop.PARTNER)] * SIZE)
    assert words(outcomes) == {"done": SIZE}
    assert len({each.value.pk for each in outcomes}) == 1


def given_once(crowd: Crowd, program: Program, number: int) -> None:
    """The night of two friends of one member and the team's block of a third, many times at once: the milestone is
    reached once, and of the third exactly one decision stands."""
    anna = shop.place(shop.member(f"Anna{number}"), program)
    held = [cast.buys(cast.comes(anna, f"{name}{number}"), 50) for name in ("Bo", "Cas", "Dee")]
    after = max(row.hold_until for row in held if row.hold_until)

    def act(at: int) -> Callable[[], Any]:
        row = held[at % 3]
        if at % 3 == 2 and at > 6:
            return lambda: referral_block(referral_id=row.pk, reason="No", actor=shop.STAFF)
        return lambda: referral_settle(referral_id=row.pk, at=after)

    outcomes = crowd.rush([act(at) for at in range(SIZE)])
    assert set(words(outcomes)) == {"done"}
    states = [cast.again(row).state for row in held]
    assert states == ["approved", "approved", "blocked"]
    assert ReferralMilestone.objects.filter(enrollment=anna, taken_back_at__isnull=True).count() == 1
    # The third may have had a number before it was blocked; the two that count never share one.
    assert sorted(row.number or 0 for row in map(cast.again, held[:2])) in ([1, 2], [1, 3], [2, 3])
    assert PointsAccount.objects.get(enrollment=anna).balance == 2 * 100 + 500


RACES: list[Race] = [one_brings, bound_once, given_once]


@pytest.fixture
def program(committed_brand: Brand) -> Program:
    return cast.program()


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_one_brings_and_both_are_given_once(committed_brand: Brand, program: Program, race: Race) -> None:
    with crowd_of(committed_brand, SIZE) as crowd:
        for number in scale.rounds(f"race-{race.__name__}", 2, 200):
            race(crowd, program, number)
            assert ledger.ledger_invariants() == []


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_the_control_without_locks_breaks_it(
    committed_brand: Brand, program: Program, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    constraints_out(committed_brand)
    _uniqueness_out(committed_brand)
    for room in (binding, deciding):
        monkeypatch.setattr(room.ledger, "enrollments_lock", lambda _ids: None)
    monkeypatch.setattr(deciding, "locked", _read)
    begun, number, broke = time.monotonic(), 0, ""
    with crowd_of(committed_brand, SIZE) as crowd:
        while not broke and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                race(crowd, program, number)
            except (AssertionError, MultipleObjectsReturned) as error:
                broke = str(error) or "broken"
    assert broke, f"{race.__name__} holds without any lock: it is no race"


def _uniqueness_out(brand: Brand) -> None:
    with owner_connection() as owner:
        owner.execute(f"SET search_path = {identifier(brand.schema_name)}".encode())
        owner.execute(b"ALTER TABLE referrals_referral DROP CONSTRAINT referral_friend_once")
        owner.execute(b"DROP INDEX referral_milestone_once")


def _read(referral_id: UUID) -> Referral:
    return cast.again(Referral(pk=referral_id))
