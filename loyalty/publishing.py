"""Making a draft the version that members earn by: checked whole, numbered, never changed again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty.definition.difference import Change, document_difference
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode, document_hash, document_plain, document_shape
from loyalty.definition.translation import text_in
from loyalty.drafts import draft_document, draft_plain, draft_replace, program_invalid
from loyalty.errors import DraftChanged
from loyalty.models import Program, ProgramVersion
from loyalty.publishchecks import rooms_problems
from loyalty.tierpreview import Mode, preview_problems, recalculation_note


def program_create(*, slug: str, document: Document | Mapping[str, object] | str, actor: Actor) -> Program:
    """A new program with the document as its draft and as its published version 1. ProgramInvalid."""
    checked = document if isinstance(document, Document) else _checked(document)
    with transaction.atomic():
        program = Program.objects.create(
            slug=slug, name=text_in(checked.program.name, "en")[:120], created_at=clock.now()
        )
        program = draft_replace(program=program, document=checked, expected_revision=0, actor=actor)
        program_publish(program=program, actor=actor, expected_revision=program.draft_revision)
    return Program.objects.get(pk=program.pk)


def _checked(document: Mapping[str, object] | str) -> Document:
    try:
        return document_decode(document)
    except DefinitionError as error:
        raise program_invalid(error) from error


def newest_version(program: Program) -> ProgramVersion | None:
    """The version published last, whether in force yet or not."""
    return ProgramVersion.objects.filter(program=program).order_by("-number").first()


def draft_difference(program: Program, *, language: str = "en") -> list[Change]:
    """What publishing the draft would change against the newest version, in words; everything, for a first version."""
    newest = newest_version(program)
    draft = draft_document(program)
    before = document_shape(newest.document) if newest is not None else Document(program=draft.program, currencies=())
    return document_difference(before, draft, say=_, language=language)


def draft_problems(program: Program) -> list[dict[str, str]]:
    """What stands in the way of publishing: {path, problem, mend}; empty when nothing does."""
    try:
        _accepted(program, document_decode(draft_plain(program)))
    except DefinitionError as error:
        return [{"path": each.path, "problem": each.problem, "mend": each.mend} for each in error.problems]
    return []


def program_publish(
    *,
    program: Program,
    actor: Actor,
    note: str = "",
    in_force_from: datetime | None = None,
    expected_revision: int,
    tier_recalculation: Mode = "none",
) -> ProgramVersion:
    """Publish the draft, in force now or from a later time. The first version is in force from the beginning of time.

    tier_recalculation: what becomes of members of ladders that change, once the version is in force.

    DraftChanged when the draft moved since it was reviewed, ProgramInvalid with every problem's place and mend,
    InvalidInput when it would take effect in the past or when nothing changed.
    """
    now = clock.now()
    with transaction.atomic():
        row = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
        if row.draft_revision != expected_revision:
            raise DraftChanged(expected=expected_revision, found=row.draft_revision)
        document, newest = _checked(draft_plain(row)), newest_version(row)
        _accepted_whole(row, document)
        _publishable(document, newest, in_force_from, now)
        since = None if newest is None else (in_force_from or now)
        version = _version_make(row, document, newest, since, actor, note)
        if newest is not None:
            recalculation_note(
                program=row,
                before=document_shape(newest.document),
                document=document,
                mode=tier_recalculation,
                number=version.number,
                in_force_from=in_force_from or now,
            )
        outbox_add("program.published", {"program": row.slug, "version": version.number})
    return version


def _accepted_whole(program: Program, document: Document) -> None:
    try:
        _accepted(program, document)
    except DefinitionError as error:
        raise program_invalid(error) from error


def _version_make(
    row: Program, document: Document, newest: ProgramVersion | None, since: datetime | None, actor: Actor, note: str
) -> ProgramVersion:
    """The version's row, the program's new stamp, and the line of the audit."""
    version = ProgramVersion.objects.create(
        program=row,
        number=newest.number + 1 if newest is not None else 1,
        document=document_plain(document),
        document_hash=document_hash(document),
        in_force_from=since,
        published_at=clock.now(),
        published_by=actor.name,
        note=note[:300],
    )
    row.name = text_in(document.program.name, "en")[:120]
    # Not counted up: a brand that is dropped and made anew must not repeat the stamps that caches know.
    row.stamp = secrets.randbelow(2**31 - 2) + 1
    row.save(update_fields=["name", "stamp"])
    audit_record(
        actor=actor.name,
        action="program.publish",
        object_type="program",
        object_id=row.pk,
        changes={"version": version.number, "in_force_from": str(version.in_force_from or "")},
    )
    return version


def _accepted(program: Program, document: Document) -> None:
    problems = [*preview_problems(program, document), *rooms_problems(program, document)]
    if problems:
        raise DefinitionError(problems)


def _publishable(
    document: Document, newest: ProgramVersion | None, in_force_from: datetime | None, now: datetime
) -> None:
    if in_force_from is not None and in_force_from < now:
        raise InvalidInput(_("A version can't take effect in the past."), field="in_force_from")
    if newest is not None and document_hash(document_shape(newest.document)) == document_hash(document):
        raise InvalidInput(_("Nothing has changed since the last version."), field="draft")
