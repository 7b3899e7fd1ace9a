"""A program's draft: rows for the admin, a document for everything else. Each way loses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from loyalty.definition.document import Document
from loyalty.definition.lists import codes_twice, document_lists
from loyalty.definition.problems import DefinitionError, Problem, problems_told
from loyalty.definition.read import document_decode, document_plain, document_shape, document_upgrade
from loyalty.draftrows import lists_plain, lists_write
from loyalty.editors import draft_changed
from loyalty.errors import ProgramInvalid
from loyalty.models import Program


def draft_plain(program: Program) -> dict[str, Any]:
    """The draft as plain values of a document of the newest schema, checked or not."""
    plain = {**program.settings, **lists_plain(program)}
    if program.sections:
        plain["sections"] = program.sections
    try:
        return document_upgrade(plain)
    except DefinitionError as error:
        raise program_invalid(error) from error


def draft_document(program: Program) -> Document:
    """The draft, typed. ProgramInvalid when a piece isn't in shape; it needn't be publishable yet."""
    try:
        return document_shape(draft_plain(program))
    except DefinitionError as error:
        raise program_invalid(error) from error


def draft_checked(program: Program) -> Document:
    """The draft as it would be published. ProgramInvalid with every problem's place and mend."""
    try:
        return document_decode(draft_plain(program))
    except DefinitionError as error:
        raise program_invalid(error) from error


def problems_read(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Each in the language of whoever reads it now, with the names that the document has there."""
    return problems_told(problems, _, (get_language() or "en")[:2])


def program_invalid(error: DefinitionError) -> ProgramInvalid:
    """A definition's problems as a refusal: the first in words, all of them as a member."""
    told = problems_read(error.problems)
    return ProgramInvalid(
        f"{told[0]['problem']} {told[0]['mend']}",
        field=told[0]["path"],
        problems=told,
    )


def draft_replace(*, program: Program, document: Document, expected_revision: int, actor: Actor) -> Program:
    """Put a document in the place of the draft. DraftChanged when someone changed the draft since it was read."""
    plain = document_plain(document)
    with transaction.atomic():
        row = draft_claim(program=program, expected_revision=expected_revision, actor=actor)
        draft_write(row, plain)
        audit_record(
            actor=actor.name,
            action="program.draft_replace",
            object_type="program",
            object_id=row.pk,
            changes={"revision": row.draft_revision},
        )
    return row


def draft_write(row: Program, plain: dict[str, Any]) -> None:
    """The draft's rows anew from the document's plain values, under the program's lock. ProgramInvalid when two pieces
    of a list have the same code: there would be no telling which of them is meant."""
    twice = list(codes_twice(plain))
    if twice:
        raise program_invalid(DefinitionError(twice))
    row.settings = {key: value for key, value in plain.items() if key not in document_lists() and key != "sections"}
    row.sections = plain.get("sections", {})
    row.save(update_fields=["settings", "sections"])
    lists_write(row, plain)


def draft_claim(*, program: Program, expected_revision: int, actor: Actor) -> Program:
    """Lock the program and raise its draft's revision, in the caller's transaction. DraftChanged when it has moved."""
    row = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    revision_expect(row, expected_revision)
    _revision_raise(row, actor)
    return row


def revision_expect(row: Program, expected: int) -> None:
    """DraftChanged, which says who was quicker, when the draft of the locked row isn't of that revision."""
    if row.draft_revision != expected:
        raise draft_changed(row.draft_changed_by, row.draft_changed_at, expected=expected, found=row.draft_revision)


def section_put(*, program: Program, name: str, plain: dict[str, Any], actor: Actor | None = None) -> Program:
    """A room's section of the draft, written by that room while it holds the program's lock; raises the revision."""
    row = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    row.sections = {**row.sections, name: plain}
    row.save(update_fields=["sections"])
    _revision_raise(row, actor)
    return row


def _revision_raise(row: Program, actor: Actor | None) -> None:
    row.draft_revision += 1
    row.draft_changed_by, row.draft_changed_at = actor.name[:120] if actor is not None else "", clock.now()
    row.save(update_fields=["draft_revision", "draft_changed_by", "draft_changed_at"])
