"""Changing a section of a program's draft: what another room says in the document, such as its benefits.

Like a piece (loyalty/pieces.py) it is refused when it isn't in shape or says what can't hold; problems elsewhere in the
draft stand in the way of publishing alone.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from core.actor import Actor
from core.audit import audit_record
from loyalty.definition.checks import document_problems
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_shape
from loyalty.definition.sections import sections_known
from loyalty.definition.shape import shape_problem
from loyalty.drafts import draft_claim, draft_plain, program_invalid
from loyalty.editors import section_changed
from loyalty.models import Program
from loyalty.pieces import seen_of


def section_plain(program: Program, name: str) -> dict[str, Any]:
    """The section as plain values; nothing when the draft has none."""
    found: dict[str, Any] = draft_plain(program).get("sections", {}).get(name, {})
    return found


def section_check(*, program: Program, name: str, plain: dict[str, Any]) -> None:
    """ProgramInvalid for what is wrong with this section in the draft; paths start within it."""
    try:
        msgspec.convert(plain, sections_known()[name])
    except msgspec.ValidationError as error:
        raise program_invalid(DefinitionError([shape_problem(error, sections_known()[name], plain)])) from error
    whole = draft_plain(program)
    whole["sections"] = {**whole.get("sections", {}), name: plain}
    try:
        document = document_shape(whole)
    except DefinitionError:
        return  # another piece is out of shape; publishing says so
    path = f"sections.{name}"
    mine = [
        Problem(each.path[len(path) :].lstrip("."), each.problem, each.mend)
        for each in document_problems(document)
        if each.path == path or each.path.startswith(f"{path}.")
    ]
    if mine:
        raise program_invalid(DefinitionError(mine))


def section_save(*, program: Program, name: str, plain: dict[str, Any], seen: str, actor: Actor) -> Program:
    """Write the section into the draft; an empty one leaves it. seen: seen_of() what the writer started from.

    ProgramInvalid, DraftChanged.
    """
    with transaction.atomic():
        current = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
        locked = draft_claim(program=current, expected_revision=current.draft_revision, actor=actor)
        before = section_plain(locked, name)
        if seen_of(before) != seen:
            raise section_changed(locked, name)
        if plain:
            section_check(program=locked, name=name, plain=plain)
        others = {key: value for key, value in locked.sections.items() if key != name}
        locked.sections = {**others, name: plain} if plain else others
        locked.save(update_fields=["sections"])
        audit_record(
            actor=actor.name,
            action="draft.section",
            object_type="program",
            object_id=locked.pk,
            changes={"section": name, "before": before, "after": plain},
        )
    return locked
