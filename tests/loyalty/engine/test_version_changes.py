"""A version that waits can be taken back; an older one can be published again. Both as rows of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from core import clock
from core.tables import AuditEntry, JobRun, OutboxMessage
from loyalty import publishing
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_plain, draft_replace
from loyalty.errors import DraftChanged, ProgramInvalid, VersionInForce, VersionsMoved, VersionWithdrawn
from loyalty.models import Event, PointsAccount, Program, ProgramVersion, TierStanding, VersionWithdrawal
from loyalty.nightly import nightly_run
from loyalty.published import newest_version, versions_waiting
from loyalty.publishing import again_difference, again_problems, draft_difference, program_publish, version_republish
from loyalty.versions import programs_fresh
from loyalty.withdrawing import LATEST, version_withdraw
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")
Ahead = Callable[[float], None]
TWICE = {**shop.DOCUMENT["rules"][0], "effects": [{**shop.DOCUMENT["rules"][0]["effects"][0], "points": 2}]}
DOUBLE = {**shop.DOCUMENT, "rules": [TWICE, *shop.DOCUMENT["rules"][1:]]}


@pytest.fixture
def ahead(brand: Any) -> Ahead:
    def move(days: float) -> None:
        brand.clock_shift += timedelta(days=days)

    return move


def _drafted(program: Program, document: dict[str, Any]) -> Program:
    return draft_replace(
        program=program, document=document_decode(document), expected_revision=program.draft_revision, actor=shop.STAFF
    )


def _published(program: Program, document: dict[str, Any] = DOUBLE, days: float = 0, **more: Any) -> ProgramVersion:
    row = _drafted(Program.objects.get(pk=program.pk), document)
    since = clock.now() + timedelta(days=days) if days else None
    return program_publish(
        program=row, actor=shop.STAFF, expected_revision=row.draft_revision, in_force_from=since, **more
    )


def _points(amount: int, external_id: str) -> int:
    member = shop.member(external_id)
    shop.send(shop.order(member, amount, external_id))
    return PointsAccount.objects.get(enrollment__member=member, currency="points").balance


def test_a_version_that_is_withdrawn_never_takes_effect(ahead: Ahead) -> None:
    program = shop.program()
    version = _published(program, days=5)
    version_withdraw(version=version, actor=shop.STAFF, reason="Too early")
    ahead(6)
    assert _points(100, "a") == 100
    assert [row.number for row in programs_fresh()[program.slug].versions] == [1]
    assert VersionWithdrawal.objects.get().reason == "Too early"
    told = AuditEntry.objects.get(action="program.version_withdraw")
    assert told.changes["version"] == 2
    assert OutboxMessage.objects.filter(topic="program.version_withdrawn", payload__version=2).exists()


def test_a_version_that_is_left_alone_takes_effect(ahead: Ahead) -> None:
    """The control of the one above."""
    _published(shop.program(), days=5)
    assert _points(100, "before") == 100
    ahead(6)
    assert _points(100, "after") == 200


def test_what_waits_in_the_draft_is_compared_with_the_version_that_stands() -> None:
    program = shop.program()
    version = _published(program, days=5)
    assert draft_difference(program) == []
    assert [each.number for each in versions_waiting(program, clock.now())] == [2]
    version_withdraw(version=version, actor=shop.STAFF)
    assert len(draft_difference(program)) == 1
    assert versions_waiting(program, clock.now()) == []
    again = _published(program, days=7)
    assert again.number == 3, "a number is given once"


@pytest.mark.parametrize("days", [0, 4, -1])
def test_what_is_in_force_or_about_to_be_cannot_be_withdrawn(days: float, ahead: Ahead) -> None:
    program = shop.program()
    version = ProgramVersion.objects.get(program=program) if days == -1 else _published(program, days=days)
    ahead(max(days, 0) - LATEST.total_seconds() / 86_400 / 2)
    with pytest.raises(VersionInForce):
        version_withdraw(version=version, actor=shop.STAFF)
    assert not VersionWithdrawal.objects.exists()


def test_a_version_is_withdrawn_once() -> None:
    version = _published(shop.program(), days=5)
    version_withdraw(version=version, actor=shop.STAFF)
    with pytest.raises(VersionWithdrawn):
        version_withdraw(version=version, actor=shop.STAFF)
    assert AuditEntry.objects.filter(action="program.version_withdraw").count() == 1


def test_the_clock_is_read_when_the_lock_is_had(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the lock until the version is in force is refused, although they asked in time."""
    version = _published(shop.program(), days=5)
    real = Program.objects.select_for_update

    def waited(**options: Any) -> Any:
        ahead(5)
        return real(**options)

    monkeypatch.setattr(Program.objects, "select_for_update", waited)
    with pytest.raises(VersionInForce):
        version_withdraw(version=version, actor=shop.STAFF)


