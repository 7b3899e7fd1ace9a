"""Something is called off while it comes about: an invitation that is being accepted, a version that takes effect.

Each race has a control with its guard out, which must break the promise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.audit import audit_record
from core.tables import AuditEntry
from loyalty import inviting, ledger, withdrawing
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import VersionInForce
from loyalty.inviting import invitation_answer, invitation_make, invitation_withdraw
from loyalty.models import Enrollment, Event, Program, TierFloor, TierInvitation, VersionWithdrawal
from loyalty.publishing import program_publish
from loyalty.withdrawing import version_withdraw
from tenants.models import Brand
from tests.concurrency.crowd import Crowd, crowd_of, words
from tests.loyalty import shop
from tests.loyalty.test_inviting import DOCUMENT
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial]

SIZE = 12
CONTROL_SECONDS = 30.0
# About as long as a transaction may take; the guard has twice as much.
LONG = timedelta(seconds=30)


# --- an invitation that is accepted and withdrawn at once ------------------------------------------------------------
def one_side_has_it(crowd: Crowd, program: Program) -> None:
    """The member presses a few times, so do staff: the tier is theirs or the invitation is gone, never both."""
    place = shop.place(shop.member("Anna"), program)
    made = invitation_make(
        enrollment=place, ladder="main", tier="black", until=None, reason="", at_once=False, actor=shop.STAFF
    )

    def press(at: int) -> Callable[[], TierInvitation]:
        if at % 2:
            return lambda: invitation_withdraw(enrollment=place, invitation_id=made.pk, actor=shop.STAFF)
        return lambda: invitation_answer(enrollment=place, invitation_id=made.pk, accept=True, actor=shop.PARTNER)

    told = words(crowd.rush([press(at) for at in range(SIZE)]))
    accepted = TierInvitation.objects.get(pk=made.pk).state == "accepted"
    # The same answer again is no news; a second withdrawal is refused.
    done = SIZE // 2 if accepted else 1
    assert told == {"done": done, "invitation_closed": SIZE - done}
    assert TierFloor.objects.filter(enrollment=place, ended_at=None).count() == (1 if accepted else 0)
    written = AuditEntry.objects.filter(object_id=place.pk, action__startswith="tier.invitation_")
    assert [each.action for each in written] == [f"tier.invitation_{'accepted' if accepted else 'withdrawn'}"]


def test_an_invitation_is_accepted_or_withdrawn_never_both(committed_brand: Brand) -> None:
    program = shop.program(DOCUMENT)
    with crowd_of(committed_brand, SIZE) as crowd:
        for _number in scale.rounds("race-invitation", 3, 100):
            one_side_has_it(crowd, program)


def test_without_the_locks_it_would_be_both(committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "enrollment_lock", _unlocked)
    monkeypatch.setattr(inviting, "_locked", _read)
    program, begun, broke = shop.program(DOCUMENT), time.monotonic(), ""
    with crowd_of(committed_brand, SIZE) as crowd:
        while not broke and time.monotonic() - begun < CONTROL_SECONDS:
            try:
                one_side_has_it(crowd, program)
            except AssertionError as error:
                broke = str(error) or "broken"
    assert broke, "it holds without any lock: it is no race"


def _unlocked(enrollment_id: int) -> int:
    return Enrollment.objects.get(pk=enrollment_id).version


def _read(enrollment: Enrollment, invitation_id: UUID) -> Any:
    return TierInvitation.objects.get(pk=invitation_id, enrollment=enrollment)


# --- a version that is withdrawn as it takes effect ------------------------------------------------------------------
def order_meanwhile(brand: Brand, monkeypatch: pytest.MonkeyPatch, seconds_left: int) -> tuple[bool, bool]:
    """Withdraw a version that is to take effect in so many seconds, slowly: before it is committed, time has gone on
    and an order has come and been judged. (Whether it was withdrawn, whether the order was judged by it.)"""
    program = shop.program()
    place = shop.place(shop.member("Anna"), program)
    document = document_decode({**shop.DOCUMENT, "rules": shop.DOCUMENT["rules"][:1]})
    row = draft_replace(program=program, document=document, expected_revision=program.draft_revision, actor=shop.STAFF)
    row.refresh_from_db()
    version = program_publish(
        program=row, actor=shop.STAFF, expected_revision=row.draft_revision,
        in_force_from=clock.now() + timedelta(seconds=seconds_left),
    )  # fmt: skip

    def slowly(**told: Any) -> None:
        brand.clock_shift += LONG
        [sent] = crowd.rush([lambda: shop.send(shop.order(place.member, 10, "A-1"))])
        assert sent.word == "done", sent.error
        audit_record(**told)

    monkeypatch.setattr(withdrawing, "audit_record", slowly)
    with crowd_of(brand, 1) as crowd:
        try:
            version_withdraw(version=version, actor=shop.STAFF)
        except VersionInForce:
            return False, False
    withdrawn = VersionWithdrawal.objects.filter(version=version).exists()
    return withdrawn, Event.objects.filter(external_id="A-1", version_id=version.pk).exists()


@pytest.mark.parametrize(("seconds_left", "withdrawn"), [(1, False), (59, False), (62, True)])
def test_no_event_is_judged_by_a_version_that_is_withdrawn_meanwhile(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch, seconds_left: int, withdrawn: bool
) -> None:
    assert order_meanwhile(committed_brand, monkeypatch, seconds_left) == (withdrawn, False)
    assert ledger.ledger_invariants() == []


def test_without_the_minute_an_event_would_name_a_version_that_never_was(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "LATEST", timedelta(0))
    assert order_meanwhile(committed_brand, monkeypatch, 5) == (True, True)
