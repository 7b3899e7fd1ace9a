"""Changing one piece of a program's draft: a currency, a ladder with its tiers, a rule, or the program's settings.

A piece is refused when it isn't in shape or says what can't hold; problems elsewhere in the draft (a rule that still
names a currency that is gone) don't stand in its way, they stand in the way of publishing.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from django.db import models, transaction

from core.actor import Actor
from core.audit import audit_record
from core.errors import NotFound
from loyalty.definition.checks import document_problems
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_shape
from loyalty.drafts import draft_claim, draft_plain, program_invalid
from loyalty.errors import DraftChanged
from loyalty.models import EarningRule, Ladder, PointCurrency, Program, Tier

# Name of the document's list → the model of its rows.
KINDS: dict[str, type[PointCurrency | Ladder | EarningRule]] = {
    "currencies": PointCurrency,
    "ladders": Ladder,
    "rules": EarningRule,
}


def seen_of(plain: Any) -> str:
    """A short hash of a piece as somebody saw it: what tells that it was changed since. "" for a new one."""
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()[:24] if plain is not None else ""


def piece_plain(program: Program, kind: str, code: str) -> dict[str, Any] | None:
    """The piece as plain values of the document; None when there is none of that code."""
    found: list[dict[str, Any]] = draft_plain(program).get(kind, [])
    return next((each for each in found if each.get("code") == code), None)


def piece_check(*, program: Program, kind: str, plain: dict[str, Any], before: str | None) -> Document | None:
    """The draft with this piece in it, typed; None when another piece is out of shape. ProgramInvalid for this one.

    before: the code of the piece that it replaces, None for a new one. Paths of problems start within the piece.
    """
    whole = draft_plain(program)
    rows: list[dict[str, Any]] = list(whole.get(kind, []))
    index = next((at for at, each in enumerate(rows) if before is not None and each.get("code") == before), len(rows))
    rows[index : index + 1] = [plain]
    whole[kind] = rows
    return _checked(whole, f"{kind}[{index}]")


def settings_check(*, program: Program, plain: dict[str, Any]) -> Document | None:
    """The same for the program's own settings."""
    return _checked({**draft_plain(program), "program": plain}, "program")


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
    """The problems at or below the path, their own paths counted from there."""
    return [
        Problem(each.path[len(path) :].lstrip("."), each.problem, each.mend)
        for each in problems
        if each.path == path or each.path.startswith((f"{path}.", f"{path}["))
    ]


def piece_save(
    *, program: Program, kind: str, plain: dict[str, Any], before: str | None, seen: str, actor: Actor
) -> models.Model:
    """Write one piece of the draft. before: code of the piece that it replaces, None for a new one.

    seen: seen_of() what the writer started from. ProgramInvalid, DraftChanged, NotFound.
    """
    model = KINDS[kind]
    with transaction.atomic():
        locked = _locked(program)
        current = piece_plain(locked, kind, before) if before is not None else None
        if before is not None and current is None:
            raise NotFound()
        if seen_of(current) != seen:
            raise DraftChanged()
        piece_check(program=locked, kind=kind, plain=plain, before=before)
        row = model.objects.get(program=locked, code=before) if before is not None else _new_row(model, locked)
        _fill(row, plain)
        row.save()
        if isinstance(row, Ladder):
            _tiers_write(row, plain.get("tiers", []))
        audit_record(
            actor=actor.name,
            action="draft.change" if before is not None else "draft.add",
            object_type=model._meta.model_name or kind,
            object_id=row.pk,
            changes={"code": row.code, "program": locked.slug, **_difference(current or {}, plain)},
        )
    return row


def piece_remove(*, program: Program, kind: str, code: str, actor: Actor) -> None:
    """Take a piece out of the draft. What still names it is told when the draft is reviewed. NotFound."""
    model = KINDS[kind]
    with transaction.atomic():
        locked = _locked(program)
        row = model.objects.filter(program=locked, code=code).first()
        if row is None:
            raise NotFound()
        audit_record(
            actor=actor.name,
            action="draft.remove",
            object_type=model._meta.model_name or kind,
            object_id=row.pk,
            changes={"code": code, "program": locked.slug},
        )
        row.delete()


def settings_save(*, program: Program, plain: dict[str, Any], seen: str, actor: Actor) -> Program:
    """Write the program's own settings into the draft. ProgramInvalid, DraftChanged."""
    with transaction.atomic():
        locked = _locked(program)
        current = dict(locked.settings.get("program", {}))
        if seen_of(current) != seen:
            raise DraftChanged()
        settings_check(program=locked, plain=plain)
        locked.settings = {**locked.settings, "program": plain}
        locked.save(update_fields=["settings"])
        audit_record(
            actor=actor.name,
            action="draft.settings",
            object_type="program",
            object_id=locked.pk,
            changes=_difference(current, plain),
        )
    return locked


def _locked(program: Program) -> Program:
    """The program under its lock, its draft's revision raised by one."""
    current = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    return draft_claim(program=current, expected_revision=current.draft_revision)


def _new_row(model: type[Any], program: Program) -> Any:
    last = model.objects.filter(program=program).aggregate(last=models.Max("position"))["last"]
    return model(program=program, position=0 if last is None else last + 1)


def _fill(row: Any, plain: dict[str, Any]) -> None:
    """Columns and body of a row from the piece; loyalty.drafts puts them together again."""
    apart = {"code"}
    if isinstance(row, EarningRule):
        apart |= {"trigger", "enabled"}
        row.trigger, row.enabled = plain["trigger"], plain.get("enabled", True)
    if isinstance(row, Ladder):
        apart.add("tiers")
    row.code = plain["code"]
    row.body = {key: value for key, value in plain.items() if key not in apart}


def _tiers_write(ladder: Ladder, tiers: list[dict[str, Any]]) -> None:
    Tier.objects.filter(ladder=ladder).delete()
    Tier.objects.bulk_create(
        [
            Tier(ladder=ladder, code=each["code"], position=rank, body={k: v for k, v in each.items() if k != "code"})
            for rank, each in enumerate(tiers)
        ]
    )


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """key → [before, after] of what changed at the top of a piece."""
    return {
        key: [before.get(key), after.get(key)] for key in sorted({*before, *after}) if before.get(key) != after.get(key)
    }
