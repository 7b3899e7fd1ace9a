"""What the team reads of an order that didn't come: words, never the code it is stored by."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils.translation import override

from rewards.suppliers.models import SupplierDifference
from rewards.suppliers.words import FAILURES, answer_words, difference_words, failure_words, problem_words

ROOM = Path(__file__).resolve().parents[2] / "rewards" / "suppliers"
STICKING = {"_stick": 1, "_wrong_code": 1, "Retryable": 0, "Terminal": 0, "Unknown": 0}


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
        # Neither the status and the supplier's code nor the name of what broke is for reading.
        ("out_of_stock: 409 out_of_stock Back in May", "The supplier has none left of this product. “Back in May”"),
        ("busy: 429 too_many_requests", "The supplier has too much to do just now."),
        ("server_error: 503", "Something went wrong at the supplier."),
        ("unreachable: RemoteDisconnected", "The supplier can’t be reached."),
    ],
)
def test_the_last_answer_keeps_the_suppliers_own_words_behind_ours(noted: str, shown: str) -> None:
    assert answer_words(noted) == shown


@pytest.mark.parametrize(
    ("noted", "english", "dutch"),
    [
        ("", "", ""),
        ("no_answer: RemoteDisconnected", "The supplier gave no answer.", "De leverancier gaf geen antwoord."),
        ("key_refused: 401  Old key", "The supplier doesn’t accept the key. “Old key”", None),
        (
            "The catalogue is empty; what is offered was left as it is.",
            "The catalogue is empty; what is offered was left as it is.",
            "De catalogus is leeg; wat wordt aangeboden is gelaten zoals het is.",
        ),
    ],
)
def test_a_question_that_is_not_about_an_order_is_told_without_one(noted: str, english: str, dutch: str | None) -> None:
    assert problem_words(noted) == english
    with override("nl"):
        assert dutch is None or problem_words(noted) == dutch


@pytest.mark.parametrize(
    ("kind", "ours", "theirs", "shown"),
    [
        ("missing_there", "ordered", "", ("besteld", "")),
        ("failed_there", "ordered", "out_of_stock",
         ("besteld", "De leverancier heeft dit product niet meer op voorraad.")),
        ("failed_there", "ordered", "recalled", ("besteld", "recalled")),
        ("overdue", "ordered", "pending", ("besteld", "besteld")),
        ("delivered_there", "ordered", "so-1", ("besteld", "so-1")),
        ("doubled", "", "so-1 delivered 2400, so-2 pending 2400",
         ("", "so-1, bezorgd, € 24,00; so-2, besteld, € 24,00")),
        ("other_amount", "book-eur 25.00 EUR (2400)", "book-jpy 1500 JPY (900)",
         ("book-eur, € 25,00, in rekening gebracht € 24,00", "book-jpy, JPY 1.500, in rekening gebracht € 9,00")),
        ("unknown_here", "", "as it was cut of", ("", "as it was cut of")),
    ],
)  # fmt: skip
def test_both_sides_of_a_difference_are_told_in_words(
    kind: str, ours: str, theirs: str, shown: tuple[str, str]
) -> None:
    with override("nl"):
        told = difference_words(SupplierDifference(kind=kind, ours=ours, theirs=theirs), "EUR")
    assert tuple(each.replace("\u00a0", " ") for each in told) == shown


def test_a_code_that_only_the_supplier_knows_is_not_shown() -> None:
    assert failure_words("e_4711") == "The supplier doesn’t accept the order."
    assert failure_words("") == ""
