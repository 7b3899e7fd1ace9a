"""Making a draft the version that members earn by: checked whole, numbered, never changed again."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty.backfills.choosing import counters_checked
from loyalty.backfills.work import backfill_start
from loyalty.definition.difference import Change, document_difference
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode, document_hash, document_plain, document_shape
from loyalty.definition.translation import text_in
from loyalty.drafts import draft_document, draft_plain, draft_replace, problems_read, program_invalid, revision_expect
from loyalty.editors import versions_moved
from loyalty.models import Program, ProgramVersion
from loyalty.overdue import overdue_problems
from loyalty.publishchecks import rooms_follow, rooms_foretell, rooms_problems
from loyalty.published import newest_version, number_next
from loyalty.tierpreview import Mode, preview_problems, recalculation_note


def program_create(*, slug: str, document: Document | Mapping[str, object] | str, actor: Actor) -> Program:
    """A new program with the document as its draft and as its published version 1. ProgramInvalid."""
    checked = document if isinstance(document, Document) else _checked(document)
    with transaction.atomic():
        program = Program.objects.create(
            slug=slug, name=text_in(checked.program.name, "en")[:120], titles=_titles(checked), created_at=clock.now()
        )
        program = draft_replace(program=program, document=checked, expected_revision=0, actor=actor)
        program_publish(program=program, actor=actor, expected_revision=program.draft_revision)
    return Program.objects.get(pk=program.pk)


def _checked(document: Mapping[str, object] | str) -> Document:
    try:
        return document_decode(document)
    except DefinitionError as error:
        raise program_invalid(error) from error


def draft_difference(program: Program, *, language: str = "en") -> list[Change]:
    """What publishing the draft would change against the newest version, in words; everything, for a first version."""
    return _difference(program, draft_document(program), language)


def again_difference(version: ProgramVersion, *, language: str = "en") -> list[Change]:
    """What publishing an older version again would change against the newest, in words."""
    return _difference(version.program, document_shape(version.document), language)


def _difference(program: Program, document: Document, language: str) -> list[Change]:
    newest = newest_version(program)
    nothing = Document(program=document.program, currencies=())
    before = document_shape(newest.document) if newest is not None else nothing
    return document_difference(before, document, say=_, language=language)


def draft_problems(program: Program) -> list[dict[str, str]]:
    """What stands in the way of publishing: {path, problem, mend}; empty when nothing does."""
    return _problems(program, draft_plain(program))


def again_problems(version: ProgramVersion) -> list[dict[str, str]]:
    """The same for publishing an older version again: the rooms and the members have moved on since."""
    return _problems(version.program, version.document)


def draft_foretold(program: Program) -> list[str]:
    """What publishing the draft means to members, a sentence each; nothing while it isn't in shape."""
    return _foretold(program, draft_plain(program))


def again_foretold(version: ProgramVersion) -> list[str]:
    """The same for an older version."""
    return _foretold(version.program, version.document)


def _foretold(program: Program, plain: dict[str, object]) -> list[str]:
    try:
        document = document_shape(plain)
    except DefinitionError:
        return []
    return rooms_foretell(program, document)


def _problems(program: Program, plain: dict[str, object]) -> list[dict[str, str]]:
    try:
        _accepted(program, document_decode(plain))
    except DefinitionError as error:
        return problems_read(error.problems)
    return []


def program_publish(
    *,
    program: Program,
    actor: Actor,
    note: str = "",
    in_force_from: datetime | None = None,
    expected_revision: int,
    tier_recalculation: Mapping[str, Mode] | None = None,
    count_back: Collection[str] = (),
) -> ProgramVersion:
    """Publish the draft, in force now or from a later time. The first version is in force from the beginning of time.

    tier_recalculation: by ladder, what becomes of the members of one that changes, once the version is in force;
    nothing where it isn't said. count_back: counters that the version brings and that start with what stored events
    come to; the others start at zero.

    DraftChanged when the draft moved since it was reviewed, ProgramInvalid with every problem's place and mend,
    InvalidInput when it would take effect in the past or when nothing changed.
    """
    with transaction.atomic():
        row = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
        revision_expect(row, expected_revision)
        wish = _Wish(actor, note, in_force_from, tier_recalculation, count_back=tuple(count_back))
        return _published(row, _checked(draft_plain(row)), wish)


