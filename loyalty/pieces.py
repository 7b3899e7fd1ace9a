"""Changing one piece of a program's draft: a currency, a ladder with its tiers, a rule, an element of any further list
of the document, or the program's settings.

A piece is refused when it isn't in shape or says what can't hold; problems elsewhere in the draft (a rule that still
names a currency that is gone) don't stand in its way, they stand in the way of publishing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
from django.db import models, transaction

from core.actor import Actor
from core.audit import audit_record
from core.errors import NotFound
from loyalty.definition.checks import document_problems
from loyalty.definition.document import SCHEMA, Document
from loyalty.definition.lists import document_lists, piece_key, settings_plain, settings_struct
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_shape
from loyalty.draftrows import Row, row_fill, row_new, rows_of, tiers_write
from loyalty.drafts import draft_claim, draft_plain, draft_write, program_invalid
from loyalty.editors import piece_changed, settings_changed
from loyalty.models import Ladder, Program


def seen_of(plain: Any) -> str:
    """A short hash of a piece as somebody saw it: what tells that it was changed since. "" for a new one."""
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()[:24] if plain is not None else ""


def piece_plain(program: Program, kind: str, code: str) -> dict[str, Any] | None:
    """The piece as plain values of the document; None when there is none of that code."""
    found: list[dict[str, Any]] = draft_plain(program).get(kind, [])
    return next((each for each in found if piece_key(kind, each) == code), None)


def piece_check(*, program: Program, kind: str, plain: dict[str, Any], before: str | None) -> Document | None:
    """The draft with this piece in it, typed; None when another piece is out of shape. ProgramInvalid for this one.

    before: the code of the piece that it replaces, None for a new one. Paths of problems start within the piece.
    """
    whole = draft_plain(program)
    rows: list[dict[str, Any]] = list(whole.get(kind, []))
    known = [piece_key(kind, each) for each in rows]
    index = known.index(before) if before is not None and before in known else len(rows)
    rows[index : index + 1] = [plain]
    whole[kind] = rows
    return _checked(whole, f"{kind}[{index}]")


def settings_check(*, program: Program, plain: dict[str, Any]) -> Document | None:
    """The same for what stands in no list: `program`, the stacking groups and what else is said once."""
    whole = {
        key: value for key, value in draft_plain(program).items() if key not in settings_struct().__struct_fields__
    }
    try:
        document = document_shape({**whole, **plain})
    except DefinitionError as error:
        mine = _of_settings(error.problems)
        if mine:
            raise program_invalid(DefinitionError(mine)) from error
        return None
    mine = _of_settings(document_problems(document))
    if mine:
        raise program_invalid(DefinitionError(mine))
    return document


def _of_settings(problems: list[Problem]) -> list[Problem]:
    names = settings_struct().__struct_fields__
    return [each for each in problems if re.split(r"[.\[]", each.path, maxsplit=1)[0] in names and not each.by_another]


def _checked(whole: dict[str, Any], path: str) -> Document | None:
    try:
        document = document_shape(whole)
    except DefinitionError as error:
        mine = _within(error.problems, path)
        if mine:
            raise program_invalid(DefinitionError(mine)) from error
        return None
    mine = _within(document_problems(document), path)
    if mine:
        raise program_invalid(DefinitionError(mine))
    return document


def _within(problems: list[Problem], path: str) -> list[Problem]:
    """The problems at or below the path that the piece can mend itself, their own paths counted from there."""
    return [
        Problem(each.path[len(path) :].lstrip("."), each.problem, each.mend, other=each.other)
        for each in problems
        if (each.path == path or each.path.startswith((f"{path}.", f"{path}["))) and not each.by_another
    ]


def piece_save(
    *, program: Program, kind: str, plain: dict[str, Any], before: str | None, seen: str, actor: Actor
) -> models.Model:
    """Write one piece of the draft. before: code of the piece that it replaces, None for a new one.

    seen: seen_of() what the writer started from. ProgramInvalid, DraftChanged, NotFound.
    """
    with transaction.atomic():
        locked = _locked(program, actor)
        current = piece_plain(locked, kind, before) if before is not None else None
        if before is not None and current is None:
            raise NotFound()
        if seen_of(current) != seen:
            raise piece_changed(locked, kind, before)
        piece_check(program=locked, kind=kind, plain=plain, before=before)
        _code_free(locked, kind, plain, before)
        row: Row = rows_of(locked, kind).get(code=before) if before is not None else row_new(locked, kind)
        row_fill(row, kind, plain)
        row.save()
        if isinstance(row, Ladder):
            tiers_write(row, plain.get("tiers", []))
        audit_record(
            actor=actor.name,
            action="draft.change" if before is not None else "draft.add",
            object_type=row._meta.model_name or kind,
            object_id=row.pk,
            changes={"code": row.code, "program": locked.slug, **_difference(current or {}, plain)},
        )
    return row


def _code_free(program: Program, kind: str, plain: dict[str, Any], before: str | None) -> None:
    """Refuse a code that another piece of the list has, whether or not the checks of the document know of the list."""
    code = piece_key(kind, plain)
    if code != before and rows_of(program, kind).filter(code=code).exists():
        key = document_lists()[kind].key
        raise program_invalid(
            DefinitionError(
                [
                    Problem(
                        key,
                        phrase("Another one of %(kind)s is called %(code)r.", kind=kind, code=code),
                        phrase("Give it another name."),
                    )
                ]
            )
        )


def piece_remove(*, program: Program, kind: str, code: str, actor: Actor) -> None:
    """Take a piece out of the draft. What still names it is told when the draft is reviewed. NotFound."""
    with transaction.atomic():
        locked = _locked(program, actor)
        row = rows_of(locked, kind).filter(code=code).first()
        if row is None:
            raise NotFound()
        audit_record(
            actor=actor.name,
            action="draft.remove",
            object_type=row._meta.model_name or kind,
            object_id=row.pk,
            changes={"code": code, "program": locked.slug},
        )
        row.delete()


def settings_save(*, program: Program, plain: dict[str, Any], seen: str, actor: Actor) -> Program:
    """Write what stands in no list into the draft. seen: seen_of(settings_plain()). ProgramInvalid, DraftChanged."""
    with transaction.atomic():
        locked = _locked(program, actor)
        current = settings_plain(draft_plain(locked))
        if seen_of(current) != seen:
            raise settings_changed(locked)
        settings_check(program=locked, plain=plain)
        apart = settings_struct().__struct_fields__
        locked.settings = {key: value for key, value in locked.settings.items() if key not in apart} | plain
        locked.save(update_fields=["settings"])
        audit_record(
            actor=actor.name,
            action="draft.settings",
            object_type="program",
            object_id=locked.pk,
            changes=_difference(current, plain),
        )
    return locked


def _locked(program: Program, actor: Actor) -> Program:
    """The program under its lock, its draft's revision raised by one."""
    current = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    claimed = draft_claim(program=current, expected_revision=current.draft_revision, actor=actor)
    if claimed.settings.get("schema", SCHEMA) != SCHEMA:
        # One piece in the newest schema among others of an older one would be upgraded twice.
        draft_write(claimed, draft_plain(claimed))
    return claimed


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """key → [before, after] of what changed at the top of a piece."""
    return {
        key: [before.get(key), after.get(key)] for key in sorted({*before, *after}) if before.get(key) != after.get(key)
    }
