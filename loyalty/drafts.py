"""A program's draft: rows for the admin, a document for everything else. Each way loses nothing."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from core.actor import Actor
from core.audit import audit_record
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_plain, document_shape, document_upgrade
from loyalty.errors import DraftChanged, ProgramInvalid
from loyalty.models import EarningRule, Ladder, PointCurrency, Program, Tier

# What of the document stands in the program's own row; the lists stand in rows of their own.
LISTS = ("currencies", "ladders", "rules", "program", "sections")


def draft_plain(program: Program) -> dict[str, Any]:
    """The draft as plain values of a document, checked or not."""
    tiers: dict[int, list[dict[str, Any]]] = {}
    for tier in Tier.objects.filter(ladder__program=program).order_by("position", "id"):
        tiers.setdefault(tier.ladder_id, []).append({**tier.body, "code": tier.code})
    plain = dict(program.settings)
    plain["currencies"] = [{**row.body, "code": row.code} for row in program.currencies.order_by("position", "id")]
    plain["ladders"] = [
        {**row.body, "code": row.code, "tiers": tiers.get(row.pk, [])}
        for row in program.ladders.order_by("position", "id")
    ]
    plain["rules"] = [_rule_plain(row) for row in program.rules.order_by("position", "id")]
    if program.sections:
        plain["sections"] = program.sections
    return document_upgrade(plain)


def _rule_plain(row: EarningRule) -> dict[str, Any]:
    body = {**row.body, "code": row.code, "trigger": row.trigger}
    return body if row.enabled else {**body, "enabled": False}


def draft_document(program: Program) -> Document:
    """The draft, typed. ProgramInvalid when a piece isn't in shape; it needn't be publishable yet."""
    try:
        return document_shape(draft_plain(program))
    except DefinitionError as error:
        raise program_invalid(error) from error


def program_invalid(error: DefinitionError) -> ProgramInvalid:
    """A definition's problems as a refusal: the first in words, all of them as a member."""
    first = error.problems[0]
    return ProgramInvalid(
        f"{first.problem} {first.mend}",
        field=first.path,
        problems=[{"path": each.path, "problem": each.problem, "mend": each.mend} for each in error.problems],
    )


def draft_replace(*, program: Program, document: Document, expected_revision: int, actor: Actor) -> Program:
    """Put a document in the place of the draft. DraftChanged when someone changed the draft since it was read."""
    plain = document_plain(document)
    with transaction.atomic():
        row = draft_claim(program=program, expected_revision=expected_revision)
        for model in (EarningRule, Tier, Ladder, PointCurrency):
            scope = {"ladder__program": row} if model is Tier else {"program": row}
            model.objects.filter(**scope).delete()
        row.settings = {key: value for key, value in plain.items() if key not in LISTS} | {"program": plain["program"]}
        row.sections = plain.get("sections", {})
        row.save(update_fields=["settings", "sections"])
        _rows_write(row, plain)
        audit_record(
            actor=actor.name,
            action="program.draft_replace",
            object_type="program",
            object_id=row.pk,
            changes={"revision": row.draft_revision},
        )
    return row


def _rows_write(row: Program, plain: dict[str, Any]) -> None:
    """A row per piece, in the document's order."""
    PointCurrency.objects.bulk_create(
        [
            PointCurrency(program=row, code=each["code"], position=at, body=_rest(each))
            for at, each in enumerate(plain.get("currencies", []))
        ]
    )
    for at, each in enumerate(plain.get("ladders", [])):
        ladder = Ladder.objects.create(program=row, code=each["code"], position=at, body=_rest(each, "tiers"))
        Tier.objects.bulk_create(
            [
                Tier(ladder=ladder, code=tier["code"], position=rank, body=_rest(tier))
                for rank, tier in enumerate(each["tiers"])
            ]
        )
    EarningRule.objects.bulk_create(
        [
            EarningRule(
                program=row,
                code=each["code"],
                position=at,
                trigger=each["trigger"],
                enabled=each.get("enabled", True),
                body=_rest(each, "trigger", "enabled"),
            )
            for at, each in enumerate(plain.get("rules", []))
        ]
    )


def draft_claim(*, program: Program, expected_revision: int) -> Program:
    """Lock the program and raise its draft's revision, in the caller's transaction. DraftChanged when it has moved."""
    row = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    if row.draft_revision != expected_revision:
        raise DraftChanged(expected=expected_revision, found=row.draft_revision)
    row.draft_revision += 1
    row.save(update_fields=["draft_revision"])
    return row


def _rest(piece: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in piece.items() if key not in ("code", *names)}
