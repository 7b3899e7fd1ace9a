"""The arithmetic of a draw: the same for everybody, fair, and given away by any change."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from draws.drawing import ALGORITHM, FORMAT, WITH_OUTSIDE, commitment_of, drawn, entries_hash_of, faults_of

SEED = bytes(range(32))
ENTRIES = [(f"entry-{n:03d}", f"person-{n % 7}") for n in range(40)]

# Two entries made into one: the text that is hashed is the same, and other entries are drawn.
JOINED = [("entry-000 person-0\nentry-001", "person-1"), *ENTRIES[2:]]


def told(**more: Any) -> dict[str, Any]:
    base = {
        "format": FORMAT,
        "algorithm": ALGORITHM,
        "sweepstake": "summer",
        "commitment": commitment_of(SEED),
        "seed": SEED.hex(),
        "entries_hash": entries_hash_of(ENTRIES),
        "once_per_person": True,
        "winners": 3,
        "alternates": 2,
        "entries": [list(each) for each in ENTRIES],
        "drawn": drawn(SEED, ENTRIES, wanted=5, once_per_person=True),
    }
    return {**base, **more}


def test_the_order_of_the_list_changes_nothing_and_a_person_is_drawn_once() -> None:
    found = drawn(SEED, ENTRIES, wanted=5, once_per_person=True)
    assert drawn(SEED, reversed(ENTRIES), wanted=5, once_per_person=True) == found
    people = dict(ENTRIES)
    assert len({people[each] for each in found}) == 5
    assert len(drawn(SEED, ENTRIES, wanted=50, once_per_person=True)) == 7
    assert sorted(drawn(SEED, ENTRIES, wanted=50, once_per_person=False)) == [entry for entry, _person in ENTRIES]
    assert drawn(SEED, [], wanted=5, once_per_person=True) == []


def bound(value: str = "4F0A 77", **more: Any) -> dict[str, Any]:
    found = drawn(SEED, ENTRIES, wanted=5, once_per_person=True, outside=value)
    outside = {"source": {"en": "A beacon"}, "value": value}
    return told(**{"algorithm": WITH_OUTSIDE, "outside": outside, "drawn": found, **more})


def test_a_draw_that_is_bound_to_a_public_value_draws_others_with_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firsts = {drawn(SEED, ENTRIES, wanted=1, once_per_person=True, outside=f"{n}")[0] for n in range(40)}
    assert len(firsts) > 10
    assert bound(" 4F0A\t77 ")["drawn"] == bound()["drawn"], "blanks are nobody's"
    # Worked out by hand from what the module says, so that the words above it stay true.
    mark = bytes.fromhex(entries_hash_of(ENTRIES)) + hashlib.sha256(b"4F0A 77").digest()
    number = int.from_bytes(hmac.digest(SEED, mark + bytes(8), "sha256"), "big")
    assert bound()["drawn"][0] == sorted(ENTRIES)[number % 40][0]
    path = tmp_path / "draw.json"
    path.write_text(json.dumps(bound()))
    call_command("sweepstake_verify", str(path))
    said = capsys.readouterr().out
    assert "It adds up." in said
    assert "'4F0A 77'" in said
    assert "A beacon" in said


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"outside": {"source": "A beacon", "value": "4F0A 78"}}, "seed draws"),
        ({"outside": None}, "another kind"),
        ({"algorithm": ALGORITHM}, "another kind"),
    ],
)
def test_another_public_value_is_found_out(more: dict[str, Any], fault: str) -> None:
    assert any(fault in each for each in faults_of(bound(**more)))


def test_every_entry_has_the_same_chance() -> None:
    entries = [(f"e{n}", f"p{n}") for n in range(10)]
    firsts = Counter(drawn(n.to_bytes(32, "big"), entries, wanted=1, once_per_person=True)[0] for n in range(4000))
    # 400 each; a fair draw lies within 4.5 standard deviations (about 85) of it.
    assert all(315 < firsts[entry] < 485 for entry, _person in entries), firsts


def test_a_file_that_adds_up_is_verified_from_the_file_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "draw.json"
    path.write_text(json.dumps(told()))
    call_command("sweepstake_verify", str(path))
    assert "summer: 40 entries, 5 drawn. It adds up." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"seed": bytes(32).hex()}, "committed to"),
        ({"entries": [list(each) for each in ENTRIES[1:]]}, "isn't the one that was hashed"),
        ({"entries": [*([list(each) for each in ENTRIES]), list(ENTRIES[0])]}, "twice"),
        ({"drawn": ["entry-000", "entry-001", "entry-002", "entry-003", "entry-004"]}, "seed draws"),
        ({"winners": 2}, "seed draws"),
        ({"once_per_person": False}, "seed draws"),
        ({"algorithm": "dice"}, "another kind"),
        ({"entries": JOINED, "drawn": drawn(SEED, JOINED, wanted=5, once_per_person=True)}, "isn't an id"),
    ],
)
def test_whatever_is_changed_is_found(more: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert any(fault in each for each in faults_of(told(**more)))
    path = tmp_path / "draw.json"
    path.write_text(json.dumps(told(**more)))
    with pytest.raises(CommandError):
        call_command("sweepstake_verify", str(path))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seed": "zz"}'])
def test_what_is_no_file_of_a_draw_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "draw.json"
    path.write_text(text)
    with pytest.raises(CommandError):
        call_command("sweepstake_verify", str(path))
