"""Claim types and the rules of check-ins in the document: checked, compiled, kept, and told when they change."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.compile import compile_program
from loyalty.definition.difference import document_difference
from loyalty.definition.read import document_decode, document_plain
from tests.claims.cast import FOLLOWED, GEAR, RECEIPT
from tests.loyalty.definition.mistakes import broken
from tests.loyalty.rules.sample import plain, rule

CHOICE = GEAR["fields"][1]


def document(**parts: Any) -> Any:
    return document_decode(plain([rule("a")], **{"claim_types": [FOLLOWED, GEAR, RECEIPT], **parts}))


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("claim_types", 0, "event_type"), "order.paid", "claim_types[0].event_type"),
        (("claim_types", 0, "event_type"), "store.checked_in", "claim_types[0].event_type"),
        (("claim_types", 0, "proofs"), [], "claim_types[0].proofs"),
        (("claim_types", 0, "proofs"), [{"kind": "link"}, {"kind": "link"}], "claim_types[0].proofs"),
        (("claim_types", 0, "proofs"), [{"kind": "oath"}], "claim_types[0].proofs[0].kind"),
        (("claim_types", 0, "reasons"), [""], "claim_types[0].reasons[0]"),
        (("claim_types", 0, "period"), "fortnight", "claim_types[0].period"),
        (("claim_types", 0, "open_at_most"), 0, "claim_types[0].open_at_most"),
        (("claim_types", 1, "code"), "instagram", "claim_types[1].code"),
        (("claim_types", 1, "fields", 0, "code"), "claim", "claim_types[1].fields[0].code"),
        (("claim_types", 1, "fields", 0, "most"), 0, "claim_types[1].fields[0].most"),
        (("claim_types", 1, "fields", 1, "choices"), [], "claim_types[1].fields[1].choices"),
        (("claim_types", 1, "fields", 0, "choices"), CHOICE["choices"], "claim_types[1].fields[0].choices"),
        (("claim_types", 1, "fields", 1), GEAR["fields"][0], "claim_types[1].fields[1].code"),
        (("claim_types", 2, "unique_by"), ["number", "shoe_size"], "claim_types[2].unique_by[1]"),
        (("check_ins",), {"max_speed_kmh": 0}, "check_ins.max_speed_kmh"),
        (("check_ins",), {"too_fast": "shoot"}, "check_ins.too_fast"),
    ],
)
def test_a_mistake_is_named_with_its_place(path: tuple[Any, ...], value: Any, where: str) -> None:
    found = broken(*path, value=value, claim_types=[FOLLOWED, GEAR, RECEIPT])
    assert where in [each.path for each in found], found


def test_a_period_without_a_number_says_nothing() -> None:
    found = broken("claim_types", 0, value={**RECEIPT, "code": "r", "period": "week"}, claim_types=[FOLLOWED])
    assert [each.path for each in found] == ["claim_types[0].period"]


def test_the_program_knows_the_events_that_approvals_become() -> None:
    compiled = compile_program(document())
    assert compiled.claim_events == {"social.followed", "gear.taken_back", "receipt.submitted"}


def test_it_is_written_and_read_without_loss() -> None:
    made = document(check_ins={"again_after_hours": 24})
    assert document_decode(document_plain(made)) == made
    assert document_plain(document())["claim_types"][0]["code"] == "instagram"
    assert "check_ins" not in document_plain(document())


def test_changes_are_told_in_words() -> None:
    before = document()
    fields = [{**GEAR["fields"][0], "most": 9}, CHOICE, {"code": "brand", "name": "Brand"}]
    after = document(
        claim_types=[{**FOLLOWED, "proofs": [{"kind": "photo", "needed": False}]}, {**GEAR, "fields": fields}],
        check_ins={"max_speed_kmh": 300},
    )
    told = {each.path: each.sentence for each in document_difference(before, after)}
    assert told["claim_types.instagram.proofs"].endswith("from a link to a photo if there is one.")
    assert told["claim_types.gear.fields.items.most"].endswith("from 50 to 9.")
    assert "Brand" in told["claim_types.gear.fields.brand"]
    assert "Receipt" in told["claim_types.receipt"]
    assert told["check_ins.max_speed_kmh"].endswith("from 150 to 300.")
    assert document_difference(before, before) == []
