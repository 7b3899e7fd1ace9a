"""Two people at one draft: whoever comes second hears who was first and when, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from core import clock
from core.actor import Actor
from loyalty.definition.lists import settings_plain
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_document, draft_plain, draft_replace
from loyalty.errors import DraftChanged, VersionsMoved
from loyalty.models import Program
from loyalty.pieces import piece_plain, piece_save, seen_of, settings_save
from loyalty.publishing import program_publish, version_republish
from loyalty.sectionpieces import section_save
from loyalty.withdrawing import version_withdraw
from members.models import User
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture
def ann() -> Actor:
    user = User.objects.create_user("ann@team.example", "a long enough password")
    return Actor("staff", f"user:{user.pk}", "admin")


@pytest.fixture
def bob() -> Actor:
    user = User.objects.create_user("bob@team.example", "a long enough password")
    return Actor("staff", f"user:{user.pk}", "admin")


def _told(change: Callable[[], object], kind: type[DraftChanged] | type[VersionsMoved] = DraftChanged) -> str:
    with pytest.raises(kind) as caught:
        change()
    assert caught.value.context["changed_by"].removeprefix("api:") in str(caught.value.detail)
    assert caught.value.context["changed_at"].startswith(f"{clock.now():%Y-%m-%dT%H}"[:10])
    return str(caught.value.detail)


def _rule(program: Program, name: str, seen: str, actor: Actor, code: str = "review") -> None:
    plain = {**(piece_plain(program, "rules", code) or {}), "name": name}
    piece_save(program=program, kind="rules", plain=plain, before=code, seen=seen, actor=actor)


def test_a_piece_says_who_changed_that_very_piece_last(ann: Actor, bob: Actor) -> None:
    program = shop.program()
    seen = {code: seen_of(piece_plain(program, "rules", code)) for code in ("review", "per_euro")}
    _rule(program, "By Ann", seen["review"], ann)
    _rule(program, "By Bob", seen["per_euro"], bob, code="per_euro")
    told = _told(lambda: _rule(program, "Again", seen["review"], bob))
    assert "ann@team.example changed this draft on" in told
    assert (piece_plain(program, "rules", "review") or {})["name"] == "By Ann"


def test_a_piece_says_who_brought_a_file_in_meanwhile(ann: Actor, bob: Actor) -> None:
    program = shop.program()
    seen = seen_of(piece_plain(program, "rules", "review"))
    other = {**shop.DOCUMENT, "rules": [shop.DOCUMENT["rules"][0], {**shop.DOCUMENT["rules"][1], "name": "Filed"}]}
    draft_replace(program=program, document=document_decode(other), expected_revision=1, actor=ann)
    assert "ann@team.example" in _told(lambda: _rule(program, "Again", seen, bob))


def test_settings_and_sections_say_it_each_for_themselves(ann: Actor, bob: Actor) -> None:
    program = shop.program()
    settings = settings_plain(draft_plain(program))
    seen = seen_of(settings)
    renamed = {**settings, "program": {**settings["program"], "name": "Ann's"}}
    settings_save(program=program, plain=renamed, seen=seen, actor=ann)
    reasons = {"leave_reasons": [{"code": "dear", "name": "Too dear"}]}
    section_save(program=program, name="billing", plain=reasons, seen=seen_of({}), actor=bob)
    assert "ann@team.example" in _told(lambda: settings_save(program=program, plain=settings, seen=seen, actor=bob))
    mine: Any = {"program": program, "name": "billing", "plain": {}, "seen": seen_of({}), "actor": ann}
    assert "bob@team.example" in _told(lambda: section_save(**mine))


def test_whoever_publishes_or_imports_a_draft_that_moved_hears_who_moved_it(ann: Actor, bob: Actor) -> None:
    program = shop.program()
    _rule(program, "By Ann", seen_of(piece_plain(program, "rules", "review")), ann)
    assert "ann@team.example" in _told(lambda: program_publish(program=program, actor=bob, expected_revision=1))
    document = draft_document(program)
    late: Any = {"program": program, "document": document, "expected_revision": 1, "actor": bob}
    with translation.override("nl"):
        assert "ann@team.example heeft dit concept" in _told(lambda: draft_replace(**late))
    assert draft_plain(program)["rules"][1]["name"] == "By Ann"


def test_whoever_publishes_again_hears_who_published_or_withdrew_meanwhile(ann: Actor, bob: Actor) -> None:
    program = shop.program()
    first = program.versions.get()
    double = {**shop.DOCUMENT, "rules": [{**shop.DOCUMENT["rules"][0], "name": "Two"}, shop.DOCUMENT["rules"][1]]}
    second = shop.publish(program, double, in_force_from=clock.now() + timedelta(days=2))
    again: Any = {"version": first, "actor": bob, "expected_newest": 1}
    assert "published version 2" in _told(lambda: version_republish(**again), VersionsMoved)
    version_withdraw(version=second, actor=ann)
    again["expected_newest"] = 2
    told = _told(lambda: version_republish(**again), VersionsMoved)
    assert "ann@team.example withdrew version 2" in told


def test_a_key_is_told_as_a_key_and_whoever_is_gone_as_noted(ann: Actor) -> None:
    program = shop.program()
    gone = Actor("staff", "user:999999", "admin")
    draft_replace(program=program, document=draft_document(program), expected_revision=1, actor=gone)
    assert "user:999999" in _told(lambda: program_publish(program=program, actor=ann, expected_revision=1))
    draft_replace(program=program, document=draft_document(program), expected_revision=2, actor=shop.PARTNER)
    assert "The API key test" in _told(lambda: program_publish(program=program, actor=ann, expected_revision=2))
