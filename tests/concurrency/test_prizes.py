"""Accepting a prize beside its being passed over: it is one member's in the end, and given once.

The control leaves the locks of the member and of the prize out: then somebody who was passed over keeps it.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db.models import QuerySet

from core.outbox import outbox_drain
from draws import closing, prizes
from draws.closing import sweepstake_draw, winner_pass
from draws.entering import entries_add
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.prizes import prize_accept
from loyalty import ledger
from loyalty.models import Enrollment
from tenants.models import Brand
from tests.concurrency.crowd import Crowd, crowd_of, words
from tests.draws import cast
from tests.loyalty import shop
from tests.referrals.cast import fixed
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

SIZE = 6
CONTROL_SECONDS = 60.0
PRIZE = {"code": "points", "name": "500 points", "effects": [fixed(500)]}


def drawn(number: int) -> SweepstakeWinner:
    """Two entered a sweepstake with one prize; it is drawn, and one of them is to accept."""
    piece = cast.piece(prizes=[PRIZE], alternates=1, answer_days=7)
    program = shop.program(cast.document(piece), slug=f"club{number}")
    row = Sweepstake.objects.get(program=program)
    for name in ("A", "B"):
        entries_add(
            sweepstake=row, enrollment=shop.place(shop.member(f"{name}{number}"), program), cause=name,
            way=SweepstakeEntry.Way.FREE, number=1, actor=shop.PARTNER,
        )  # fmt: skip
    Sweepstake.objects.filter(pk=row.pk).update(closes_at=row.opens_at)
    sweepstake_draw(sweepstake_id=row.pk, actor=shop.STAFF)
    return SweepstakeWinner.objects.select_related("entry__enrollment", "sweepstake__program").get(
        sweepstake=row, place=1
    )


def accepting(crowd: Crowd, number: int) -> None:
    """Five clicks of whoever won, and one of the team."""
    won = drawn(number)
    place = won.entry.enrollment

    def accept() -> Any:
        return prize_accept(sweepstake=won.sweepstake, enrollment=place, actor=shop.PARTNER)

    def pass_over() -> Any:
        time.sleep(0.02)
        return winner_pass(sweepstake_id=won.sweepstake_id, place=1, reason="Works here", actor=shop.STAFF)

    outcomes = crowd.rush([pass_over, *([accept] * (SIZE - 1))])
    while outbox_drain():
        pass
    said = words(outcomes[1:])
    assert set(said) <= {"done", "no_prize_to_accept"}
    assert outcomes[0].word == "done"
    standing = SweepstakeWinner.objects.get(sweepstake=won.sweepstake, state="won")
    assert standing.place == 2, "whoever was passed over still has the prize"
    assert shop.balance(place) == 0, "whoever was passed over keeps what it gave"
    assert said.get("done", 0) <= 1, "one prize was accepted twice"


@pytest.fixture(autouse=True)
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between finding that it is theirs and taking it lies a moment, in which they may be passed over."""
    give = prizes._give

    def slowly(row: SweepstakeWinner, sweepstake: Sweepstake) -> None:
        time.sleep(0.05)
        give(row, sweepstake)

    monkeypatch.setattr(prizes, "_give", slowly)


def test_a_prize_is_one_members_and_given_once(committed_brand: Brand) -> None:
    with crowd_of(committed_brand, SIZE) as crowd:
        for number in scale.rounds("race-prizes", 3, 200):
            accepting(crowd, number)


def test_the_control_without_the_locks_gives_it_to_who_was_passed_over(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def standing(row: Sweepstake, place: int, late: bool) -> SweepstakeWinner | None:
        return SweepstakeWinner.objects.filter(sweepstake=row, place=place, state="won").first()

    def to_answer(sweepstake: Sweepstake, enrollment: Enrollment) -> QuerySet[SweepstakeWinner]:
        mine = SweepstakeWinner.objects.filter(sweepstake=sweepstake, entry__enrollment=enrollment, state="won")
        return mine.filter(answered_at__isnull=True).order_by("place")

    monkeypatch.setattr(closing, "_standing", standing)
    monkeypatch.setattr(prizes, "_to_answer", to_answer)
    monkeypatch.setattr(ledger, "enrollment_lock", lambda pk: Enrollment.objects.get(pk=pk).version)
    begun, number, broke = time.monotonic(), 0, ""
    with crowd_of(committed_brand, SIZE) as crowd:
        while not broke and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                accepting(crowd, number)
            except AssertionError as error:
                broke = str(error) or "broken"
    assert broke, "a prize is given once without any lock: it is no race"
