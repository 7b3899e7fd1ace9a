"""What the team reads of an order that didn't come: words, never the code it is stored by."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rewards.suppliers.words import FAILURES, answer_words, failure_words

ROOM = Path(__file__).resolve().parents[2] / "rewards" / "suppliers"
STICKING = {"_stick": 1, "_wrong_code": 1, "Retryable": 0, "Terminal": 0}


def codes_in_use() -> set[str]:
    """Every code that the room's own modules write down."""
    found = set()
    for module in ROOM.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            given = call.args[STICKING[name] : STICKING[name] + 1] if name in STICKING else []
            given += [each.value for each in call.keywords if each.arg == "failure"]
            found |= {each.value for each in given if isinstance(each, ast.Constant) and each.value}
    return {each for each in found if isinstance(each, str)}


def test_every_code_that_the_room_writes_down_has_words() -> None:
    used = codes_in_use()
    assert {"no_answer", "other_amount", "by_hand", "unreachable"} <= used
    assert used <= set(FAILURES)


@pytest.mark.parametrize(
    ("noted", "shown"),
    [
        ("", ""),
        ("unreachable: timed out", "The supplier can’t be reached. “timed out”"),
        ("busy: busy", "The supplier has too much to do just now."),
        ("no_funds", "The balance at the supplier is too low. Add money there."),
        ("Card printer: broken", "Card printer: broken"),
    ],
)
def test_the_last_answer_keeps_the_suppliers_own_words_behind_ours(noted: str, shown: str) -> None:
    assert answer_words(noted) == shown


def test_a_code_that_only_the_supplier_knows_is_not_shown() -> None:
    assert failure_words("e_4711") == "The supplier doesn’t accept the order."
    assert failure_words("") == ""
