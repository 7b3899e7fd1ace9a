"""A document goes into the draft's rows and comes out the same, whatever the document's types hold."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from core import clock
from loyalty.definition.document import Document
from loyalty.definition.lists import document_lists
from loyalty.definition.read import document_plain, document_shape
from loyalty.drafts import draft_document, draft_plain, draft_replace
from loyalty.errors import DraftChanged, ProgramInvalid
from loyalty.models import DraftPart, Program
from loyalty.pieces import piece_plain, piece_remove, piece_save, seen_of
from loyalty.publishing import program_create
from loyalty.templates import template_document, template_documents
from tests.loyalty import shop
from tests.loyalty.definition.grown import documents
from tests.loyalty.rules import sample


def put(program: Program, document: Document) -> Program:
    row = Program.objects.get(pk=program.pk)
    draft_replace(program=row, document=document, expected_revision=row.draft_revision, actor=shop.STAFF)
    return Program.objects.get(pk=program.pk)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(plain=documents())
def test_any_document_survives_the_draft(plain: dict[str, Any], brand: Any) -> None:
    document = document_shape(plain)
    with transaction.atomic():
        program = put(Program.objects.create(slug="round", name="r", created_at=clock.now()), document)
        assert draft_document(program) == document
        assert document_plain(draft_document(program)) == document_plain(document)
        transaction.set_rollback(True)


@pytest.mark.parametrize("key", sorted(template_documents()))
def test_every_template_survives_the_draft(key: str, brand: Any) -> None:
    document = template_document(key)
    program = program_create(slug="tpl", document=document, actor=shop.STAFF)
    assert draft_document(program) == document


def test_a_list_without_a_table_of_its_own_stands_in_rows_too(brand: Any) -> None:
    caps = [{"code": code, "limits": [{"per": "event", "at_most": 5, "currency": "points"}]} for code in ("b", "a")]
    program = put(shop.program(slug="caps"), document_shape(sample.plain([sample.rule()], cap_groups=caps)))
    assert list(DraftPart.objects.order_by("position").values_list("kind", "code")) == [
        ("cap_groups", "b"),
        ("cap_groups", "a"),
    ]
    changed = {**caps[0], "name": "Per day"}
    piece_save(program=program, kind="cap_groups", plain=changed, before="b", seen=seen_of(caps[0]), actor=shop.STAFF)
    assert draft_plain(program)["cap_groups"] == [changed, caps[1]]
    with pytest.raises(DraftChanged):
        piece_save(program=program, kind="cap_groups", plain=changed, before="b", seen="x", actor=shop.STAFF)
    piece_remove(program=program, kind="cap_groups", code="a", actor=shop.STAFF)
    assert piece_plain(program, "cap_groups", "a") is None


def test_two_pieces_of_one_code_are_refused_with_their_places(brand: Any) -> None:
    program = shop.program(slug="twice")
    twice = document_shape(sample.plain([sample.rule("a"), sample.rule("a")]))
    with pytest.raises(ProgramInvalid) as refused:
        put(program, twice)
    assert refused.value.field == "rules[1].code"
    piece = draft_plain(program)["rules"][0]
    with pytest.raises(ProgramInvalid) as again:
        piece_save(program=program, kind="rules", plain=piece, before=None, seen="", actor=shop.STAFF)
    assert again.value.context["problems"][0]["path"] == "code"


def test_every_list_of_the_document_is_known_with_its_key() -> None:
    known = document_lists()
    assert {"currencies", "ladders", "rules", "cap_groups"} <= set(known)
    assert all(shape.key in shape.item.__struct_fields__ for shape in known.values())