def test_an_order_that_a_withdrawn_version_judged_can_still_be_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing should be judged by one; if a clock was wrong, what was judged is not lost."""
    program = shop.program()
    version = _published(program, days=5)
    member = shop.member()
    shop.send(shop.order(member, 100, "A-1"))
    Event.objects.filter(external_id="A-1").update(version=version)
    version_withdraw(version=version, actor=shop.STAFF)
    shop.send(shop.returned(member, "A-1", 100))
    assert PointsAccount.objects.get(enrollment__member=member, currency="points").balance == 0


def test_what_a_withdrawn_version_was_to_do_to_tiers_is_not_done(ahead: Ahead) -> None:
    program = shop.program()
    member = shop.member()
    shop.send(shop.order(member, 300, "A-1"))
    before = TierStanding.objects.get(enrollment__member=member).tier
    version = _published(program, _lowered(), days=5, tier_recalculation={"main": "full"})
    assert JobRun.objects.filter(job="tiers_recalculate").exists()
    version_withdraw(version=version, actor=shop.STAFF)
    assert not JobRun.objects.filter(job="tiers_recalculate").exists()
    ahead(6)
    nightly_run(program=program)
    assert TierStanding.objects.get(enrollment__member=member).tier == before


def _lowered() -> dict[str, Any]:
    ladder = shop.DOCUMENT["ladders"][0]
    tiers = [{**each, "threshold": 1} if each.get("threshold") else each for each in ladder["tiers"][:2]]
    return {**shop.DOCUMENT, "ladders": [{**ladder, "tiers": tiers}]}


def test_a_publishing_that_is_undone_leaves_no_process_astray() -> None:
    """What a process read of it within its transaction is read anew, instead of failing with every event."""
    program = shop.program()
    with transaction.atomic():
        _published(program, {**DOUBLE, "program": {**DOUBLE["program"], "name": "Undone"}})
        assert len(programs_fresh()[program.slug].versions) == 2
        transaction.set_rollback(True)
    assert _points(100, "after") == 100


# --- rolling back ---------------------------------------------------------------------------------------------------


def test_an_older_version_is_published_again_as_a_new_one() -> None:
    program = shop.program()
    _published(program)
    assert _points(100, "double") == 200
    first = ProgramVersion.objects.get(program=program, number=1)
    draft = draft_plain(program)
    assert again_difference(first)
    made = version_republish(version=first, actor=shop.STAFF, expected_newest=2, note="Back")
    assert (made.number, bytes(made.document_hash)) == (3, bytes(first.document_hash))
    assert _points(100, "single") == 100
    assert draft_plain(program) == draft, "the draft stays as it is"
    assert AuditEntry.objects.filter(action="program.publish").latest("id").changes["again"] == 1


def test_the_draft_becomes_the_older_version_where_that_is_chosen() -> None:
    program = shop.program()
    _published(program)
    first = ProgramVersion.objects.get(program=program, number=1)
    revision = Program.objects.get(pk=program.pk).draft_revision
    with pytest.raises(DraftChanged):
        version_republish(version=first, actor=shop.STAFF, expected_newest=2, expected_revision=revision - 1)
    assert ProgramVersion.objects.count() == 2, "nothing by halves"
    version_republish(version=first, actor=shop.STAFF, expected_newest=2, expected_revision=revision)
    assert draft_difference(Program.objects.get(pk=program.pk)) == []


def test_a_roll_back_of_what_nobody_looked_at_is_refused() -> None:
    program = shop.program()
    _published(program)
    first = ProgramVersion.objects.get(program=program, number=1)
    _published(program, _lowered())
    with pytest.raises(VersionsMoved):
        version_republish(version=first, actor=shop.STAFF, expected_newest=2)
    assert newest_version(program).number == 3  # type: ignore[union-attr]  # there is one here


def test_a_version_that_the_rooms_would_refuse_by_now_is_not_published_again(monkeypatch: pytest.MonkeyPatch) -> None:
    program = shop.program()
    _published(program)
    first = ProgramVersion.objects.get(program=program, number=1)
    assert again_problems(first) == []
    gone = [Problem("rules[0]", phrase("The reward is gone."), phrase("Choose another."))]
    monkeypatch.setattr(publishing, "rooms_problems", lambda program, document, since: gone)
    assert again_problems(first)[0]["path"] == "rules[0]"
    with pytest.raises(ProgramInvalid):
        version_republish(version=first, actor=shop.STAFF, expected_newest=2)
    assert ProgramVersion.objects.count() == 2