def version_republish(
    *,
    version: ProgramVersion,
    actor: Actor,
    expected_newest: int,
    expected_revision: int | None = None,
    note: str = "",
    in_force_from: datetime | None = None,
    tier_recalculation: Mapping[str, Mode] | None = None,
    count_back: Collection[str] = (),
) -> ProgramVersion:
    """Roll back: publish what an older version says as a new one. The draft stays as it is, unless its revision is
    given: then it becomes what the version says too.

    VersionsMoved when another version than expected_newest, with which it was compared, is the newest by now;
    otherwise as program_publish.
    """
    with transaction.atomic():
        row = Program.objects.select_for_update(no_key=True).get(pk=version.program_id)
        newest = newest_version(row)
        if newest is None or newest.number != expected_newest:
            raise versions_moved(row)
        document = _checked(version.document)
        if expected_revision is not None:
            row = draft_replace(program=row, document=document, expected_revision=expected_revision, actor=actor)
        wish = _Wish(actor, note, in_force_from, tier_recalculation, version.number, tuple(count_back))
        return _published(row, document, wish)


class _Wish(NamedTuple):
    """What was asked for besides the document. again: the number of the version that it is taken from."""

    actor: Actor
    note: str
    in_force_from: datetime | None
    tier_recalculation: Mapping[str, Mode] | None
    again: int | None = None
    count_back: tuple[str, ...] = ()


def _published(row: Program, document: Document, wish: _Wish) -> ProgramVersion:
    """Under the program's lock, in the caller's transaction."""
    now = clock.now()
    try:
        _accepted(row, document, wish.in_force_from)
    except DefinitionError as error:
        raise program_invalid(error) from error
    newest = newest_version(row)
    _publishable(document, newest, wish.in_force_from, now)
    counted = counters_checked(row, document, wish.count_back)
    since = wish.in_force_from or now
    version = ProgramVersion.objects.create(
        program=row,
        number=number_next(row),
        document=document_plain(document),
        document_hash=document_hash(document),
        in_force_from=None if newest is None else since,
        published_at=now,
        published_by=wish.actor.name,
        note=wish.note[:300],
    )
    backfill_start(program=row, version=version, counters=counted, actor=wish.actor)
    row.name, row.titles = text_in(document.program.name, "en")[:120], _titles(document)
    row.save(update_fields=["name", "titles"])
    stamp_renew(row)
    if newest is not None:
        recalculation_note(
            program=row,
            before=document_shape(newest.document),
            document=document,
            modes=wish.tier_recalculation or {},
            number=version.number,
            in_force_from=since,
        )
    rooms_follow(row, document, version.number, wish.in_force_from if newest is not None else None, wish.actor)
    _tell(row, version, wish)
    return version


def _titles(document: Document) -> dict[str, str]:
    name = document.program.name
    return {} if isinstance(name, str) else name


def _tell(row: Program, version: ProgramVersion, wish: _Wish) -> None:
    facts: dict[str, object] = {"version": version.number, "in_force_from": str(version.in_force_from or "")}
    if wish.again is not None:
        facts["again"] = wish.again
    if wish.count_back:
        facts["count_back"] = list(wish.count_back)
    audit_record(
        actor=wish.actor.name, action="program.publish", object_type="program", object_id=row.pk, changes=facts
    )
    outbox_add("program.published", {"program": row.slug, "version": version.number})


def stamp_renew(row: Program) -> None:
    """Tell every process that the versions it knows aren't all there are, or not all that hold."""
    # Not counted up: a brand that is dropped and made anew must not repeat the stamps that caches know.
    row.stamp = secrets.randbelow(2**31 - 2) + 1
    row.save(update_fields=["stamp"])


def _accepted(program: Program, document: Document, since: datetime | None = None) -> None:
    problems = [
        *preview_problems(program, document),
        *overdue_problems(program, document, since or clock.now()),
        *rooms_problems(program, document, since),
    ]
    if problems:
        raise DefinitionError(problems)


def _publishable(
    document: Document, newest: ProgramVersion | None, in_force_from: datetime | None, now: datetime
) -> None:
    if in_force_from is not None and in_force_from < now:
        raise InvalidInput(_("A version can't take effect in the past."), field="in_force_from")
    if newest is not None and document_hash(document_shape(newest.document)) == document_hash(document):
        raise InvalidInput(_("Nothing has changed since the last version."), field="draft")
