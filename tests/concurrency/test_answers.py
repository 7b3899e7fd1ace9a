"""Fifty at once about what can be had one way or the other: a tier that is accepted while it is taken back, a version
that is taken back while it takes effect. Each race with its control."""

from __future__ import annotations

import copy
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.actor import Actor
from loyalty import inviting, ledger, withdrawing
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import VersionsMoved
from loyalty.inviting import invitation_answer, invitation_make, invitation_withdraw
from loyalty.models import Enrollment, Event, Program, ProgramVersion, TierInvitation, TierStanding, VersionWithdrawal
from loyalty.publishing import program_publish
from loyalty.withdrawing import LATEST, version_withdraw
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, crowd_of, words
from tests.concurrency.unprotected import unprotect
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]
CONTROL_SECONDS = 30.0
BUYERS, TAKERS = 12, 8
MEMBER = Actor("member", "member:1", "pages")


# --- a tier ----------------------------------------------------------------------------------------------------------
def accepted_or_taken_back(crowd: Crowd, program: Program) -> None:
    """Half of them accept, half take it back: the tier is the member's exactly when it was accepted."""
    place = shop.place(shop.member(), program)
    invitation = invitation_make(
        enrollment=place, ladder="main", tier="vip", until=None, reason="", at_once=False, actor=shop.STAFF
    )
    which: dict[str, Any] = {"enrollment": place, "invitation_id": invitation.pk}
    ends = [
        partial(invitation_answer, **which, accept=True, actor=MEMBER),
        partial(invitation_withdraw, **which, actor=shop.STAFF),
    ]
    outcomes = crowd.rush([ends[each % 2] for each in range(CROWD)])
    invitation.refresh_from_db()
    taken = invitation.state == TierInvitation.State.ACCEPTED
    # Accepting again gives the same answer; taking back again is refused.
    done = CROWD // 2 if taken else 1
    assert words(outcomes) == {"done": done, "invitation_closed": CROWD - done}
    assert TierStanding.objects.get(enrollment=place, ladder="main").tier == ("vip" if taken else "enthusiast")


def test_an_invitation_is_accepted_or_taken_back_never_both(committed_brand: Brand) -> None:
    program = shop.program()
    with crowd_of(committed_brand) as crowd:
        for _number in scale.rounds("answers-invitation", 2, 200):
            accepted_or_taken_back(crowd, program)
            assert ledger.ledger_invariants() == []


def _read(enrollment: Enrollment, invitation_id: UUID) -> TierInvitation:
    return TierInvitation.objects.get(pk=invitation_id, enrollment=enrollment)


def test_the_control_without_locks_does_both(committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    program = shop.program()
    unprotect(committed_brand, monkeypatch)
    monkeypatch.setattr(inviting, "_locked", _read)
    begun, broken = time.monotonic(), ""
    with crowd_of(committed_brand) as crowd:
        while not broken and time.monotonic() - begun < CONTROL_SECONDS:
            try:
                accepted_or_taken_back(crowd, program)
            except AssertionError as error:
                broken = str(error) or "broken"
    assert broken, "accepting and taking back hold without any lock: it is no race"


# --- a version -------------------------------------------------------------------------------------------------------
class Fast:
    """Domain time that runs twenty times as fast as the wall's: the minute before a version holds takes three seconds,
    which is longer than any transaction here."""

    def __init__(self) -> None:
        self.set(clock.now())

    def set(self, start: datetime) -> None:
        self.start, self.begun = start, time.monotonic()

    def wait(self, moment: datetime) -> None:
        threading.Event().wait(max(0.0, (moment - self.now()).total_seconds() / 20))

    def now(self) -> datetime:
        return self.start + timedelta(seconds=20 * (time.monotonic() - self.begun))


@pytest.fixture
def fast(committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> Fast:
    made = Fast()
    monkeypatch.setattr(clock, "now", made.now)
    return made


def _scheduled(program: Program, since: datetime, points: int) -> ProgramVersion:
    row = Program.objects.get(pk=program.pk)
    document = copy.deepcopy(shop.DOCUMENT)
    document["rules"][0]["effects"][0]["points"] = points
    row = draft_replace(
        program=row, document=document_decode(document), expected_revision=row.draft_revision, actor=shop.STAFF
    )
    return program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision, in_force_from=since)


def taken_back_or_in_force(crowd: Crowd, program: Program, fast: Fast, number: int, minute: timedelta) -> None:
    """Some take the version back just before it is too late while others buy: nothing is judged by what is gone.

    minute: how long before it holds it is too late. How near they come to it differs from round to round.
    """
    since = fast.now() + timedelta(hours=1)
    version = _scheduled(program, since, 2 + number)
    places = [shop.place(shop.member(f"M{each}"), program) for each in range(BUYERS)]

    def buy(each: int) -> None:
        for times in range(3):
            fast.wait(since)
            row = shop.order(places[each].member, 10, f"{number}-{each}-{times}")
            [answer] = shop.send(row)
            assert answer.status == 201, answer.body

    def withdraw() -> None:
        fast.wait(since - minute - timedelta(seconds=0.1 * (1 + number % 8)))
        version_withdraw(version=version, actor=shop.STAFF)

    fast.set(since - minute - timedelta(seconds=10))
    outcomes = crowd.rush([partial(buy, each) for each in range(BUYERS)] + [withdraw] * TAKERS)
    told = words(outcomes)
    gone = VersionWithdrawal.objects.filter(version=version).exists()
    assert set(told) <= {"done", "version_in_force", "version_withdrawn"}, told
    assert told["done"] == BUYERS + (1 if gone else 0), told
    judged = Event.objects.filter(version=version).count()
    assert not (gone and judged), f"taken back, and {judged} events were judged by it"
    fast.set(since + timedelta(hours=1))


def test_a_version_that_was_taken_back_judged_nothing(committed_brand: Brand, fast: Fast) -> None:
    program = shop.program()
    with crowd_of(committed_brand) as crowd:
        for number in scale.rounds("answers-version", 4, 60):
            taken_back_or_in_force(crowd, program, fast, number, LATEST)


def test_the_control_without_the_minute_before_it_judges_by_what_is_gone(
    committed_brand: Brand, fast: Fast, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shop.program()
    monkeypatch.setattr(withdrawing, "LATEST", timedelta(0))
    begun, broken, number = time.monotonic(), "", 0
    with crowd_of(committed_brand) as crowd:
        while not broken and time.monotonic() - begun < CONTROL_SECONDS:
            number += 1
            try:
                taken_back_or_in_force(crowd, program, fast, number, timedelta(0))
            except (AssertionError, VersionsMoved) as error:
                broken = str(error) or "broken"
    assert "judged by it" in broken, broken or "withdrawing and taking effect hold without the minute: it is no race"
