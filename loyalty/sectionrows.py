"""One piece of a section of the draft at a time, such as one product panel: for sections that are one list of pieces.

Two people who change different pieces don't get in each other's way; problems of other pieces stand in the way of
publishing alone.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from django.db import transaction
from msgspec import Struct

from core.actor import Actor
from core.audit import audit_record
from core.errors import NotFound
from loyalty.definition.checks import document_problems
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_shape
from loyalty.definition.sections import sections_known
from loyalty.definition.shape import shape_problem
from loyalty.drafts import draft_claim, draft_plain, program_invalid
from loyalty.editors import section_changed
from loyalty.models import Program
from loyalty.pieces import seen_of
from loyalty.sectionpieces import section_plain

Plain = dict[str, Any]


class PieceList(NamedTuple):
    """field: the section's only list of pieces with codes; item: what these are."""

    field: str
    item: type[Struct]


def piece_list(name: str) -> PieceList | None:
    """None for a section that has no list of pieces with codes, or several."""
    shape = sections_known().get(name)
    found = []
    for field, hint in get_type_hints(shape).items() if shape is not None else ():
        item = next(iter(get_args(hint)), None) if get_origin(hint) is tuple else None
        if isinstance(item, type) and issubclass(item, Struct) and "code" in item.__struct_fields__:
            found.append(PieceList(field, item))
    return found[0] if len(found) == 1 else None


def section_pieces(program: Program, name: str) -> list[Plain]:
    """The section's pieces as they stand in the draft."""
    kind = piece_list(name)
    found = section_plain(program, name).get(kind.field, []) if kind is not None else []
    return [each for each in found if isinstance(each, dict) and each.get("code")]


def section_piece(program: Program, name: str, code: str) -> Plain | None:
    return next((each for each in section_pieces(program, name) if each["code"] == code), None)


def section_piece_save(
    *, program: Program, name: str, plain: Plain | None, before: str | None, seen: str, actor: Actor
) -> None:
    """Write one piece into the draft. before: code of the piece that it replaces, None for a new one; plain: None takes
    it out. seen: seen_of() what the writer started from.

    NotFound, DraftChanged, ProgramInvalid with paths from within the piece.
    """
    kind = piece_list(name)
    if kind is None:
        raise NotFound()
    with transaction.atomic():
        current = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
        locked = draft_claim(program=current, expected_revision=current.draft_revision, actor=actor)
        was = section_piece(locked, name, before) if before is not None else None
        if before is not None and was is None:
            raise NotFound()
        if seen_of(was) != seen:
            raise section_changed(locked, name)
        section = deepcopy(section_plain(locked, name))
        rows: list[Any] = list(section.get(kind.field, []))
        index = rows.index(was) if was is not None else len(rows)
        rows[index : index + 1] = [] if plain is None else [plain]
        section[kind.field] = rows
        if plain is not None:
            _checked(locked, name, section, plain, f"sections.{name}.{kind.field}[{index}]")
        locked.sections = {**locked.sections, name: section}
        locked.save(update_fields=["sections"])
        audit_record(
            actor=actor.name, action="draft.section", object_type="program", object_id=locked.pk,
            changes={"section": name, "piece": before or (plain or {}).get("code"), "before": was, "after": plain},
        )  # fmt: skip


def _checked(program: Program, name: str, section: Plain, plain: Plain, path: str) -> None:
    kind = piece_list(name)
    assert kind is not None
    try:
        msgspec.convert(plain, kind.item)
    except msgspec.ValidationError as error:
        raise program_invalid(DefinitionError([shape_problem(error, kind.item, plain)])) from error
    whole = draft_plain(program)
    whole["sections"] = {**whole.get("sections", {}), name: section}
    try:
        document = document_shape(whole)
    except DefinitionError:
        return  # another piece is out of shape; publishing says so
    mine = [
        Problem(each.path[len(path) :].lstrip("."), each.problem, each.mend)
        for each in document_problems(document)
        if each.path == path or each.path.startswith((f"{path}.", f"{path}["))
    ]
    if mine:
        raise program_invalid(DefinitionError(mine))
